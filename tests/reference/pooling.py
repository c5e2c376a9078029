"""Pooling as plain loops over channels-last NumPy arrays; steps outside the input do not count."""

from __future__ import annotations

import numpy as np

from tests.reference.convolution import inside, places_along

REDUCTIONS = {"max": np.max, "average": np.mean, "sum": np.sum}


def pooling(kind, inputs, window, strides, padding):
    """Gather the values of each window that lie in the input, and take their max, average or sum."""
    places = [
        places_along(length, size, stride, padding)
        for length, size, stride in zip(inputs.shape[1:-1], window, strides, strict=True)
    ]
    outputs = np.zeros((inputs.shape[0], *map(len, places), inputs.shape[-1]))
    for cell in np.ndindex(*map(len, places)):
        values = []
        for step in np.ndindex(*window):
            found = tuple(axis[at] + offset for axis, at, offset in zip(places, cell, step, strict=True))
            if inside(found, inputs.shape[1:-1]):
                values.append(inputs[(slice(None), *found)].astype(np.float64))
        outputs[(slice(None), *cell)] = REDUCTIONS[kind](values, axis=0)
    return outputs


def global_pooling(kind, inputs):
    """Take the max or the average of each map by itself."""
    outputs = np.zeros((inputs.shape[0], inputs.shape[-1]))
    for example in range(inputs.shape[0]):
        for channel in range(inputs.shape[-1]):
            outputs[example, channel] = REDUCTIONS[kind](inputs[example, ..., channel].astype(np.float64))
    return outputs
