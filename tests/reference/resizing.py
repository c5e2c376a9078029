"""Resizing of channels-last images as plain loops: a weighted mean of old pixels for each new one."""

from __future__ import annotations

import math

import numpy as np


def kernel_value(distance, interpolation):
    """How much a pixel at this distance counts, before the weights are made to sum to 1."""
    x = abs(distance)
    if interpolation == "bilinear":
        return max(0.0, 1 - x)
    if interpolation == "bicubic":
        # Keys (1981), equation 4 with a = -1/2.
        if x < 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
    radius = {"lanczos3": 3, "lanczos5": 5}[interpolation]
    if x == 0:
        return 1.0
    if x >= radius:
        return 0.0
    return radius * math.sin(math.pi * x) * math.sin(math.pi * x / radius) / (math.pi * x) ** 2


def resized_axis(values, new, interpolation, antialias):
    """Resize the first axis."""
    old = len(values)
    outputs = np.zeros((new, *values.shape[1:]))
    for at in range(new):
        place = (at + 0.5) * old / new - 0.5
        if interpolation == "nearest":
            outputs[at] = values[math.floor((at + 0.5) * old / new)]
            continue
        width = max(old / new, 1) if antialias else 1
        weights = np.array([kernel_value((place - pixel) / width, interpolation) for pixel in range(old)])
        outputs[at] = np.tensordot(weights / weights.sum(), values.astype(np.float64), 1)
    return outputs


def resized(images, size, interpolation, antialias=False):
    """Resize height and width, one after the other."""
    for axis, new in ((1, size[0]), (2, size[1])):
        turned = resized_axis(np.moveaxis(images, axis, 0), new, interpolation, antialias)
        images = np.moveaxis(turned, 0, axis)
    return images
