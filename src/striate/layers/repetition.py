"""Layers that repeat values: upsampling, and a vector repeated into a sequence."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate.core.shapes import Shape, check_choice, per_axis
from striate.layers.axes import (
    axes_of,
    check_data_format,
    from_channels_last,
    join_shape,
    split_shape,
    to_channels_last,
)
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec
from striate.ops.resizing import INTERPOLATIONS, repeat_steps, resize


class UpSampling(Layer):
    """The common part of the upsampling layers: every axis becomes `size` times as long.

    Shape:
        in (batch, *axes, channels), out (batch, *(axes times size), channels); channels second
        with `data_format='channels_first'`.

    Raises:
        ArgumentError: sizes below 1.
    """

    rank: ClassVar[int]

    def __init__(self, size: int | tuple[int, ...] = 2, data_format: str | None = None, **options: Any):
        super().__init__(**options)
        self.size = per_axis(size, self.rank, "size")
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Repeat each step of each axis."""
        maps = repeat_steps(to_channels_last(inputs, self.data_format), self.size)
        return from_channels_last(maps, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say how long each axis becomes."""
        batch, axes, channels = split_shape(input_shape, self.data_format)
        lengths = [
            None if length is None else length * times for length, times in zip(axes, self.size, strict=True)
        ]
        return join_shape(batch, lengths, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}


class UpSampling1D(UpSampling):
    """Repeats each step of a sequence.

    Shape:
        in (batch, steps, channels), out (batch, steps * size, channels).

    >>> UpSampling1D(2)([[[1.0], [2.0]]]).flatten().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """

    rank = 1


class UpSampling2D(UpSampling):
    """Repeats the rows and columns of an image, or draws new ones between them by `interpolation`.

    Shape:
        in (batch, height, width, channels), out (batch, height * size, width * size, channels).

    Raises:
        ArgumentError: an unknown interpolation.
    """

    rank = 2

    def __init__(
        self,
        size: int | tuple[int, ...] = 2,
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Any,
    ):
        super().__init__(size, data_format, **options)
        self.interpolation = check_choice(interpolation, INTERPOLATIONS, "interpolation")

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Repeat, or draw new rows and columns between the old."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        maps = to_channels_last(inputs, self.data_format)
        height, width = (length * times for length, times in zip(maps.shape[1:3], self.size, strict=True))
        return from_channels_last(resize(maps, (height, width), self.interpolation), self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "interpolation": self.interpolation}


class UpSampling3D(UpSampling):
    """Repeats the steps of each axis of a volume.

    Shape:
        in (batch, depth, height, width, channels), out with each of the three `size` times as long.
    """

    rank = 3


class RepeatVector(Layer):
    """Makes a sequence of `n` equal steps out of a vector.

    Shape:
        in (batch, features), out (batch, n, features).

    Raises:
        ArgumentError: n below 1.

    >>> RepeatVector(2)([[1.0, 2.0]]).tolist()
    [[[1.0, 2.0], [1.0, 2.0]]]
    """

    def __init__(self, n: int, **options: Any):
        super().__init__(**options)
        self.n = per_axis(n, 1, "n")[0]
        self.input_spec = InputSpec(("batch", "features"))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Repeat the vector of each example."""
        return inputs.unsqueeze(1).expand(-1, self.n, -1)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: with an axis of `n` steps after the batch."""
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "n": self.n}
