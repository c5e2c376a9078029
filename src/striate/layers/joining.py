"""Layers that join several inputs along an axis: put side by side, or multiplied and added up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.merging import Merge
from striate.ops.example_normalization import unit_normalize


class Concatenate(Merge):
    """Puts its inputs side by side along an axis.

    Shape:
        in a list of (batch, ...), equal but for `axis`; out with the sizes along it added up.

    Raises:
        ShapeError: inputs that differ along another axis, or have no such axis.

    >>> import numpy as np
    >>> Concatenate()([np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8, 5))]).shape
    torch.Size([2, 8, 8, 8])
    """

    def __init__(self, axis: int = -1, **options: Any):
        super().__init__(**options)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"{self._label()}: axis is one whole number; got {axis!r}.")
        self.axis = axis

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Put them side by side."""
        return torch.cat(inputs, dim=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: sizes along the axis added up, the others as they are."""
        shapes = self.shapes(input_shape)
        listed = ", ".join(format_shape(shape) for shape in shapes)
        axes = len(shapes[0])
        if not -axes <= self.axis < axes or any(len(shape) != axes for shape in shapes):
            raise ShapeError(
                f"{self._label()}: the inputs need equally many axes, axis {self.axis} among them; "
                f"got {listed}."
            )
        joined: list[int | None] = []
        for axis, column in enumerate(zip(*shapes, strict=True)):
            known = [size for size in column if size is not None]
            if axis == self.axis % axes:
                joined.append(sum(known) if len(known) == len(column) else None)
                continue
            if len(set(known)) > 1:
                raise ShapeError(
                    f"{self._label()}: the inputs must be equal but for axis {self.axis}; got {listed}."
                )
            joined.append(known[0] if known else None)
        return tuple(joined)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "axis": self.axis}


class Dot(Merge):
    """Multiplies two inputs along an axis of each and adds up: example by example, a matrix product.

    `normalize` makes the vectors along the axes of length 1 first, so that the result is the
    cosine of the angle between them.

    Shape:
        in a list of two (batch, ...), out (batch, the first's other axes, the second's other
        axes), or (batch, 1) where there are none.

    Raises:
        ArgumentError: axes that are neither one whole number nor two, or name the batch.
        ShapeError: different sizes along the axes, or no such axes.

    >>> import numpy as np
    >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[11.0]]
    """

    least, most = 2, 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **options: Any):
        super().__init__(**options)
        given: list[Any] = list(axes) if isinstance(axes, (list, tuple)) else [axes, axes]
        if len(given) != 2 or any(
            isinstance(axis, bool) or not isinstance(axis, int) or axis == 0 for axis in given
        ):
            raise ArgumentError(
                f"{self._label()}: axes is one whole number or two, and never 0, the batch; got {axes!r}."
            )
        self.axes: int | list[int] = given if isinstance(axes, (list, tuple)) else given[0]
        self.normalize = bool(normalize)

    def _places(self, shapes: list[Shape]) -> list[int]:
        given = self.axes if isinstance(self.axes, list) else [self.axes] * 2
        listed = ", ".join(format_shape(shape) for shape in shapes)
        if any(not -len(shape) < axis < len(shape) for axis, shape in zip(given, shapes, strict=True)):
            raise ShapeError(f"{self._label()}: axes {self.axes} are not in the inputs; got {listed}.")
        places = [axis % len(shape) for axis, shape in zip(given, shapes, strict=True)]
        sizes = {shape[axis] for axis, shape in zip(places, shapes, strict=True)} - {None}
        if len(sizes) > 1:
            raise ShapeError(
                f"{self._label()}: the sizes along axes {self.axes} must be equal; got {listed}."
            )
        return places

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Multiply and add up."""
        places = self._places([tuple(part.shape) for part in inputs])
        if self.normalize:
            inputs = [unit_normalize(part, [axis]) for part, axis in zip(inputs, places, strict=True)]
        first, second = (part.movedim(axis, -1) for part, axis in zip(inputs, places, strict=True))
        kept = (*first.shape[1:-1], *second.shape[1:-1])
        batch, size = first.shape[0], first.shape[-1]
        rows, columns = (part.reshape(batch, math.prod(part.shape[1:-1]), size) for part in (first, second))
        return torch.bmm(rows, columns.mT).reshape(batch, *(kept or (1,)))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: the axes that are not added up over."""
        shapes = self.shapes(input_shape)
        first, second = (
            tuple(size for axis, size in enumerate(shape) if axis not in (0, place))
            for place, shape in zip(self._places(shapes), shapes, strict=True)
        )
        return (shapes[0][0], *((first + second) or (1,)))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Put inputs side by side by a `Concatenate` layer made for them."""
    return Concatenate(axis, **options)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **options: Any) -> Any:
    """Multiply two inputs along an axis of each by a `Dot` layer made for them."""
    return Dot(axes, **options)(inputs)
