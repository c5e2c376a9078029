"""Random changes of light and colour; `passes.py` puts them together, `colour.py` carries them out.

`value_range` is where the values of float images lie; bytes always lie from 0 to 255. An `Augment`
with a range of its own overrules it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from striate.augment.base import Parameters, Photometric, as_range, check_bounds
from striate.augment.keys import Chance
from striate.augment.passes import HueSaturation, Linear, Step, Table, linear
from striate.core.errors import ArgumentError

# The shares of red, green and blue in grey (ITU-R BT.601).
GREY = (0.2989, 0.5870, 0.1140)


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
        return _often("inverts", self._factor)


class RandomGrayscale(Photometric):
    """Takes the colour out of images with probability `factor`; they keep three equal channels."""

    arguments = ("factor",)
    coloured = True

    def __init__(self, factor: float = 0.5):
        if not 0 <= factor <= 1:
            raise ArgumentError(f"RandomGrayscale: factor is a probability from 0 to 1; got {factor!r}.")
        self.factor = factor

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Decide for each example."""
        return {"grey": chance.happens(self.factor)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Give each channel the weighted sum of the three."""
        grey = parameters["grey"]
        nothing = np.zeros((len(grey), 3))
        gain = np.where(grey[:, None, None], np.tile(GREY, (3, 1)), np.eye(3))
        return [Linear(gain, nothing, nothing)]

    def describe(self) -> str:
        """Say how often."""
        return _often("takes the colour out of", (self.factor, self.factor))


class RandomHue(Photometric):
    """Turns the hue, forward or back, by up to half the colour circle.

    1.0 is the half circle; one number draws from 0 to it.
    """

    arguments = ("factor", "value_range")
    coloured = True

    def __init__(self, factor: float | tuple[float, float], value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        self._factor = as_range("RandomHue", "factor", factor, symmetric=False)
        check_bounds("RandomHue", "factor", self._factor, 0.0, 1.0, included=True)
        self.value_range = as_value_range("RandomHue", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the turn, and which way."""
        sign = np.where(chance.happens(0.5), -1.0, 1.0)
        return {"turn": 0.5 * sign * chance.uniform(*self._factor)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Turn."""
        turn = parameters["turn"]
        return [HueSaturation(turn, np.ones_like(turn))]

    def describe(self) -> str:
        """Say by how much."""
        return f"turns the hue by up to {180 * self._factor[1]:.3g}°"


class RandomSaturation(Photometric):
    """Makes colours paler or stronger: 0.5 changes nothing, 0 is grey, 1 as strong as can be.

    One number draws from 0 to it. What is drawn, f, multiplies the saturation by f / (1 - f).
    """

    arguments = ("factor", "value_range")
    coloured = True

    def __init__(self, factor: float | tuple[float, float], value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        self._factor = as_range("RandomSaturation", "factor", factor, symmetric=False)
        check_bounds("RandomSaturation", "factor", self._factor, 0.0, 1.0, included=True)
        self.value_range = as_value_range("RandomSaturation", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw by what the saturation is multiplied."""
        factor = chance.uniform(*self._factor)
        return {"gain": factor / (1 - factor + 1e-7)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Multiply."""
        gain = parameters["gain"]
        return [HueSaturation(np.zeros_like(gain), gain)]

    def describe(self) -> str:
        """Say by how much."""
        low, high = (100 * part / (1 - part + 1e-7) for part in self._factor)
        return f"saturation {low:.0f}% to {high:.0f}%" if high < 1e4 else f"saturation from {low:.0f}%"


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


class RandomColorJitter(Photometric):
    """Changes brightness, contrast, saturation and hue, those that are given, in this order.

    The factors are those of RandomBrightness, RandomContrast, RandomSaturation and RandomHue.
    """

    arguments = ("value_range", "brightness_factor", "contrast_factor", "saturation_factor", "hue_factor")

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        brightness_factor: float | tuple[float, float] | None = None,
        contrast_factor: float | tuple[float, float] | None = None,
        saturation_factor: float | tuple[float, float] | None = None,
        hue_factor: float | tuple[float, float] | None = None,
    ):
        self.value_range = as_value_range("RandomColorJitter", value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        kinds: dict[str, Callable[[Any], Photometric]] = {
            "brightness": RandomBrightness,
            "contrast": RandomContrast,
            "saturation": RandomSaturation,
            "hue": RandomHue,
        }
        self._parts: dict[str, Photometric] = {
            name: kind(getattr(self, f"{name}_factor"))
            for name, kind in kinds.items()
            if getattr(self, f"{name}_factor") is not None
        }

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Refuse what one of the four cannot work on.

        Raises:
            ShapeError: no image, or a change of colour without three channels.
        """
        super().check_shape(shape)
        for part in self._parts.values():
            part.check_shape(shape)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw for each of the four."""
        return {
            f"{name}_{key}": value
            for name, part in self._parts.items()
            for key, value in part.draw(chance, shape).items()
        }

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """What the four do, one after the other."""
        found: list[Step] = []
        for name, part in self._parts.items():
            own = {
                key.removeprefix(f"{name}_"): value
                for key, value in parameters.items()
                if key.startswith(f"{name}_")
            }
            found += part.steps(own, channels, low, high)
        return found

    def describe(self) -> str:
        """Say what each part does."""
        return "; ".join(part.describe() for part in self._parts.values()) or "no change of colour"


def _often(what: str, factor: tuple[float, float]) -> str:
    low, high = (f"{100 * part:.3g}%" for part in factor)
    return f"{what} {high} of images" if low == high else f"{what} {low} to {high} of images"
