"""Changes of colour: grey, hue, saturation, and all of light and colour at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from striate.augment.base import Parameters, Photometric, as_range, check_bounds
from striate.augment.keys import Chance
from striate.augment.passes import HueSaturation, Linear, Step
from striate.augment.photometric import RandomBrightness, RandomContrast, as_value_range, often_in_words
from striate.core.errors import ArgumentError

# The shares of red, green and blue in grey (ITU-R BT.601).
GREY = (0.2989, 0.5870, 0.1140)


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
        return often_in_words("takes the colour out of", (self.factor, self.factor))


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
