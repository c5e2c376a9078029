"""Where the ready-made networks begin and end: the input with its scale, the answer by number of classes."""

from __future__ import annotations

from typing import Any

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers import Dense, Input, Layer, Rescaling

# The axes of one example by how many there are, as they stand in messages.
AXES = {2: "(steps, channels)", 3: "(height, width, channels)"}


def check_input_shape(network: str, input_shape: Any, axes: int, least: int) -> Shape:
    """Hand the shape of one example back if it has the right axes and the window axes are long enough.

    Raises:
        ShapeError: another number of axes, a size that is not known, or one below `least`.
    """
    shape = tuple(input_shape) if isinstance(input_shape, (list, tuple)) else ()
    known = len(shape) == axes and all(isinstance(size, int) and size >= 1 for size in shape)
    if not known:
        raise ShapeError(f"{network} takes the shape of one example, {AXES[axes]}; got {input_shape!r}.")
    if min(shape[:-1]) < least:
        raise ShapeError(
            f"{network} needs at least {least} {'steps' if axes == 2 else 'pixels a side'}; "
            f"got {format_shape(shape)}. Use a network with fewer poolings, or larger examples."
        )
    return shape


def check_classes(network: str, classes: int, least: int) -> int:
    """Hand the number of classes back if it is a whole number, `least` or more.

    Raises:
        ArgumentError: anything else.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < least:
        raise ArgumentError(f"{network} takes classes as a whole number, at least {least}; got {classes!r}.")
    return classes


def beginning(input_shape: Shape, rescale: float | None) -> list[Any]:
    """Begin a network: its input and, where `rescale` is given, a layer that multiplies the values by it."""
    scaled: list[Layer] = [] if rescale is None else [Rescaling(rescale, name="rescaling")]
    return [Input(input_shape, name="input"), *scaled]


def binary_or_softmax(classes: int) -> Dense:
    """End a network: one sigmoid unit for up to two classes, a softmax over the classes for more."""
    if classes <= 2:
        return Dense(1, activation="sigmoid", name="prediction")
    return Dense(classes, activation="softmax", name="prediction")
