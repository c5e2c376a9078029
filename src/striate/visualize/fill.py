"""What stands where a part of an input is taken away: zero, its own mean, its blur, a number, an array."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, unknown_name
from striate.core.shapes import format_shape

FILLS = ("zero", "mean", "blur")

# The blur's standard deviation, as a share of the longer side.
_BLUR = 0.1


def filled(x: torch.Tensor, fill: Any, name: str = "fill") -> torch.Tensor:
    """Make inputs in which nothing is to be seen.

    'zero' is black where 0 is, 'mean' each example's own mean of each channel, 'blur' the
    example without its details; else a number, or an array of one example or of all.

    Shape:
        x: (examples, *axes, channels), out the same.

    Raises:
        UnknownNameError: another word.
        ArgumentError: an array that does not fit.

    >>> filled(torch.tensor([[[1.0], [3.0]]]), "mean").flatten()
    tensor([2., 2.])
    """
    if isinstance(fill, str):
        if fill not in FILLS:
            raise unknown_name(name, fill, FILLS)
        if fill == "zero":
            return torch.zeros_like(x)
        return _blurred(x) if fill == "blur" else x.mean(tuple(range(1, x.ndim - 1)), True).expand_as(x)
    given = as_tensor(fill).to(x.device, x.dtype)
    try:
        return given.expand_as(x)
    except RuntimeError as error:
        raise ArgumentError(
            f"{name} is one of {', '.join(map(repr, FILLS))}, a number, or an array that fits "
            f"{format_shape(x.shape)}; got one of {format_shape(given.shape)}."
        ) from error


def _blurred(x: torch.Tensor) -> torch.Tensor:
    """Blur along each axis in turn; at the borders the last value stands for what lies beyond."""
    deviation = max(_BLUR * max(x.shape[1:-1]), 0.5)
    for axis in range(1, x.ndim - 1):
        reach = int(3 * deviation + 0.5)
        places = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
        weights = torch.exp(-((places / deviation) ** 2) / 2)
        rows = x.movedim(axis, -1)
        flat = F.pad(rows.reshape(-1, 1, rows.shape[-1]), (reach, reach), mode="replicate")
        smooth = F.conv1d(flat, (weights / weights.sum())[None, None])
        x = smooth.reshape(rows.shape).movedim(-1, axis)
    return x
