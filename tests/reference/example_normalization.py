"""Normalisation of each example by itself, as plain loops over NumPy arrays."""

from __future__ import annotations

import numpy as np


def along(weight, ndim, axes):
    """Give a weight with one axis for each of `axes` the places of these axes."""
    shape = [1] * ndim
    for axis, size in zip(axes, weight.shape, strict=True):
        shape[axis] = size
    return weight.reshape(shape)


def layer_normalized(inputs, gamma, beta, axes, epsilon):
    """(x - mean) / sqrt(variance + epsilon) over every slice along the axes."""
    inputs = inputs.astype(np.float64)
    others = [axis for axis in range(inputs.ndim) if axis not in axes]
    outputs = np.zeros(inputs.shape)
    for place in np.ndindex(*(inputs.shape[axis] for axis in others)):
        at = [slice(None)] * inputs.ndim
        for axis, index in zip(others, place, strict=True):
            at[axis] = index
        values = inputs[tuple(at)]
        mean = values.sum() / values.size
        variance = ((values - mean) ** 2).sum() / values.size
        outputs[tuple(at)] = (values - mean) / np.sqrt(variance + epsilon)
    return outputs * along(gamma, inputs.ndim, axes) + along(beta, inputs.ndim, axes)


def group_normalized(inputs, gamma, beta, groups, epsilon):
    """The same over all places and the neighbouring channels of one group."""
    size = inputs.shape[-1] // groups
    parts = []
    for group in range(groups):
        values = inputs[..., group * size : (group + 1) * size]
        axes = list(range(1, inputs.ndim))
        ones = np.ones(values.shape[1:])
        parts.append(layer_normalized(values, ones, 0 * ones, axes, epsilon))
    return np.concatenate(parts, axis=-1) * gamma + beta


def rms_normalized(inputs, scale, axes, epsilon):
    """x / sqrt(mean of squares + epsilon) along the axes."""
    inputs = inputs.astype(np.float64)
    mean_square = (inputs**2).mean(axis=tuple(axes), keepdims=True)
    return inputs / np.sqrt(mean_square + epsilon) * along(scale, inputs.ndim, axes)
