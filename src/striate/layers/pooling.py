"""Pooling layers: the largest, the mean or the sum of each window."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate.core.errors import ShapeError
from striate.core.shapes import Shape, check_choice, format_shape, output_length, per_axis
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
from striate.ops.pooling import average_pool, max_pool, sum_pool


class Pooling(Layer):
    """The common part of the pooling layers: `rank` axes, and the operation `pool`.

    `strides=None` means the pool size: windows side by side.

    Shape:
        in (batch, *axes, channels), out (batch, *new axes, channels); channels second with
        `data_format='channels_first'`.
    """

    rank: ClassVar[int]
    pool: ClassVar[Any]

    def __init__(
        self,
        pool_size: int | tuple[int, ...] = 2,
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ):
        super().__init__(**options)
        self.pool_size = per_axis(pool_size, self.rank, "pool_size")
        self.strides = self.pool_size if strides is None else per_axis(strides, self.rank, "strides")
        self.padding = check_choice(padding, ("valid", "same"), "padding")
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Pool each channel by itself."""
        # The exact question, whether the window fits, only where it may not: it takes longer than small maps.
        if min(inputs.shape[1:]) < max(self.pool_size):
            self.compute_output_shape(tuple(inputs.shape))
        pooled = type(self).pool(
            to_channels_last(inputs, self.data_format), self.pool_size, self.strides, self.padding
        )
        return from_channels_last(pooled, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say how long each axis becomes.

        Raises:
            ShapeError: the window does not fit into the input once.
        """
        batch, axes, channels = split_shape(input_shape, self.data_format)
        lengths = [
            output_length(length, size, stride, self.padding)
            for length, size, stride in zip(axes, self.pool_size, self.strides, strict=True)
        ]
        if any(length is not None and length < 1 for length in lengths):
            raise ShapeError(
                f"{self._label()}: the window {self.pool_size} does not fit into "
                f"{format_shape(input_shape)}. Use padding='same', fewer pooling layers or a larger input."
            )
        return join_shape(batch, lengths, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }


class MaxPooling1D(Pooling):
    """Takes the largest value of each window of a sequence.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).
    """

    rank = 1
    pool = staticmethod(max_pool)


class MaxPooling2D(Pooling):
    """Takes the largest value of each window of an image.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).

    >>> import numpy as np
    >>> MaxPooling2D(2)(np.zeros((1, 32, 32, 10))).shape
    torch.Size([1, 16, 16, 10])
    """

    rank = 2
    pool = staticmethod(max_pool)


class MaxPooling3D(Pooling):
    """Takes the largest value of each window of a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
    pool = staticmethod(max_pool)


class AveragePooling1D(Pooling):
    """Takes the mean of each window of a sequence; padding does not count.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).
    """

    rank = 1
    pool = staticmethod(average_pool)


class AveragePooling2D(Pooling):
    """Takes the mean of each window of an image; padding does not count.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).
    """

    rank = 2
    pool = staticmethod(average_pool)


class AveragePooling3D(Pooling):
    """Takes the mean of each window of a volume; padding does not count.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
    pool = staticmethod(average_pool)


class SumPooling1D(Pooling):
    """Takes the sum of each window of a sequence.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels).
    """

    rank = 1
    pool = staticmethod(sum_pool)


class SumPooling2D(Pooling):
    """Takes the sum of each window of an image.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, channels).
    """

    rank = 2
    pool = staticmethod(sum_pool)


class SumPooling3D(Pooling):
    """Takes the sum of each window of a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, channels).
    """

    rank = 3
    pool = staticmethod(sum_pool)


# Keras's short names for the same classes.
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
