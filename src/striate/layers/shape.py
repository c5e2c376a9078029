"""Layers that only change the shape."""

from __future__ import annotations

import math
from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape, product
from striate.layers.axes import check_data_format, to_channels_last
from striate.layers.base import Layer


class Flatten(Layer):
    """Keeps the first axis and multiplies out the rest, channels last: (32, 6, 6, 256) to (32, 9216).

    Shape:
        in (batch, ...), out (batch, product of the rest).
    """

    casts_input = False

    def __init__(self, data_format: str | None = None, **options: Any):
        super().__init__(**options)
        self.data_format = check_data_format(data_format)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Reshape, without a copy where memory allows."""
        if inputs.ndim > 2:
            inputs = to_channels_last(inputs, self.data_format)
        return inputs.reshape(inputs.shape[0], math.prod(inputs.shape[1:]))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: the batch and one axis."""
        return (input_shape[0], product(input_shape[1:]))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """Gives each example another shape with as many values; one size may be -1 and is worked out.

    Shape:
        in (batch, ...), out (batch, *target_shape).

    Raises:
        ArgumentError: a size below 1, or more than one -1.
        ShapeError: the values do not fit the target.

    >>> import numpy as np
    >>> Reshape((28, 28, 1))(np.zeros((2, 784))).shape
    torch.Size([2, 28, 28, 1])
    """

    casts_input = False

    def __init__(self, target_shape: tuple[int, ...], **options: Any):
        super().__init__(**options)
        self.target_shape = tuple(int(size) for size in target_shape)
        if self.target_shape.count(-1) > 1 or any(size < 1 and size != -1 for size in self.target_shape):
            raise ArgumentError(
                f"{self._label()}: sizes are at least 1, and only one can be -1; got {self.target_shape}."
            )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Reshape, without a copy where memory allows."""
        sizes = self.compute_output_shape(tuple(inputs.shape))
        return inputs.reshape([size for size in sizes if size is not None])

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape; -1 is worked out where the input's sizes are known."""
        count = product(input_shape[1:])
        known = math.prod(size for size in self.target_shape if size != -1)
        if count is None:
            return (input_shape[0], *(None if size == -1 else size for size in self.target_shape))
        free = count // known if -1 in self.target_shape else 1
        if known * free != count:
            raise ShapeError(
                f"{self._label()}: {format_shape(input_shape)} has {count} values an example, "
                f"which do not fill {format_shape(self.target_shape)}."
            )
        return (input_shape[0], *(free if size == -1 else size for size in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Puts the axes of each example into another order; axes count from 1, the batch stays in front.

    Shape:
        in (batch, ...), out (batch, the axes in the order of `dims`).

    Raises:
        ArgumentError: dims that do not name every axis from 1 up once.
        ShapeError: an input of another number of axes.

    >>> import numpy as np
    >>> Permute((2, 1))(np.zeros((3, 10, 64))).shape
    torch.Size([3, 64, 10])
    """

    casts_input = False

    def __init__(self, dims: tuple[int, ...], **options: Any):
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                f"{self._label()}: dims names each axis once, from 1 to their number; got {self.dims}."
            )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Reorder the axes, without a copy."""
        self.compute_output_shape(tuple(inputs.shape))
        return inputs.permute(0, *self.dims)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: the input's sizes in the new order."""
        if len(input_shape) != len(self.dims) + 1:
            raise ShapeError(
                f"{self._label()}: dims={self.dims} is for {len(self.dims)} axes beside the batch "
                f"but got {format_shape(input_shape)}."
            )
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "dims": self.dims}
