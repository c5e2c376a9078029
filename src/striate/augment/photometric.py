"""Random changes of light and colour; `passes.py` puts them together, `colour.py` carries them out.

`value_range` is where the values of float images lie; bytes always lie from 0 to 255. An `Augment`
with a range of its own overrules it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.augment.base import Parameters, Photometric, as_range, check_bounds
from striate.augment.keys import Chance
from striate.augment.passes import Step, Table, linear
from striate.core.errors import ArgumentError


def as_value_range(owner: str, value: Any) -> tuple[float, float]:
    """Take two numbers, the lower first, as the range of values.

    Raises:
        ArgumentError: anything else.
    """
    low, high = as_range(owner, "value_range", value)
    if np.size(value) != 2 or low >= high:
        raise ArgumentError(f"{owner}: value_range is two numbers, the lower first; got {value!r}.")
    return low, high


class RandomBrightness(Photometric):
    """Makes images lighter or darker: adds a part of the whole range, from -1 to 1.

    0.2 draws from -0.2 to 0.2; a bright pixel stays at the top of the range.
    """

    arguments = ("factor", "value_range")

    def __init__(self, factor: float | tuple[float, float], value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        self._factor = as_range("RandomBrightness", "factor", factor)
        check_bounds("RandomBrightness", "factor", self._factor, -1.0, 1.0, included=True)
        self.value_range = as_value_range("RandomBrightness", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw what is added, as a part of the range."""
        return {"delta": chance.uniform(*self._factor)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Add."""
        delta = parameters["delta"]
        return [linear(len(delta), channels, offset=delta * (high - low))]

    def describe(self) -> str:
        """Say by how much."""
        return "brightness {:+.3g}% to {:+.3g}%".format(*(100 * part for part in self._factor))


class RandomContrast(Photometric):
    """Brings values nearer to their channel's mean over the image, or further from it.

    0.2 multiplies distances by 0.8 to 1.2, (0.5, 0.1) by 0.5 to 1.1: two numbers are how far down
    and how far up, both from 0 to 1.
    """

    arguments = ("factor", "value_range")

    def __init__(self, factor: float | tuple[float, float], value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        numbers = np.asarray(factor, dtype=float).ravel().tolist()
        if len(numbers) not in (1, 2) or not all(0 <= number <= 1 for number in numbers):
            raise ArgumentError(
                "RandomContrast: factor is a number from 0 to 1, or two: how far down and how far up; "
                f"got {factor!r}."
            )
        self._down, self._up = numbers[0], numbers[-1]
        self.value_range = as_value_range("RandomContrast", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw by what distances from the mean are multiplied."""
        return {"gain": chance.uniform(1 - self._down, 1 + self._up)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Multiply, and add what keeps the mean where it is."""
        gain = parameters["gain"]
        return [linear(len(gain), channels, gain=gain, pull=1 - gain)]

    def describe(self) -> str:
        """Say by how much."""
        return f"contrast {100 * (1 - self._down):.3g}% to {100 * (1 + self._up):.3g}%"


class RandomInvert(Photometric):
    """Turns images into their negatives.

    `factor` is the probability; of two numbers, or from 0 to one number, each image draws its own.
    """

    arguments = ("factor", "value_range")

    def __init__(self, factor: float | tuple[float, float] = 1.0, value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        self._factor = as_range("RandomInvert", "factor", factor, symmetric=False)
        check_bounds("RandomInvert", "factor", self._factor, 0.0, 1.0, included=True)
        self.value_range = as_value_range("RandomInvert", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Decide for each example."""
        return {"inverted": chance.happens(chance.uniform(*self._factor))}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Measure from the other end of the range."""
        inverted = parameters["inverted"]
        return [
            linear(
                len(inverted),
                channels,
                gain=np.where(inverted, -1.0, 1.0),
                offset=np.where(inverted, low + high, 0.0),
            )
        ]

    def describe(self) -> str:
        """Say how often."""
        return often_in_words("inverts", self._factor)


class RandomPosterization(Photometric):
    """Keeps only the upper bits of each value: 1 leaves two levels, 8 all 256.

    One number draws whole numbers of bits from 1 to it, two numbers between them, both included.
    """

    arguments = ("factor", "value_range")

    def __init__(self, factor: int | tuple[int, int], value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        low, high = as_range("RandomPosterization", "factor", factor, symmetric=False)
        self._bits = (int(low) if np.size(factor) == 2 else 1, int(high))
        if not 1 <= self._bits[0] <= self._bits[1] <= 8 or high != int(high):
            raise ArgumentError(
                f"RandomPosterization: factor is a whole number of bits from 1 to 8, or two; got {factor!r}."
            )
        self.value_range = as_value_range("RandomPosterization", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw how many bits stay."""
        return {"bits": chance.whole(*self._bits)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Clear the lower bits."""
        mask = (255 << (8 - parameters["bits"])) & 255
        return [Table((np.arange(256) & mask[:, None]).astype(np.uint8))]

    def describe(self) -> str:
        """Say how many levels stay."""
        return f"keeps {self._bits[0]} to {self._bits[1]} bits of each value"


def often_in_words(what: str, factor: tuple[float, float]) -> str:
    """Say how many of the images something happens to."""
    low, high = (f"{100 * part:.3g}%" for part in factor)
    return f"{what} {high} of images" if low == high else f"{what} {low} to {high} of images"
