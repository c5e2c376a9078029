"""Transposed and depthwise convolution as plain loops over channels-last NumPy arrays."""

from __future__ import annotations

import numpy as np

from tests.reference.convolution import convolution, inside, places_along


def starts_and_length(length, size, stride, padding, dilation, output_padding):
    """Where each input lays its copy of the kernel along one axis, and how long the output is.

    Without output_padding these are the places at which a convolution over the output would read:
    the transposed one goes the same way back. With it, 'same' has a length of its own, and the steps
    cut off before are those of Keras.
    """
    extent = (size - 1) * dilation + 1
    if padding == "valid":
        added = max(stride - extent, 0) if output_padding is None else output_padding
        new_length = (length - 1) * stride + extent + added
    elif output_padding is None:
        new_length = length * stride
    else:
        new_length = (length - 1) * stride + extent % 2 + output_padding
        half = -(-(extent + extent % 2 - 2 + output_padding) // 2)
        first = min(half, extent - 1) - (extent - 1)
        return [first + number * stride for number in range(length)], new_length
    return places_along(new_length, size, stride, padding, dilation), new_length


def transposed_convolution(inputs, kernel, bias, strides, padding, dilation, output_padding=None):
    """Add each input value times the kernel (*window, filters, channels) into the output."""
    window, filters = kernel.shape[:-2], kernel.shape[-2]
    rank = len(window)
    found = [
        starts_and_length(*numbers[:3], padding, *numbers[3:])
        for numbers in zip(
            inputs.shape[1:-1], window, strides, dilation, output_padding or (None,) * rank, strict=True
        )
    ]
    lengths = [length for _, length in found]
    outputs = np.zeros((inputs.shape[0], *lengths, filters))
    for cell in np.ndindex(*inputs.shape[1:-1]):
        values = inputs[(slice(None), *cell)].astype(np.float64)
        for step in np.ndindex(*window):
            place = tuple(
                starts[at] + offset * gap
                for (starts, _), at, offset, gap in zip(found, cell, step, dilation, strict=True)
            )
            if inside(place, lengths):
                outputs[(slice(None), *place)] += values @ kernel[step].astype(np.float64).T
    return outputs if bias is None else outputs + bias


def depthwise_convolution(inputs, kernel, bias, strides, padding, dilation):
    """Convolve each channel with its own kernels (*window, channels, multiplier), side by side."""
    outputs = [
        convolution(inputs[..., [channel]], kernel[..., [channel], :], None, strides, padding, dilation)
        for channel in range(inputs.shape[-1])
    ]
    joined = np.concatenate(outputs, axis=-1)
    return joined if bias is None else joined + bias
