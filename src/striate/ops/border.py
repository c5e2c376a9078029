"""Borders of channels-last tensors: made of zeros, of reflections or of the edge, or cut off."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from striate.ops.convolution import as_image, from_image, pad


def pad_border(inputs: torch.Tensor, amounts: Sequence[tuple[int, int]], mode: str) -> torch.Tensor:
    """Add (before, after) steps to each axis.

    'constant' adds zeros, 'reflect' a mirror image without the edge, 'replicate' the edge's values.

    Shape:
        inputs (batch, *axes, channels) with one to three axes, out (batch, *(before + axis +
        after), channels).

    >>> pad_border(torch.tensor([[[1.0], [2.0], [3.0]]]), [(2, 1)], "reflect").flatten().tolist()
    [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]
    """
    if mode == "constant":
        return pad(inputs, amounts)
    flat = [steps for before, after in reversed(amounts) for steps in (before, after)]
    if len(amounts) == 1:
        flat += [0, 0]
    return from_image(F.pad(as_image(inputs), flat, mode=mode), len(amounts))


def crop(inputs: torch.Tensor, amounts: Sequence[tuple[int, int]]) -> torch.Tensor:
    """Cut (before, after) steps off each axis, without a copy.

    Shape:
        inputs (batch, *axes, channels), out (batch, *(axis - before - after), channels).
    """
    for axis, (before, after) in enumerate(amounts, start=1):
        inputs = inputs.narrow(axis, before, inputs.shape[axis] - before - after)
    return inputs
