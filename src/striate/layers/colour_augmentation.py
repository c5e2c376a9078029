"""Layers that change light and colour of images at random in training, by Keras's names and arguments.

`value_range` is where the values of float images lie; bytes always lie from 0 to 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from striate import augment
from striate.augment.base import Change
from striate.layers.random_change import RandomChange

Factor = float | Sequence[float]


class ValueChange(RandomChange):
    """The common part of the layers with one factor and a range of values, in Keras's order."""

    kind: ClassVar[Any]

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **options: Any,
    ):
        change: Change = self.kind(factor, value_range)
        super().__init__(change, seed, **options)


class RandomBrightness(ValueChange):
    """Makes images lighter or darker in training: adds up to `factor` (0 to 1) of the range."""

    kind = augment.RandomBrightness


class RandomContrast(ValueChange):
    """Brings values nearer to their channel's mean in training, or further from it.

    0.2 multiplies distances by 0.8 to 1.2, (0.5, 0.1) by 0.5 to 1.1.
    """

    kind = augment.RandomContrast


class ColourChange(RandomChange):
    """The common part of the layers whose seed comes last in Keras's order."""

    kind: ClassVar[Any]

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ):
        change: Change = self.kind(factor, value_range)
        super().__init__(change, seed, data_format, **options)


class RandomHue(ColourChange):
    """Turns the hue in training by up to half the colour circle, which is 1."""

    kind = augment.RandomHue


class RandomSaturation(ColourChange):
    """Makes colours paler or stronger in training: 0.5 changes nothing, 0 is grey, 1 as strong as can be."""

    kind = augment.RandomSaturation


class RandomPosterization(ColourChange):
    """Keeps only the upper bits of each value in training; `factor` is how many, 1 to 8."""

    kind = augment.RandomPosterization


class RandomInvert(RandomChange):
    """Turns images into their negatives in training, with a probability from 0 to `factor`."""

    def __init__(
        self,
        factor: Factor = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ):
        super().__init__(augment.RandomInvert(factor, value_range), seed, data_format, **options)


class RandomGrayscale(RandomChange):
    """Takes the colour out of images in training with probability `factor`; they keep three channels."""

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ):
        super().__init__(augment.RandomGrayscale(factor), seed, data_format, **options)


class RandomColorJitter(RandomChange):
    """Changes brightness, contrast, saturation and hue in training, those that are given, in this order."""

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        brightness_factor: Factor | None = None,
        contrast_factor: Factor | None = None,
        saturation_factor: Factor | None = None,
        hue_factor: Factor | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ):
        change = augment.RandomColorJitter(
            value_range, brightness_factor, contrast_factor, saturation_factor, hue_factor
        )
        super().__init__(change, seed, data_format, **options)
