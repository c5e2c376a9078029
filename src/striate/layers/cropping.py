"""Cropping layers: they cut steps off the ends of each axis."""

from __future__ import annotations

from typing import Any

import torch

from striate.layers.axes import from_channels_last, to_channels_last
from striate.layers.border import Border
from striate.ops.border import crop


class Cropping(Border):
    """The common part of the cropping layers.

    `cropping` is one number for every side, one number an axis, or a pair (before, after) an
    axis; for a sequence a pair is (before, after).

    Raises:
        ArgumentError: amounts that are no whole numbers from 0 up.
        ShapeError: nothing would be left.
    """

    argument = "cropping"
    sign = -1

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **options: Any):
        super().__init__(cropping, data_format, **options)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Cut the ends off each map."""
        self.compute_output_shape(tuple(inputs.shape))
        return from_channels_last(
            crop(to_channels_last(inputs, self.data_format), self.amounts), self.data_format
        )


class Cropping1D(Cropping):
    """Cuts steps off the ends of a sequence.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).

    >>> Cropping1D((1, 2))([[[1.0], [2.0], [3.0], [4.0]]]).flatten().tolist()
    [2.0]
    """

    rank = 1


class Cropping2D(Cropping):
    """Cuts steps off the ends of an image.

    Cuts nothing off unless told, as in Keras; the other two cut one step off each end.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).
    """

    rank = 2

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **options: Any):
        super().__init__(cropping, data_format, **options)


class Cropping3D(Cropping):
    """Cuts steps off the ends of a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
