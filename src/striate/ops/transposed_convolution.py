"""Transposed convolution of channels-last tensors: the way back from a convolution's output to its input.

Each input value lays a copy of the kernel, times itself, into the output; copies lie `strides`
steps apart and are added up where they overlap. What is cut off at the ends, or added to them,
decides the length of the output.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from striate.core.shapes import window_extent
from striate.ops.convolution import as_image, from_image


def transposed_crop(
    size: int, stride: int, padding: str, dilation: int = 1, output_padding: int | None = None
) -> tuple[int, int]:
    """How many steps are cut off before and after the full output; below 0 where steps of zero are added.

    The full output of `length` inputs has `(length - 1) * stride + extent` steps. Left to itself,
    'valid' keeps them, and fills up to the stride where that is longer than the window; 'same'
    leaves `length * stride`. With `output_padding` the output has `(length - 1) * stride +
    extent + output_padding` steps, or with 'same' `(length - 1) * stride + extent % 2 + output_padding`.

    >>> transposed_crop(3, 2, "same"), transposed_crop(2, 3, "valid")
    ((0, 1), (0, -1))
    """
    extent = window_extent(size, dilation)
    if padding == "valid":
        added = max(stride - extent, 0) if output_padding is None else output_padding
        return 0, -added
    if output_padding is None:
        kept = stride + extent - 2
    else:
        kept = extent + extent % 2 - 2 + output_padding
    before = min(kept - kept // 2, extent - 1)
    return extent - 1 - before, extent - 1 - (kept - before)


def transposed_length(
    length: int | None, size: int, stride: int, dilation: int, crop: tuple[int, int]
) -> int | None:
    """The length of an axis after a transposed convolution; None where the input's is not known."""
    if length is None:
        return None
    return (length - 1) * stride + window_extent(size, dilation) - sum(crop)


def convolve_transposed(
    inputs: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    strides: Sequence[int],
    dilation: Sequence[int],
    crops: Sequence[tuple[int, int]],
) -> torch.Tensor:
    """Lay the kernel into the output once for each input value, add up, add the bias.

    Shape:
        inputs (batch, *axes, channels) with one to three axes; kernel (channels, filters,
        *window); bias (filters,); `crops` from `transposed_crop`, one an axis; out (batch,
        *new axes, filters).
    """
    rank = inputs.ndim - 2
    lengths = inputs.shape[1:-1]
    if kernel.shape[1] == 1 and any(
        length == 1 < step for length, step in zip(lengths, strides, strict=True)
    ):
        # oneDNN answers a wrong gradient here (seen with torch 2.13 on x86); a second, empty filter helps.
        two = torch.cat([kernel, torch.zeros_like(kernel)], dim=1)
        biases = None if bias is None else bias.expand(2)
        outputs = convolve_transposed(inputs, two, biases, strides=strides, dilation=dilation, crops=crops)
        return outputs[..., :1]
    if inputs.shape[-1] == 1:
        # The backward pass takes the gradient of a one-channel kernel in plain memory only, and says so.
        kernel = kernel.contiguous()
    # PyTorch cuts both ends alike and can add at the far one; what it leaves too much there is cut below.
    inside = [before for before, _ in crops]
    added = [max(before - after, 0) for before, after in crops]
    if rank == 1:
        kernel, inside, added = kernel.unsqueeze(2), [0, *inside], [0, *added]
        strides, dilation = (1, *strides), (1, *dilation)
    lay = F.conv_transpose3d if rank == 3 else F.conv_transpose2d
    image = lay(
        as_image(inputs), kernel, bias, tuple(strides), tuple(inside), tuple(added), 1, tuple(dilation)
    )
    outputs = from_image(image, rank)
    for axis, (before, after) in enumerate(crops, start=1):
        if after > before:
            outputs = outputs.narrow(axis, 0, outputs.shape[axis] - (after - before))
    return outputs
