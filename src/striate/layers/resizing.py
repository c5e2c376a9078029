"""Layers that give images another height and width."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import Shape, check_choice, per_axis
from striate.layers.axes import (
    axes_of,
    check_data_format,
    from_channels_last,
    join_shape,
    split_shape,
    to_channels_last,
)
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec
from striate.ops.resizing import INTERPOLATIONS, central_crop, largest_fitting, resize, surrounded


class ImageSize(Layer):
    """The common part of the layers that make every image `height` by `width` pixels.

    Shape:
        in (batch, any height, any width, channels), out (batch, height, width, channels);
        channels second with `data_format='channels_first'`.

    Raises:
        ArgumentError: sizes below 1.
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **options: Any):
        super().__init__(**options)
        self.height = per_axis(height, 1, "height")[0]
        self.width = per_axis(width, 1, "width")[0]
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(axes_of(2, self.data_format))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the output."""
        return self.height, self.width

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: with the height and width asked for."""
        batch, _, channels = split_shape(input_shape, self.data_format)
        return join_shape(batch, self.size, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        sizes = {"height": self.height, "width": self.width, "data_format": self.data_format}
        return {**super().get_config(), **sizes}


class Resizing(ImageSize):
    """Draws images anew with `height` rows and `width` columns.

    Proportions change, unless `crop_to_aspect_ratio` cuts the middle out first or
    `pad_to_aspect_ratio` puts a border of `fill_value` around. Whole numbers (uint8 pixels)
    come out as whole numbers, rounded. `antialias` keeps what becomes smaller from flickering.

    Shape:
        in (batch, any height, any width, channels), out (batch, height, width, channels).

    Raises:
        ArgumentError: an unknown interpolation or fill_mode, both ways to keep proportions at once.

    >>> import numpy as np
    >>> Resizing(8, 8)(np.zeros((1, 30, 20, 3))).shape
    torch.Size([1, 8, 8, 3])
    """

    casts_input = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **options: Any,
    ):
        super().__init__(height, width, data_format, **options)
        self.interpolation = check_choice(interpolation, INTERPOLATIONS, "interpolation")
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = (
            bool(crop_to_aspect_ratio),
            bool(pad_to_aspect_ratio),
        )
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ArgumentError(
                f"{self._label()}: proportions are kept by crop_to_aspect_ratio or by pad_to_aspect_ratio, "
                "not by both."
            )
        self.fill_mode = check_choice(fill_mode, ("constant",), "fill_mode")
        self.fill_value, self.antialias = float(fill_value), bool(antialias)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Crop or surround if asked to, then resize."""
        given = inputs.dtype
        images = to_channels_last(
            inputs if given.is_floating_point else inputs.to(self.dtype), self.data_format
        )
        if self.crop_to_aspect_ratio:
            images = central_crop(images, largest_fitting(images.shape[1], images.shape[2], self.size))
        elif self.pad_to_aspect_ratio:
            images = surrounded(images, self.size, self.fill_value)
        images = from_channels_last(
            resize(images, self.size, self.interpolation, self.antialias), self.data_format
        )
        if given.is_floating_point:
            return images
        limits = torch.iinfo(given)
        return images.round().clamp(limits.min, limits.max).to(given)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "antialias": self.antialias,
        }


class CenterCrop(ImageSize):
    """Cuts the middle out of images; smaller ones are cut to its proportions and then enlarged.

    Shape:
        in (batch, any height, any width, channels), out (batch, height, width, channels).

    >>> import numpy as np
    >>> CenterCrop(1, 2)(np.arange(12.0).reshape(1, 3, 4, 1)).flatten().tolist()
    [5.0, 6.0]
    """

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Cut, or cut to proportions and resize."""
        images = to_channels_last(inputs, self.data_format)
        height, width = images.shape[1:3]
        if height >= self.height and width >= self.width:
            images = central_crop(images, self.size)
        else:
            images = central_crop(images, largest_fitting(height, width, self.size))
            images = resize(images, self.size, "bilinear")
        return from_channels_last(images, self.data_format)
