"""What padding and cropping layers share: amounts before and after each axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.axes import (
    axes_of,
    check_data_format,
    join_shape,
    split_shape,
)
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec


def border_amounts(value: Any, rank: int, name: str) -> tuple[tuple[int, int], ...]:
    """Make (before, after) for each axis out of one number, one number an axis, or one pair an axis.

    For one axis, a pair of numbers is (before, after).

    Raises:
        ArgumentError: anything else, or a number below 0.

    >>> border_amounts((1, 2), 2, "padding"), border_amounts((1, 2), 1, "padding")
    (((1, 1), (2, 2)), ((1, 2),))
    """
    parts = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value] * rank
    if rank == 1 and len(parts) == 2:
        parts = [parts]
    pairs = [tuple(part) if isinstance(part, (tuple, list)) else (part, part) for part in parts]
    numbers = [number for pair in pairs for number in pair]
    fits = len(pairs) == rank and all(len(pair) == 2 for pair in pairs)
    if not fits or any(type(number) is not int or number < 0 for number in numbers):
        axes = "a pair (before, after)" if rank == 1 else f"{rank} numbers or {rank} pairs (before, after)"
        raise ArgumentError(f"{name} takes one whole number or {axes}, each at least 0; got {value!r}.")
    return tuple((before, after) for before, after in pairs)


class Border(Layer):
    """The common part of the layers that change where maps end.

    Shape:
        in (batch, *axes, channels), out (batch, *new axes, channels); channels second with
        `data_format='channels_first'`.

    Raises:
        ArgumentError: amounts that are no whole numbers from 0 up.
    """

    rank: ClassVar[int]
    argument: ClassVar[str] = "padding"
    sign: ClassVar[int] = 1

    def __init__(self, amounts: Any, data_format: str | None = None, **options: Any):
        super().__init__(**options)
        setattr(self, self.argument, border_amounts(amounts, self.rank, self.argument))
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))

    @property
    def amounts(self) -> tuple[tuple[int, int], ...]:
        """The steps (before, after) of each axis."""
        return getattr(self, self.argument)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say how long each axis becomes."""
        batch, axes, channels = split_shape(input_shape, self.data_format)
        lengths = [
            None if length is None else length + self.sign * (before + after)
            for length, (before, after) in zip(axes, self.amounts, strict=True)
        ]
        if any(length is not None and length < 1 for length in lengths):
            raise ShapeError(
                f"{self._label()}: cropping {self.amounts} leaves nothing of {format_shape(input_shape)}."
            )
        return join_shape(batch, lengths, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), self.argument: self.amounts, "data_format": self.data_format}
