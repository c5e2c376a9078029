"""Random rectangles that are filled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from striate.augment.base import Erasing, Parameters, as_range, check_bounds
from striate.augment.keys import Chance
from striate.augment.photometric import as_value_range
from striate.core.errors import ArgumentError


class RandomErasing(Erasing):
    """Fills a rectangle of each image, so that a network does not lean on one part alone.

    `factor` is the probability; of two numbers, or from 0 to one number, each image draws its own.
    `scale` is from which to which part of the area: each side of the rectangle is the image's times
    the root of a number between the two. `fill_value` is a number, one a channel, or None for noise.

    Zhong et al., "Random Erasing Data Augmentation", arXiv:1708.04896; the sides are drawn as in Keras,
    not by proportion and area.

    Raises:
        ArgumentError: a probability or a part outside 0 to 1, or a filling that is neither.
    """

    arguments = ("factor", "scale", "fill_value", "value_range")

    def __init__(
        self,
        factor: float | tuple[float, float] = 1.0,
        scale: float | tuple[float, float] = (0.02, 0.33),
        fill_value: float | Sequence[float] | None = None,
        value_range: Sequence[float] = (0, 255),
    ):
        self.factor, self.scale, self.fill_value = factor, scale, fill_value
        self._factor = as_range("RandomErasing", "factor", factor, symmetric=False)
        self._scale = as_range("RandomErasing", "scale", scale, symmetric=False)
        check_bounds("RandomErasing", "factor", self._factor, 0.0, 1.0, included=True)
        check_bounds("RandomErasing", "scale", self._scale, 0.0, 1.0, included=True)
        self.value_range = as_value_range("RandomErasing", value_range)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Refuse what is no image, or has not as many channels as the filling has numbers.

        Raises:
            ShapeError: no image.
            ArgumentError: another number of channels than of numbers.
        """
        super().check_shape(shape)
        if self.fill_value is not None and np.size(self.fill_value) not in (1, shape[-1]):
            raise ArgumentError(
                f"RandomErasing: fill_value is one number or one for each of {shape[-1]} channels; "
                f"got {self.fill_value!r}."
            )

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw whether, where and how large, and a number from which noise is made."""
        happens = chance.happens(chance.uniform(*self._factor))
        sides = np.sqrt(chance.uniform(*self._scale, size=(2,))) * shape[:2]
        starts = chance.uniform(size=(2,)) * (np.array(shape[:2]) - sides)
        first, last = np.rint(starts).astype(np.int64), np.rint(starts + sides).astype(np.int64)
        boxes = np.concatenate([first, np.where(happens[:, None], last, first)], axis=1)
        return {"boxes": boxes, "noise": chance.bits()}

    def boxes(self, parameters: Parameters) -> np.ndarray:
        """The pixels whose centres lie in the rectangle."""
        return parameters["boxes"]

    def filling(
        self, parameters: Parameters, number: int, shape: tuple[int, ...], low: float, high: float
    ) -> np.ndarray:
        """The fixed values, or noise of mean 0 and the range's top as spread, cut off at the range."""
        if self.fill_value is not None:
            return np.clip(np.broadcast_to(np.asarray(self.fill_value, np.float64), shape), low, high)
        chance = Chance(parameters["noise"][number : number + 1], 0)
        return np.clip(chance.normal(0.0, high, size=shape)[0], low, high)

    def describe(self) -> str:
        """Say how often and how much."""
        return (
            f"erases {100 * self._scale[0]:.3g}% to {100 * self._scale[1]:.3g}% of "
            f"{100 * self._factor[1]:.3g}% of images"
        )
