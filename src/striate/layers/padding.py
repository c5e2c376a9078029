"""Padding layers: a border of zeros, of the edge's values, or of what lies behind the edge, mirrored."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate.core.errors import ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.axes import from_channels_last, split_shape, to_channels_last
from striate.layers.border import Border
from striate.ops.border import pad_border


class Padding(Border):
    """The common part of the padding layers; `mode` says what the border is made of.

    `padding` is one number for every side, one number an axis, or a pair (before, after) an
    axis; for a sequence a pair is (before, after).

    Raises:
        ArgumentError: amounts that are no whole numbers from 0 up.
        ShapeError: a reflection of more steps than lie behind the edge.
    """

    mode: ClassVar[str]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **options: Any):
        super().__init__(padding, data_format, **options)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Put the border around each map."""
        self.compute_output_shape(tuple(inputs.shape))
        maps = pad_border(to_channels_last(inputs, self.data_format), self.amounts, self.mode)
        return from_channels_last(maps, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say how long each axis becomes."""
        _, axes, _ = split_shape(input_shape, self.data_format)
        if self.mode == "reflect" and any(
            length is not None and max(pair) >= length
            for length, pair in zip(axes, self.amounts, strict=True)
        ):
            raise ShapeError(
                f"{self._label()}: a reflection of {self.amounts} needs more steps than that on each axis; "
                f"got {format_shape(input_shape)}. Pad less, or pad by the edge's values."
            )
        return super().compute_output_shape(input_shape)


class ZeroPadding1D(Padding):
    """Puts zeros around a sequence.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).

    >>> ZeroPadding1D((1, 2))([[[1.0], [2.0], [3.0]]]).flatten().tolist()
    [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]
    """

    rank = 1
    mode = "constant"


class ZeroPadding2D(Padding):
    """Puts zeros around an image.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).
    """

    rank = 2
    mode = "constant"


class ZeroPadding3D(Padding):
    """Puts zeros around a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
    mode = "constant"


class ReflectPadding1D(Padding):
    """Goes on beyond the ends of a sequence with its mirror image; the edge itself is not repeated.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).

    >>> ReflectPadding1D((1, 2))([[[1.0], [2.0], [3.0]]]).flatten().tolist()
    [2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    """

    rank = 1
    mode = "reflect"


class ReflectPadding2D(Padding):
    """Goes on beyond the ends of an image with its mirror image; the edge itself is not repeated.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).
    """

    rank = 2
    mode = "reflect"


class ReflectPadding3D(Padding):
    """Goes on beyond the ends of a volume with its mirror image; the edge itself is not repeated.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
    mode = "reflect"


class EdgePadding1D(Padding):
    """Goes on beyond the ends of a sequence with the edge's values.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).

    >>> EdgePadding1D((1, 2))([[[1.0], [2.0], [3.0]]]).flatten().tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0, 3.0]
    """

    rank = 1
    mode = "replicate"


class EdgePadding2D(Padding):
    """Goes on beyond the ends of an image with the edge's values.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).
    """

    rank = 2
    mode = "replicate"


class EdgePadding3D(Padding):
    """Goes on beyond the ends of a volume with the edge's values.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
    mode = "replicate"
