"""Resizing of channels-last images, and the crops and borders that keep their proportions.

Pixels are squares whose centres lie at half numbers: new pixel `i` looks at the old place
`(i + 0.5) * old / new - 0.5`. PyTorch's `interpolate` agrees for 'nearest' in its exact form and for
'bilinear'; 'bicubic' is done here, with Keys's kernel of a = -0.5, as weights outside the image are
left out and the others made to sum to 1 (PyTorch takes a = -0.75 and repeats the edge).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional as F

from striate.ops.convolution import pad

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")

# How far each kernel reaches, in pixels of the larger of the two grids.
REACH = {"bilinear": 1.0, "bicubic": 2.0, "lanczos3": 3.0, "lanczos5": 5.0}


def repeat_steps(inputs: torch.Tensor, times: Sequence[int]) -> torch.Tensor:
    """Repeat each step of each axis so many times.

    Shape:
        inputs (batch, *axes, channels), out (batch, *(axes * times), channels).
    """
    for axis, count in enumerate(times, start=1):
        if count > 1:
            inputs = inputs.repeat_interleave(count, dim=axis)
    return inputs


def resize(
    inputs: torch.Tensor, size: tuple[int, int], interpolation: str = "bilinear", antialias: bool = False
) -> torch.Tensor:
    """Give images another height and width.

    With `antialias` the kernel is as wide as a new pixel where images become smaller, so that
    no old pixel is passed over; 'nearest' knows no such thing.

    Shape:
        inputs (batch, height, width, channels), out (batch, *size, channels).

    >>> resize(torch.tensor([0.0, 1.0]).reshape(1, 1, 2, 1), (1, 4)).flatten().tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    image = inputs.movedim(-1, 1)
    if interpolation == "nearest":
        return F.interpolate(image, size, mode="nearest-exact").movedim(1, -1)
    if interpolation == "bilinear" and not antialias:
        return F.interpolate(image, size, mode="bilinear", align_corners=False).movedim(1, -1)
    for axis, length in enumerate(size, start=1):
        weights = resizing_weights(inputs.shape[axis], length, interpolation, antialias).to(inputs)
        inputs = torch.tensordot(inputs, weights, dims=([axis], [1])).movedim(-1, axis)
    return inputs


def resizing_weights(old: int, new: int, interpolation: str, antialias: bool = False) -> torch.Tensor:
    """How much each old pixel counts for each new one, along one axis.

    Shape:
        out (new, old); each row sums to 1.
    """
    ratio = old / new
    width = max(ratio, 1.0) if antialias else 1.0
    centres = (torch.arange(new, dtype=torch.float64) + 0.5) * ratio - 0.5
    distances = (centres[:, None] - torch.arange(old, dtype=torch.float64)[None, :]).abs() / width
    weights = _kernel(distances, interpolation)
    return weights / weights.sum(1, keepdim=True)


def _kernel(distances: torch.Tensor, interpolation: str) -> torch.Tensor:
    reach = REACH[interpolation]
    if interpolation == "bilinear":
        values = 1 - distances
    elif interpolation == "bicubic":
        near = (1.5 * distances - 2.5) * distances**2 + 1
        far = ((-0.5 * distances + 2.5) * distances - 4) * distances + 2
        values = torch.where(distances < 1, near, far)
    else:
        values = torch.sinc(distances) * torch.sinc(distances / reach)
    return torch.where(distances < reach, values, 0.0)


def largest_fitting(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """Find the largest height and width inside an image that have the proportions of `size`.

    >>> largest_fitting(340, 500, (200, 200))
    (340, 340)
    """
    fitting_height = max(min(height, math.floor(width * size[0] / size[1])), 1)
    fitting_width = max(min(width, math.floor(height * size[1] / size[0])), 1)
    return fitting_height, fitting_width


def central_crop(inputs: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Cut the middle out of images; where a side cannot be halved, the far end loses the odd pixel more.

    Shape:
        inputs (batch, height, width, channels), out (batch, *size, channels).
    """
    top, left = (inputs.shape[1] - size[0]) // 2, (inputs.shape[2] - size[1]) // 2
    return inputs[:, top : top + size[0], left : left + size[1]]


def surrounded(inputs: torch.Tensor, size: tuple[int, int], value: float = 0.0) -> torch.Tensor:
    """Put equal borders on both sides of images, so that they have the proportions of `size`.

    As in Keras an odd pixel is left out, so proportions may be off by one pixel.

    Shape:
        inputs (batch, height, width, channels), out (batch, larger height, larger width, channels).

    >>> surrounded(torch.zeros(1, 2, 6, 1), (3, 3)).shape
    torch.Size([1, 6, 6, 1])
    """
    height, width = inputs.shape[1:3]
    top = max(math.floor(width * size[0] / size[1]) - height, 0) // 2
    left = max(math.floor(height * size[1] / size[0]) - width, 0) // 2
    return pad(inputs, [(top, top), (left, left)], value)
