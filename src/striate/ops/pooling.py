"""Pooling of channels-last tensors, 1-D to 3-D: the largest, the mean or the sum of a window."""

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
        inputs (batch, *axes, channels) with one to three axes, out (batch, *new axes, channels).
    """
    if padding != "valid":
        amounts = padding_of(inputs.shape[1:-1], window, strides, padding, [1] * len(window))
        inputs = pad(inputs, amounts, value=_lowest(inputs.dtype))
    pool = F.max_pool3d if len(window) == 3 else F.max_pool2d
    return from_image(pool(as_image(inputs), _sizes(window), _sizes(strides)), inputs.ndim - 2)


def average_pool(
    inputs: torch.Tensor, window: Sequence[int], strides: Sequence[int], padding: str = "valid"
) -> torch.Tensor:
    """Take the mean of each window; padded steps do not count, as in TensorFlow.

    Shape:
        inputs (batch, *axes, channels) with one to three axes, out (batch, *new axes, channels).
    """
    if padding == "valid":
        pool = F.avg_pool3d if len(window) == 3 else F.avg_pool2d
        image = pool(as_image(inputs), _sizes(window), _sizes(strides))
        return from_image(image, inputs.ndim - 2)
    total = sum_pool(inputs, window, strides, padding)
    ones = torch.ones((1, *inputs.shape[1:-1], 1), dtype=total.dtype, device=total.device)
    return total / sum_pool(ones, window, strides, padding)


def sum_pool(
    inputs: torch.Tensor, window: Sequence[int], strides: Sequence[int], padding: str = "valid"
) -> torch.Tensor:
    """Take the sum of each window; padding counts as zero.

    Shape:
        inputs (batch, *axes, channels) with one to three axes, out (batch, *new axes, channels).
    """
    amounts = padding_of(inputs.shape[1:-1], window, strides, padding, [1] * len(window))
    padded = as_image(pad(inputs, amounts))
    pool = F.avg_pool3d if len(window) == 3 else F.avg_pool2d
    outputs = pool(padded, _sizes(window), _sizes(strides), divisor_override=1)
    return from_image(outputs, inputs.ndim - 2)


def adaptive_pool(inputs: torch.Tensor, lengths: Sequence[int], *, takes_largest: bool) -> torch.Tensor:
    """Cut each axis into as many windows as wanted, and take the largest value or the mean of each.

    Window `i` of `n` over an axis of length `L` goes from `floor(i * L / n)` to
    `ceil((i + 1) * L / n)`, so that neighbours overlap where `n` does not divide `L`.

    Shape:
        inputs (batch, *axes, channels) with one to three axes, out (batch, *lengths, channels).
    """
    reduce = "max" if takes_largest else "avg"
    pool = getattr(F, f"adaptive_{reduce}_pool{3 if len(lengths) == 3 else 2}d")
    return from_image(pool(as_image(inputs), _sizes(lengths)), inputs.ndim - 2)


def _sizes(numbers: Sequence[int]) -> tuple[int, ...]:
    return (1, int(numbers[0])) if len(numbers) == 1 else tuple(map(int, numbers))


def _lowest(dtype: torch.dtype) -> float:
    return float("-inf") if dtype.is_floating_point else float(torch.iinfo(dtype).min)
