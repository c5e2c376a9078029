"""Pooling layers: the largest, the mean or the sum of each window, or of each whole map."""

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


class GlobalPooling(Layer):
    """The common part of the global pooling layers: one value for each feature map.

    Shape:
        in (batch, *axes, channels), out (batch, channels), or with every axis kept as 1.
    """

    rank: ClassVar[int]
    takes_largest: ClassVar[bool]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: Any):
        super().__init__(**options)
        self.data_format = check_data_format(data_format)
        self.keepdims = bool(keepdims)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Take the largest value or the mean of each map."""
        first = 1 if self.data_format == "channels_last" else 2
        axes = tuple(range(first, first + self.rank))
        if self.takes_largest:
            return torch.amax(inputs, dim=axes, keepdim=self.keepdims)
        return torch.mean(inputs, dim=axes, keepdim=self.keepdims)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: batch and channels."""
        batch, _, channels = split_shape(input_shape, self.data_format)
        if self.keepdims:
            return join_shape(batch, (1,) * self.rank, channels, self.data_format)
        return (batch, channels)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling1D(GlobalPooling):
    """Takes the largest value of each channel over all steps.

    Shape:
        in (batch, steps, channels), out (batch, channels).
    """

    rank = 1
    takes_largest = True


class GlobalMaxPooling2D(GlobalPooling):
    """Takes the largest value of each feature map.

    Shape:
        in (batch, height, width, channels), out (batch, channels).
    """

    rank = 2
    takes_largest = True


class GlobalAveragePooling1D(GlobalPooling):
    """Takes the mean of each channel over all steps.

    Shape:
        in (batch, steps, channels), out (batch, channels).
    """

    rank = 1
    takes_largest = False


class GlobalAveragePooling2D(GlobalPooling):
    """Takes the mean of each feature map.

    Shape:
        in (batch, height, width, channels), out (batch, channels).
    """

    rank = 2
    takes_largest = False


# Keras's short names for the same classes.
MaxPool1D, MaxPool2D = MaxPooling1D, MaxPooling2D
AvgPool1D, AvgPool2D = AveragePooling1D, AveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
