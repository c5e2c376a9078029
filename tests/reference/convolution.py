"""Convolution and padding as plain loops over channels-last NumPy arrays, with one axis or several."""

from __future__ import annotations

import numpy as np


def places_along(length, size, stride, padding, dilation=1):
    """Where a window stands along one axis: its first step in each place, the input beginning at 0.

    'valid' stays inside. 'same' has one place for each `stride` steps, and where the steps that stick
    out at both ends are an odd number, one more sticks out at the end. 'causal' ends at each step.
    """
    extent = (size - 1) * dilation + 1
    if padding == "valid":
        return list(range(0, length - extent + 1, stride))
    count = (length + stride - 1) // stride
    first = -(extent - 1)
    if padding == "same":
        sticking_out = max(0, (count - 1) * stride + extent - length)
        first = -(sticking_out // 2)
    return [first + number * stride for number in range(count)]


def convolution(inputs, kernel, bias, strides, padding, dilation, groups=1):
    """Multiply and add, one number after the other; kernel (*window, channels / groups, filters)."""
    window, filters = kernel.shape[:-2], kernel.shape[-1]
    inputs, kernel = inputs.astype(np.float64), kernel.astype(np.float64)
    places = [
        places_along(length, size, stride, padding, gap)
        for length, size, stride, gap in zip(inputs.shape[1:-1], window, strides, dilation, strict=True)
    ]
    outputs = np.zeros((inputs.shape[0], *map(len, places), filters))
    channels_each, filters_each = kernel.shape[-2], filters // groups
    for cell in np.ndindex(*map(len, places)):
        for step in np.ndindex(*window):
            found = tuple(
                axis[at] + offset * gap
                for axis, at, offset, gap in zip(places, cell, step, dilation, strict=True)
            )
            if not inside(found, inputs.shape[1:-1]):
                continue
            for number in range(filters):
                first = number // filters_each * channels_each
                values = inputs[(slice(None), *found, slice(first, first + channels_each))]
                outputs[(slice(None), *cell, number)] += values @ kernel[(*step, slice(None), number)]
    return outputs if bias is None else outputs + bias


def inside(place, lengths):
    """Whether a place lies in the input and not in its padding."""
    return all(0 <= step < length for step, length in zip(place, lengths, strict=True))
