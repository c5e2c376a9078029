"""Layers that merge several inputs value by value; inputs of size 1 along an axis are stretched."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.base import Layer
from striate.layers.symbolic import is_shape


class Merge(Layer):
    """The common part of the layers that take a list of inputs.

    Raises:
        ArgumentError: one input instead of a list of them, or too few or many.
        ShapeError: shapes that do not go together.
    """

    least, most = 1, 1_000_000

    def build(self, input_shape: Any) -> None:
        """Look whether the inputs go together."""
        self.compute_output_shape(input_shape)

    def shapes(self, input_shape: Any) -> list[Shape]:
        """The inputs' shapes as a list, if it is one."""
        if is_shape(input_shape) or not self.least <= len(input_shape) <= self.most:
            wanted = "a list of inputs" if self.most > 2 else "a list of 2 inputs"
            raise ArgumentError(f"{self._label()} takes {wanted}, such as layer([a, b]); got {input_shape}.")
        return [tuple(shape) for shape in input_shape]

    def call(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Merge the tensors."""
        shapes = [tuple(part.shape) for part in inputs]
        self.compute_output_shape(tuple(inputs.shape) if isinstance(inputs, torch.Tensor) else shapes)
        return self.merge(list(inputs))

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Compute the output from tensors that go together; a family member writes this."""
        raise ArgumentError(f"{type(self).__name__} does not say how it merges: write merge(inputs).")


class ElementwiseMerge(Merge):
    """The common part of the layers that merge value by value.

    Shape:
        in a list of (batch, ...), out (batch, ...): sizes of 1 are stretched, and an input
        with fewer axes gets axes of 1 after its batch.
    """

    def call(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Give all inputs as many axes, and merge them."""
        if isinstance(inputs, torch.Tensor):
            self.shapes(tuple(inputs.shape))
        axes = max(part.ndim for part in inputs)
        return super().call(
            [part.reshape(part.shape[0], *(1,) * (axes - part.ndim), *part.shape[1:]) for part in inputs]
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: the larger size along each axis."""
        shapes = self.shapes(input_shape)
        batches = {shape[0] for shape in shapes} - {None}
        axes = max(len(shape) for shape in shapes) - 1
        columns = list(zip(*((1,) * (axes + 1 - len(shape)) + shape[1:] for shape in shapes), strict=True))
        if len(batches) > 1 or any(len(set(column) - {None, 1}) > 1 for column in columns):
            listed = ", ".join(format_shape(shape) for shape in shapes)
            raise ShapeError(f"{self._label()}: these shapes do not go together: {listed}.")
        sizes = (None if None in column else max(column) for column in columns)
        return (next(iter(batches), None), *sizes)


class Add(ElementwiseMerge):
    """Adds its inputs: a residual connection is `Add()([x, block(x)])`.

    Shape:
        in a list of (batch, ...), out the same.

    >>> import numpy as np
    >>> Add()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[4.0, 6.0]]
    """

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Add up."""
        return functools.reduce(torch.add, inputs)


class Subtract(ElementwiseMerge):
    """Subtracts its second input from its first.

    Shape:
        in a list of two (batch, ...), out the same.
    """

    least, most = 2, 2

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Subtract."""
        return inputs[0] - inputs[1]


class Multiply(ElementwiseMerge):
    """Multiplies its inputs value by value.

    Shape:
        in a list of (batch, ...), out the same.
    """

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Multiply."""
        return functools.reduce(torch.mul, inputs)


class Average(ElementwiseMerge):
    """Takes the mean of its inputs value by value.

    Shape:
        in a list of (batch, ...), out the same.
    """

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Add up and divide by their number."""
        return functools.reduce(torch.add, inputs) / len(inputs)


class Maximum(ElementwiseMerge):
    """Takes the largest of its inputs value by value.

    Shape:
        in a list of (batch, ...), out the same.
    """

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Take the largest."""
        return functools.reduce(torch.maximum, inputs)


class Minimum(ElementwiseMerge):
    """Takes the smallest of its inputs value by value.

    Shape:
        in a list of (batch, ...), out the same.
    """

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Take the smallest."""
        return functools.reduce(torch.minimum, inputs)


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Add inputs by an `Add` layer made for them."""
    return Add(**options)(inputs)


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Subtract the second input from the first by a `Subtract` layer made for them."""
    return Subtract(**options)(inputs)


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Multiply inputs by a `Multiply` layer made for them."""
    return Multiply(**options)(inputs)


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Take the mean of inputs by an `Average` layer made for them."""
    return Average(**options)(inputs)


def maximum(inputs: Sequence[Any], **options: Any) -> Any:
    """Take the largest of inputs by a `Maximum` layer made for them."""
    return Maximum(**options)(inputs)


def minimum(inputs: Sequence[Any], **options: Any) -> Any:
    """Take the smallest of inputs by a `Minimum` layer made for them."""
    return Minimum(**options)(inputs)
