"""Pooling of channels-last tensors, 1-D and 2-D: the largest, the mean or the sum of a window."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from striate.ops.convolution import as_image, from_image, pad, padding_of


def max_pool(
    inputs: torch.Tensor, window: Sequence[int], strides: Sequence[int], padding: str = "valid"
) -> torch.Tensor:
    """Take the largest value of each window; padding never wins, NaN does.

    Shape:
        inputs (batch, *axes, channels) with one or two axes, out (batch, *new axes, channels).
    """
    amounts = padding_of(inputs.shape[1:-1], window, strides, padding, [1] * len(window))
    if any(before or after for before, after in amounts):
        inputs = pad(inputs, amounts, value=_lowest(inputs.dtype))
    return from_image(F.max_pool2d(as_image(inputs), _as_pair(window), _as_pair(strides)), inputs.ndim - 2)


def average_pool(
    inputs: torch.Tensor, window: Sequence[int], strides: Sequence[int], padding: str = "valid"
) -> torch.Tensor:
    """Take the mean of each window; padded steps do not count, as in TensorFlow.

    Shape:
        inputs (batch, *axes, channels) with one or two axes, out (batch, *new axes, channels).
    """
    if padding == "valid":
        image = F.avg_pool2d(as_image(inputs), _as_pair(window), _as_pair(strides))
        return from_image(image, inputs.ndim - 2)
    total = sum_pool(inputs, window, strides, padding)
    ones = torch.ones((1, *inputs.shape[1:-1], 1), dtype=total.dtype, device=total.device)
    return total / sum_pool(ones, window, strides, padding)


def sum_pool(
    inputs: torch.Tensor, window: Sequence[int], strides: Sequence[int], padding: str = "valid"
) -> torch.Tensor:
    """Take the sum of each window; padding counts as zero.

    Shape:
        inputs (batch, *axes, channels) with one or two axes, out (batch, *new axes, channels).
    """
    amounts = padding_of(inputs.shape[1:-1], window, strides, padding, [1] * len(window))
    padded = as_image(pad(inputs, amounts))
    outputs = F.avg_pool2d(padded, _as_pair(window), _as_pair(strides), divisor_override=1)
    return from_image(outputs, inputs.ndim - 2)


def _as_pair(numbers: Sequence[int]) -> tuple[int, int]:
    return (1, int(numbers[0])) if len(numbers) == 1 else (int(numbers[0]), int(numbers[1]))


def _lowest(dtype: torch.dtype) -> float:
    return float("-inf") if dtype.is_floating_point else float(torch.iinfo(dtype).min)
