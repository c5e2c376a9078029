"""Convolution of channels-last tensors, 1-D to 3-D.

A channels-last tensor (N, H, W, C) seen with its axes permuted is exactly PyTorch's
`channels_last` memory format, in which its fast convolutions work. So nothing is copied:
permute, convolve, permute back. 1-D runs as 2-D with a height of one, because PyTorch's own
1-D convolution hands back channels-first memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from striate.core.shapes import padding_amount, window_extent

Padding = Sequence[tuple[int, int]]


def padding_of(
    lengths: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int],
) -> list[tuple[int, int]]:
    """List the steps added before and after each axis of the window."""
    return [
        padding_amount(length, size, stride, padding, gap)
        for length, size, stride, gap in zip(lengths, window, strides, dilation, strict=True)
    ]


def pad(inputs: torch.Tensor, amounts: Padding, value: float = 0.0) -> torch.Tensor:
    """Pad the axes between batch and channels of a channels-last tensor.

    Shape:
        inputs (batch, *axes, channels), out (batch, *(before + axis + after), channels).
    """
    if not any(before or after for before, after in amounts):
        return inputs
    flat = [0, 0]
    for before, after in reversed(amounts):
        flat += [before, after]
    return F.pad(inputs, flat, value=value)


def as_image(inputs: torch.Tensor) -> torch.Tensor:
    """See a channels-last tensor as PyTorch's (batch, channels, height, width), without a copy.

    A sequence becomes an image with a height of one, a volume gets its depth after the channels.
    """
    # The plainest calls: on small tensors `movedim` takes as long as the work itself.
    if inputs.ndim == 3:
        return inputs.transpose(1, 2).unsqueeze(2)
    return inputs.permute(0, 3, 1, 2) if inputs.ndim == 4 else inputs.movedim(-1, 1)


def from_image(outputs: torch.Tensor, rank: int) -> torch.Tensor:
    """Undo `as_image`: channels last again, and for rank 1 without the height of one."""
    if rank == 1:
        return outputs.squeeze(2).transpose(1, 2)
    return outputs.permute(0, 2, 3, 1) if rank == 2 else outputs.movedim(1, -1)


def convolve(
    inputs: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int],
    groups: int = 1,
) -> torch.Tensor:
    """Slide `kernel` over `inputs`, multiply, sum, add the bias.

    Deep learning's convolution: cross-correlation, the kernel is not flipped.

    Shape:
        inputs (batch, *axes, channels) with one to three axes; kernel (filters,
        channels / groups, *window), best in channels_last memory; bias (filters,);
        out (batch, *new axes, filters).
    """
    rank = inputs.ndim - 2
    inside = [0] * rank
    if padding != "valid":
        amounts = padding_of(inputs.shape[1:-1], kernel.shape[2:], strides, padding, dilation)
        if all(before == after for before, after in amounts):
            inside = [before for before, _ in amounts]
        else:
            inputs = pad(inputs, amounts)
    if max(strides) > 1:
        inputs, strides = _without_idle_strides(inputs, kernel.shape[2:], strides, inside, dilation)
    if rank == 1:
        kernel, inside = kernel.unsqueeze(2), [0, *inside]
        strides, dilation = (1, *strides), (1, *dilation)
    slide = F.conv3d if rank == 3 else F.conv2d
    outputs = slide(as_image(inputs), kernel, bias, tuple(strides), tuple(inside), tuple(dilation), groups)
    return from_image(outputs, rank)


def _without_idle_strides(
    inputs: torch.Tensor,
    window: Sequence[int],
    strides: Sequence[int],
    inside: Sequence[int],
    dilation: Sequence[int],
) -> tuple[torch.Tensor, list[int]]:
    """Cut an axis on which the window stands only once to the window, so that its stride can be 1.

    The result is the same by definition, but not in oneDNN: for one channel, one window along the
    last axis and a stride above 1 it answers wrong numbers (seen with torch 2.13 on x86).
    """
    kept = list(strides)
    for axis, (size, stride, added, gap) in enumerate(zip(window, strides, inside, dilation, strict=True)):
        extent, length = window_extent(size, gap), inputs.shape[axis + 1]
        if stride > 1 and extent <= length + 2 * added < extent + stride:
            kept[axis] = 1
            # Where padding was added there is nothing left over to cut.
            inputs = inputs.narrow(axis + 1, 0, min(length, extent))
    return inputs, kept


def convolve_depthwise(
    inputs: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int],
) -> torch.Tensor:
    """Slide over each channel the kernels that belong to it.

    Shape:
        inputs (batch, *axes, channels) with one or two axes; kernel (multiplier, channels,
        *window); bias (channels * multiplier,); out (batch, *new axes, channels * multiplier),
        the results of one channel side by side.
    """
    multiplier, channels, *window = kernel.shape
    each = kernel.movedim(0, 1).reshape(channels * multiplier, 1, *window)
    return convolve(inputs, each, bias, strides=strides, padding=padding, dilation=dilation, groups=channels)
