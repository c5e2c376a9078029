"""The contract of a random change to training examples.

A change has two halves. `draw` turns chance into parameters, arrays with the examples in front;
what they do to an example is worked out from the parameters alone, so a draw can be kept, looked
at and applied again. The families say in which form a change is handed over, because `Augment`
puts the changes of one example together before it touches a pixel:

    Geometric     a 3x3 matrix; all of them are multiplied and become one warp
    Photometric   what happens to each value or colour; all of them become one pass
    Erasing       rectangles to fill
    SignalChange  an array operation on signals
    Mixing        a partner in the batch and a weight for it

They act in this order, whatever order they are written in; within a family in the order written.

To add one: write a class in its family's file with `arguments`, `draw` and the family's method,
add a line in `__init__.py` and a row in `tests/contracts/augmentation_rows.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from striate.augment.keys import Chance
from striate.augment.passes import Step
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import check_choice

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
INTERPOLATIONS = ("bilinear", "nearest")

Parameters = dict[str, np.ndarray]
"""What was drawn for one change: arrays with the examples in front."""


class Change(ABC):
    """A random change to examples of a training set."""

    # The constructor's arguments, kept as attributes of the same names.
    arguments: tuple[str, ...] = ()
    # How many axes one example has: 3 for images, 2 for signals, 0 for either.
    rank: int = 3

    @abstractmethod
    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the parameters of each example; `shape` is that of one example as it arrives here."""

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Refuse examples that this change cannot work on.

        Raises:
            ShapeError: an image for a change to signals, or the other way round.
        """
        if self.rank and len(shape) != self.rank:
            wanted = "images (height, width, channels)" if self.rank == 3 else "signals (steps, channels)"
            raise ShapeError(f"{type(self).__name__} changes {wanted}; got examples of shape {tuple(shape)}.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this change again."""
        return {name: _plain(getattr(self, name)) for name in self.arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the change that `get_config` described."""
        return cls(**config)

    def describe(self) -> str:
        """Say in a few words what happens, for people."""
        return repr(self)

    def __repr__(self) -> str:
        described = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({described})"


class Geometric(Change):
    """A change of where things are: a matrix from places in the new image to places in the old one.

    `fill_mode`, `fill_value` and `interpolation` left at None are those of the `Augment` that the
    change stands in. Changes that agree on them become one warp.
    """

    fill_mode: str | None = None
    fill_value: float | None = None
    interpolation: str | None = None

    @abstractmethod
    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Work out the matrices from a new image's positions (x, y, 1) to the old one's.

        Positions are pixels; the centre of the first pixel is (0, 0).

        Shape:
            out: (examples, 3, 3) float64.
        """

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of an example after this change."""
        return shape

    def _keep_filling(
        self, fill_mode: str | None, fill_value: float | None, interpolation: str | None
    ) -> None:
        owner = type(self).__name__
        if fill_mode is not None:
            check_choice(fill_mode, FILL_MODES, f"{owner}: fill_mode")
        if interpolation is not None:
            check_choice(interpolation, INTERPOLATIONS, f"{owner}: interpolation")
        self.fill_mode, self.fill_value, self.interpolation = fill_mode, fill_value, interpolation


class Photometric(Change):
    """A change of values and colours, the same at every place.

    It is handed over as steps (see `passes.py`): neighbouring linear ones are multiplied into one.
    """

    value_range: tuple[float, float] = (0.0, 255.0)
    # Whether it needs red, green and blue.
    coloured: bool = False

    @abstractmethod
    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Work out what happens to the values, which lie from `low` to `high`."""

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Refuse what is no image, and for changes of colour what has not three channels.

        Raises:
            ShapeError: see above.
        """
        super().check_shape(shape)
        if self.coloured and shape[-1] != 3:
            raise ShapeError(
                f"{type(self).__name__} needs 3 channels (red, green, blue); "
                f"got examples of shape {tuple(shape)}."
            )


class SignalChange(Change):
    """A change to signals: values over steps, such as spectra or time series."""

    rank = 2

    @abstractmethod
    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Change a batch; `x` is left as it is.

        Shape:
            in and out: (examples, steps, channels) float32 or float64, the same dtype.
        """


class Erasing(Change):
    """A change that fills rectangles of an image."""

    @abstractmethod
    def boxes(self, parameters: Parameters) -> np.ndarray:
        """Give the rectangle of each example; one without any area leaves the example as it is.

        Shape:
            out: (examples, 4) int64: top, left, bottom, right; the last two not included.
        """

    @abstractmethod
    def filling(
        self, parameters: Parameters, number: int, shape: tuple[int, ...], low: float, high: float
    ) -> np.ndarray:
        """Give the values that fill the rectangle of one example, from `low` to `high`.

        Shape:
            out: `shape` (rows, columns, channels) of the rectangle, float64.
        """


class Mixing(Change):
    """A change that puts two examples of a batch and their answers together."""

    @abstractmethod
    def weights(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """How much of each example stays: the rest comes from its partner, in answers as well.

        Shape:
            out: (examples,) float64, 0 to 1.
        """

    @abstractmethod
    def blend(self, x: Any, partners: Any, parameters: Parameters) -> Any:
        """Put each example and its partner together; arrays or tensors, the same dtype comes out."""


def as_range(owner: str, name: str, value: Any, symmetric: bool = True) -> tuple[float, float]:
    """Turn one number into the range around (`symmetric`) or up to it; two numbers are the range.

    Raises:
        ArgumentError: neither a number nor two numbers in order.
    """
    numbers = np.asarray(value, dtype=object).ravel().tolist()
    fine = len(numbers) in (1, 2) and all(_is_number(each) for each in numbers)
    if not fine or (len(numbers) == 2 and numbers[0] > numbers[1]):
        raise ArgumentError(f"{owner}: {name} is a number, or two numbers from low to high; got {value!r}.")
    if len(numbers) == 2:
        return float(numbers[0]), float(numbers[1])
    if symmetric:
        return -abs(float(numbers[0])), abs(float(numbers[0]))
    return 0.0, float(numbers[0])


def check_bounds(
    owner: str,
    name: str,
    limits: tuple[float, float],
    above: float = -np.inf,
    below: float = np.inf,
    included: bool = False,
) -> None:
    """Refuse a range that leaves these bounds, which themselves are refused unless `included`.

    Raises:
        ArgumentError: see above.
    """
    low, high = limits
    fine = above <= low and high <= below if included else above < low and high < below
    if not fine:
        edges = "both included" if included else "both excluded"
        wanted = f"above {above:g}" if below == np.inf else f"from {above:g} to {below:g}, {edges}"
        raise ArgumentError(f"{owner}: {name} must lie {wanted}; got {low:g} to {high:g}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and np.isfinite(value)


def _plain(value: Any) -> Any:
    """What JSON can hold of an argument: lists for tuples and arrays."""
    if isinstance(value, np.generic):
        return value.item()
    return (
        value.tolist()
        if isinstance(value, np.ndarray)
        else list(value)
        if isinstance(value, tuple)
        else value
    )
