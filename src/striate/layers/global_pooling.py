"""Global pooling layers: the largest or the mean of each whole feature map."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate.core.shapes import Shape
from striate.layers.axes import axes_of, check_data_format, join_shape, split_shape
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec


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


class GlobalMaxPooling3D(GlobalPooling):
    """Takes the largest value of each feature map of a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, channels).
    """

    rank = 3
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


class GlobalAveragePooling3D(GlobalPooling):
    """Takes the mean of each feature map of a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, channels).
    """

    rank = 3
    takes_largest = False


# Keras's short names for the same classes.
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
