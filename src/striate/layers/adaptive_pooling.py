"""Adaptive pooling layers: windows are chosen so that the output has the size that is asked for."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate.core.shapes import Shape, per_axis
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
from striate.ops.pooling import adaptive_pool


class AdaptivePooling(Layer):
    """The common part of the adaptive pooling layers: any input becomes `output_size` windows an axis.

    Window `i` of `n` over an axis of length `L` goes from `floor(i * L / n)` to
    `ceil((i + 1) * L / n)`; neighbours overlap where `n` does not divide `L`.

    Shape:
        in (batch, *axes, channels), out (batch, *output_size, channels); channels second with
        `data_format='channels_first'`.

    Raises:
        ArgumentError: an output size below 1.
    """

    rank: ClassVar[int]
    takes_largest: ClassVar[bool]

    def __init__(self, output_size: int | tuple[int, ...], data_format: str | None = None, **options: Any):
        super().__init__(**options)
        self.output_size = per_axis(output_size, self.rank, "output_size")
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Pool each channel by itself."""
        maps = to_channels_last(inputs, self.data_format)
        pooled = adaptive_pool(maps, self.output_size, takes_largest=self.takes_largest)
        return from_channels_last(pooled, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: the sizes asked for."""
        batch, _, channels = split_shape(input_shape, self.data_format)
        return join_shape(batch, self.output_size, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "output_size": self.output_size, "data_format": self.data_format}


class AdaptiveAveragePooling1D(AdaptivePooling):
    """Takes the mean of each of a wanted number of windows over a sequence.

    Shape:
        in (batch, steps, channels), out (batch, output_size, channels).
    """

    rank = 1
    takes_largest = False


class AdaptiveAveragePooling2D(AdaptivePooling):
    """Takes the mean of each of a wanted number of windows over an image.

    Shape:
        in (batch, height, width, channels), out (batch, *output_size, channels).
    """

    rank = 2
    takes_largest = False


class AdaptiveAveragePooling3D(AdaptivePooling):
    """Takes the mean of each of a wanted number of windows over a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, *output_size, channels).
    """

    rank = 3
    takes_largest = False


class AdaptiveMaxPooling1D(AdaptivePooling):
    """Takes the largest value of each of a wanted number of windows over a sequence.

    Shape:
        in (batch, steps, channels), out (batch, output_size, channels).
    """

    rank = 1
    takes_largest = True


class AdaptiveMaxPooling2D(AdaptivePooling):
    """Takes the largest value of each of a wanted number of windows over an image.

    Shape:
        in (batch, height, width, channels), out (batch, *output_size, channels).
    """

    rank = 2
    takes_largest = True


class AdaptiveMaxPooling3D(AdaptivePooling):
    """Takes the largest value of each of a wanted number of windows over a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, *output_size, channels).
    """

    rank = 3
    takes_largest = True
