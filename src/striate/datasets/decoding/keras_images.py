"""Keras's four functions for single images: load, save, and between Pillow's images and arrays."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from PIL import Image

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import check_choice, format_shape
from striate.datasets.decoding.images import read_image

_MODES = {"rgb": 3, "grayscale": 1}
_FORMATS = ("channels_last", "channels_first")


def load_img(
    path: str | os.PathLike[str],
    color_mode: str = "rgb",
    target_size: int | tuple[int, int] | None = None,
    interpolation: str = "nearest",
) -> Image.Image:
    """Read an image file as a Pillow image, upright and with 8 bits a channel.

    Shape:
        target_size is (height, width) in pixels; without it the image keeps its own size.

    Raises:
        ArgumentError: a colour mode, size or interpolation that there is not.
        FileAccessError, DataError: the file is missing, damaged or no image.
    """
    channels = _MODES[check_choice(color_mode, tuple(_MODES), "color_mode")]
    size = (target_size, target_size) if isinstance(target_size, int) else target_size
    pixels = read_image(path, size, channels, interpolation)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Turn a Pillow image into an array of float32, 0 to 255.

    Shape:
        out (height, width, channels), or (channels, height, width) with 'channels_first'.

    >>> img_to_array(Image.new("L", (4, 2), color=255)).shape
    (2, 4, 1)
    """
    wanted = check_choice(data_format or "channels_last", _FORMATS, "data_format")
    array = np.asarray(img, dtype=dtype or np.float32)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3:
        raise ShapeError(
            f"an image has 2 or 3 axes (height, width, channels); got {format_shape(array.shape)}."
        )
    return np.array(array.transpose(2, 0, 1) if wanted == "channels_first" else array, order="C")


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True) -> Image.Image:
    """Turn an array into a Pillow image; `scale` stretches its values to 0..255.

    Shape:
        x (height, width, channels) with 1, 3 or 4 channels.

    Raises:
        ShapeError: other axes or another number of channels.

    >>> array_to_img(np.zeros((2, 4, 3))).size
    (4, 2)
    """
    wanted = check_choice(data_format or "channels_last", _FORMATS, "data_format")
    array = np.asarray(x, dtype=np.float32)
    if array.ndim == 3 and wanted == "channels_first":
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[-1] not in (1, 3, 4):
        raise ShapeError(
            f"an image has 3 axes (height, width, channels) with 1, 3 or 4 channels; "
            f"got {format_shape(np.shape(x))}."
        )
    if scale:
        array = array - array.min()
        array = array * (255 / array.max()) if array.max() else array
    pixels = np.clip(array, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def save_img(
    path: str | os.PathLike[str],
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
) -> None:
    """Write an array as an image file; the kind of file goes by the suffix or `file_format`.

    Raises:
        ShapeError: an array that is no image.
        ArgumentError: a kind of file that Pillow does not write.
    """
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and str(path).lower().endswith((".jpg", ".jpeg")):
        image = image.convert("RGB")
    try:
        image.save(path, format=file_format)
    except (ValueError, KeyError) as error:
        raise ArgumentError(f"cannot write {os.fspath(path)}: {error}. Name it .png or .jpg.") from error
