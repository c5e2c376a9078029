"""Normalisation of each example by itself: over named axes, over groups of channels, by size alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional as F


def at_axes(weight: torch.Tensor, ndim: int, axes: Sequence[int]) -> torch.Tensor:
    """See a weight, which has one axis for each of `axes`, so that it meets an input of `ndim` axes."""
    shape = [1] * ndim
    for axis, size in zip(axes, weight.shape, strict=True):
        shape[axis] = size
    return weight.reshape(shape)


def layer_normalize(
    inputs: torch.Tensor,
    gamma: torch.Tensor | None,
    beta: torch.Tensor | None,
    axes: Sequence[int],
    epsilon: float,
) -> torch.Tensor:
    """Give the values along `axes` mean 0 and variance 1, then scale and shift each.

    (Ba, Kiros and Hinton, "Layer normalization", 2016, equation 3; epsilon is added to the variance.)

    Shape:
        inputs and outputs the same; gamma and beta have the sizes of `axes`, which are from 0 up in order.
    """
    last = list(range(inputs.ndim - len(axes), inputs.ndim))
    if list(axes) == last:
        return F.layer_norm(inputs, [inputs.shape[axis] for axis in axes], gamma, beta, epsilon)
    outputs = _standardize(inputs, tuple(axes), epsilon)
    if gamma is not None:
        outputs = outputs * at_axes(gamma, inputs.ndim, axes)
    return outputs if beta is None else outputs + at_axes(beta, inputs.ndim, axes)


def group_normalize(
    inputs: torch.Tensor,
    gamma: torch.Tensor | None,
    beta: torch.Tensor | None,
    groups: int,
    epsilon: float,
) -> torch.Tensor:
    """Give each group of channels of each example mean 0 and variance 1, then scale and shift each channel.

    (Wu and He, "Group normalization", 2018, equation 7; epsilon is added to the variance.)

    Shape:
        inputs and outputs (batch, ..., channels); gamma, beta (channels,); groups of
        neighbouring channels.
    """
    size = inputs.shape[-1] // groups
    grouped = inputs.reshape(inputs.shape[0], math.prod(inputs.shape[1:-1]), groups, size)
    outputs = _standardize(grouped, (1, 3), epsilon).reshape(inputs.shape)
    if gamma is not None:
        outputs = outputs * gamma
    return outputs if beta is None else outputs + beta


def _standardize(inputs: torch.Tensor, axes: tuple[int, ...], epsilon: float) -> torch.Tensor:
    # Not `var_mean`, which warns of an empty batch.
    centered = inputs - inputs.mean(dim=axes, keepdim=True)
    return centered * torch.rsqrt(centered.square().mean(dim=axes, keepdim=True) + epsilon)


def rms_normalize(
    inputs: torch.Tensor, scale: torch.Tensor | None, axes: Sequence[int], epsilon: float
) -> torch.Tensor:
    """Divide by the root of the mean square along `axes`, then scale each value.

    (Zhang and Sennrich, "Root mean square layer normalization", 2019, equation 4.)

    Shape:
        inputs and outputs the same; scale has the sizes of `axes`, which are from 0 up in order.
    """
    mean_square = inputs.square().mean(dim=tuple(axes), keepdim=True)
    outputs = inputs * torch.rsqrt(mean_square + epsilon)
    return outputs if scale is None else outputs * at_axes(scale, inputs.ndim, axes)


def unit_normalize(inputs: torch.Tensor, axes: Sequence[int], least: float = 1e-12) -> torch.Tensor:
    """Divide by the Euclidean length along `axes`, taken as at least the root of `least`.

    Shape:
        inputs and outputs the same.

    >>> unit_normalize(torch.tensor([[3.0, 4.0]]), [1])
    tensor([[0.6000, 0.8000]])
    """
    square = inputs.square().sum(dim=tuple(axes), keepdim=True)
    return inputs * torch.rsqrt(square.clamp(min=least))
