"""Layers that move, turn, cut and cover images at random in training, by Keras's names and arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from striate import augment
from striate.core.shapes import Shape
from striate.layers.axes import join_shape, split_shape
from striate.layers.random_change import RandomChange
from striate.ops.resizing import central_crop, largest_fitting, resize

Factor = float | Sequence[float]


class RandomFlip(RandomChange):
    """Turns images over in training, each way with probability one half.

    `mode` is 'horizontal' (left and right change places), 'vertical' or 'horizontal_and_vertical'.
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ):
        super().__init__(augment.RandomFlip(mode), seed, data_format, **options)


class RandomRotation(RandomChange):
    """Turns images about their centre in training; `factor` in turns, positive is counter-clockwise.

    0.1 draws from -36 to 36 degrees, (0, 0.25) from 0 to 90.
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ):
        change = augment.RandomRotation(factor, fill_mode, interpolation, fill_value)
        super().__init__(change, seed, data_format, **options)


class RandomZoom(RandomChange):
    """Zooms images about their centre in training; a positive factor shows more, so smaller.

    Without `width_factor` proportions stay.
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ):
        change = augment.RandomZoom(height_factor, width_factor, fill_mode, interpolation, fill_value)
        super().__init__(change, seed, data_format, **options)


class RandomTranslation(RandomChange):
    """Shifts images in training by fractions of their height and width; positive goes down and right."""

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ):
        change = augment.RandomTranslation(height_factor, width_factor, fill_mode, interpolation, fill_value)
        super().__init__(change, seed, data_format, **options)


class RandomShear(RandomChange):
    """Slants images about their centre in training: rows shift by `x_factor` times their distance from it."""

    def __init__(
        self,
        x_factor: Factor = 0.0,
        y_factor: Factor = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ):
        change = augment.RandomShear(x_factor, y_factor, interpolation, fill_mode, fill_value)
        super().__init__(change, seed, data_format, **options)


class RandomPerspective(RandomChange):
    """Looks at images from another angle in training: each corner moves by up to a quarter of `scale`.

    It happens with a probability from 0 to `factor`, or between two numbers.
    """

    def __init__(
        self,
        factor: Factor = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ):
        change = augment.RandomPerspective(factor, scale, interpolation, fill_value, "constant")
        super().__init__(change, seed, data_format, **options)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = super().get_config()
        del config["fill_mode"]
        return config


class RandomCrop(RandomChange):
    """Cuts a window of `height` by `width` pixels out of images: at random in training, else the middle.

    In inference, and where images are not larger than the window both ways, the largest middle
    part of the window's proportions is taken and brought to its size.

    Shape:
        in (batch, any height, any width, channels), out (batch, height, width, channels).
    """

    change: augment.RandomCrop

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **options: Any,
    ):
        super().__init__(augment.RandomCrop(height, width), seed, data_format, name=name, **options)

    def _unchanged(self, images: torch.Tensor) -> torch.Tensor:
        size = (self.change.height, self.change.width)
        middle = central_crop(images, largest_fitting(images.shape[1], images.shape[2], size))
        if images.dtype.is_floating_point:
            return resize(middle, size, "bilinear")
        return resize(middle.float(), size, "bilinear").round().to(images.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The window's height and width."""
        shape: Any = super().compute_output_shape(input_shape)
        if isinstance(shape, Mapping):
            return shape
        full: Shape = shape if len(shape) == 4 else (None, *shape)
        batch, _, channels = split_shape(full, self.data_format)
        cut = join_shape(batch, (self.change.height, self.change.width), channels, self.data_format)
        return cut if len(shape) == 4 else cut[1:]


class RandomErasing(RandomChange):
    """Covers a rectangle of images in training, with noise unless `fill_value` is given.

    It happens with a probability from 0 to `factor`, or between two numbers; `scale` is from which to
    which part of the area.
    (Zhong et al., "Random erasing data augmentation", 2017.)
    """

    def __init__(
        self,
        factor: Factor = 1.0,
        scale: Factor = (0.02, 0.33),
        fill_value: float | Sequence[float] | None = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ):
        change = augment.RandomErasing(factor, scale, fill_value, value_range)
        super().__init__(change, seed, data_format, **options)
