"""The words of Keras's older image generator, and the changes that only they name.

rotation_range            degrees, both ways
width_shift_range,        a fraction of the side (below 1), pixels (a float from 1 up, or a whole
height_shift_range        number n for whole pixels below n), or a list of pixels to choose from
shear_range               degrees, both ways
zoom_range                z for 1 - z to 1 + z, or two numbers; each axis draws its own
horizontal_flip,          with probability one half
vertical_flip
brightness_range          two numbers to multiply values by
channel_shift_range       what is added to all values, both ways
fill_mode, cval           as `fill_mode` and `fill_value`
rescale, preprocessing_function, samplewise_center, samplewise_std_normalization
                          what happens to each image last; values are float32 afterwards
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.augment.base import Change, Geometric, Parameters, Photometric, as_range
from striate.augment.geometric import RandomFlip, RandomRotation, RandomZoom, about_centre, affine
from striate.augment.keys import Chance
from striate.augment.passes import Step, linear
from striate.augment.photometric import as_value_range
from striate.core.arguments import refuse_unknown
from striate.core.errors import ArgumentError

CHANGING = (
    "rotation_range", "height_shift_range", "width_shift_range", "shear_range", "zoom_range",
    "horizontal_flip", "vertical_flip", "brightness_range", "channel_shift_range",
)  # fmt: skip
FINISHING = ("preprocessing_function", "rescale", "samplewise_center", "samplewise_std_normalization")
FILLING = {"cval": "fill_value"}

# What the older class adds to a standard deviation before it divides by it.
_EPSILON = 1e-6


class RandomSideShift(Geometric):
    """Shifts images along each side by a fraction, by pixels, or by one of a list of pixels.

    A float below 1 is a fraction of the side, one from 1 up is pixels, both ways; a whole number n
    gives whole pixels from 1 - n to n - 1; a list gives one of its numbers, with either sign
    (fractions if all are below 1).
    """

    arguments = ("height_shift", "width_shift")

    def __init__(
        self, height_shift: float | Sequence[float] = 0.0, width_shift: float | Sequence[float] = 0.0
    ):
        self.height_shift, self.width_shift = height_shift, width_shift
        self._sides = [self._checked("height_shift", height_shift), self._checked("width_shift", width_shift)]

    def _checked(self, name: str, value: Any) -> Any:
        numbers = np.asarray(value, dtype=object).ravel()
        if numbers.size == 0 or not all(isinstance(each, (int, float, np.number)) for each in numbers):
            raise ArgumentError(
                f"RandomSideShift: {name} is a number, or a list of pixels to choose from; got {value!r}."
            )
        return numbers.astype(float) if np.ndim(value) else abs(value)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the two shifts in pixels."""
        down, right = (
            self._pixels(chance, side, length) for side, length in zip(self._sides, shape[:2], strict=True)
        )
        return {"down": down, "right": right}

    def _pixels(self, chance: Chance, side: Any, length: int) -> np.ndarray:
        if isinstance(side, np.ndarray):
            sign = np.where(chance.happens(0.5), -1.0, 1.0)
            chosen = sign * side[chance.whole(0, len(side) - 1)]
            return chosen * length if side.max() < 1 else chosen
        if isinstance(side, (int, np.integer)) and side >= 1:
            return chance.whole(1 - int(side), int(side) - 1).astype(np.float64)
        return chance.uniform(-side, side) * (length if side < 1 else 1)

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Look further up and left for what shall move down and right."""
        return affine(len(parameters["down"]), x=-parameters["right"], y=-parameters["down"])


class RandomShearAngle(Geometric):
    """Slants columns by an angle in degrees, both ways, keeping the rows' distance along the slant."""

    arguments = ("degrees",)

    def __init__(self, degrees: float):
        self.degrees = degrees
        self._range = as_range("RandomShearAngle", "degrees", degrees)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw an angle in radians."""
        return {"angle": np.deg2rad(chance.uniform(*self._range))}

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Slant about the centre, as the older class does: rows shorten by the angle's cosine."""
        angle = parameters["angle"]
        # The older class lists rows before columns, so its first coordinate is this one's y.
        return about_centre(affine(len(angle), yx=-np.sin(angle), xx=np.cos(angle)), shape)


class RandomExposure(Photometric):
    """Multiplies all values, measured from the bottom of the range, by one number: 1 changes nothing."""

    arguments = ("factor", "value_range")

    def __init__(self, factor: tuple[float, float], value_range: Sequence[float] = (0, 255)):
        self.factor = factor
        if np.size(factor) != 2:
            raise ArgumentError(f"RandomExposure: factor is two numbers to multiply by; got {factor!r}.")
        self._factor = as_range("RandomExposure", "factor", factor)
        self.value_range = as_value_range("RandomExposure", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the number."""
        return {"gain": chance.uniform(*self._factor)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Multiply."""
        gain = parameters["gain"]
        return [linear(len(gain), channels, gain=gain, offset=low * (1 - gain))]


class RandomChannelShift(Photometric):
    """Adds one number, drawn from `-shift` to `shift` in the values' own unit, to all channels."""

    arguments = ("shift", "value_range")

    def __init__(self, shift: float, value_range: Sequence[float] = (0, 255)):
        self.shift = shift
        self._range = as_range("RandomChannelShift", "shift", shift)
        self.value_range = as_value_range("RandomChannelShift", value_range)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the number."""
        return {"shift": chance.uniform(*self._range)}

    def steps(self, parameters: Parameters, channels: int, low: float, high: float) -> list[Step]:
        """Add."""
        shift = parameters["shift"]
        return [linear(len(shift), channels, offset=shift)]


def changes_from_words(words: Mapping[str, Any]) -> list[Change]:
    """Turn the words that are given and say something into changes, in the older class's order.

    Raises:
        ArgumentError: a word that is not known, or a value that its change refuses.
    """
    refuse_unknown("Augment", words, (*CHANGING, *FINISHING, *FILLING))
    found: list[Change] = []
    if words.get("rotation_range"):
        found.append(RandomRotation(words["rotation_range"] / 360))
    shifts = {side: words.get(f"{side}_range") or 0.0 for side in ("height_shift", "width_shift")}
    if any(np.any(shift) for shift in shifts.values()):
        found.append(RandomSideShift(**shifts))
    if words.get("shear_range"):
        found.append(RandomShearAngle(words["shear_range"]))
    if words.get("zoom_range"):
        low, high = as_range("Augment", "zoom_range", words["zoom_range"])
        limits = (low - 1, high - 1) if np.size(words["zoom_range"]) == 2 else (low, high)
        found.append(RandomZoom(limits, limits))
    if words.get("horizontal_flip"):
        found.append(RandomFlip("horizontal"))
    if words.get("vertical_flip"):
        found.append(RandomFlip("vertical"))
    if words.get("channel_shift_range"):
        found.append(RandomChannelShift(words["channel_shift_range"]))
    if words.get("brightness_range") is not None:
        found.append(RandomExposure(words["brightness_range"]))
    return found


@dataclass(frozen=True)
class Finish:
    """What happens to each image after all changes, in this order; values are float32 afterwards."""

    preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None
    rescale: float | None = None
    samplewise_center: bool = False
    samplewise_std_normalization: bool = False

    @property
    def does_nothing(self) -> bool:
        """Whether none of it was asked for."""
        return not any(
            (
                self.preprocessing_function,
                self.rescale,
                self.samplewise_center,
                self.samplewise_std_normalization,
            )
        )

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Finish a batch.

        Raises:
            ArgumentError: a preprocessing_function that hands back another shape.
        """
        x = x.astype(np.float32)
        if self.preprocessing_function is not None:
            finished = [np.asarray(self.preprocessing_function(example)) for example in x]
            for image in finished:
                if image.shape != x.shape[1:]:
                    raise ArgumentError(
                        f"preprocessing_function must keep an image's shape {x.shape[1:]}; "
                        f"it made {image.shape}."
                    )
            x = np.stack(finished).astype(np.float32) if finished else x
        if self.rescale:
            x = x * np.float32(self.rescale)
        axes = tuple(range(1, x.ndim))
        if self.samplewise_center:
            x = x - x.mean(axis=axes, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (x.std(axis=axes, keepdims=True) + np.float32(_EPSILON))
        return x

    def get_config(self) -> dict[str, Any]:
        """The words that make it again, those that say something.

        Raises:
            ArgumentError: there is a preprocessing_function, which no file can hold.
        """
        if self.preprocessing_function is not None:
            raise ArgumentError(
                "a preprocessing_function cannot be written to a file; "
                "apply it to the data beforehand, or put a layer into the model."
            )
        words = {name: getattr(self, name) for name in FINISHING}
        return {name: value for name, value in words.items() if value}
