"""Single image files as arrays of bytes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from striate.core.errors import ArgumentError, DataError, FileAccessError, add_context
from striate.datasets.decoding.decode import (
    DAMAGE,
    DEEP_MODES,
    RESAMPLING,
    decode_image,
    flatten,
    known_formats,
)
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.quiet_decoders import quiet_decoders

MOST_PIXELS = 50_000_000


def read_image(
    path: str | os.PathLike[str],
    size: tuple[int, int] | None = None,
    channels: int = 3,
    interpolation: str = "bilinear",
    background: int = 255,
) -> np.ndarray:
    """Read an image file, upright, as bytes.

    A camera's note on how it was held is obeyed. Transparent places show the `background`
    (0 black to 255 white). 16-bit pixels are scaled down to 8 bits.

    Shape:
        out: (height, width, channels) uint8, 0 to 255; `size` is (height, width), and without
            it the image keeps its own; `channels` is 1 (grey) or 3 (red, green, blue)

    Raises:
        ArgumentError: a size, channel count or interpolation that cannot work.
        FileAccessError: the file is missing or cannot be read.
        DataError: the file is no image, damaged, or larger than 50 million pixels, by name.
    """
    place = Path(path)
    _check_arguments(size, channels, interpolation)
    if place.is_dir():
        raise FileAccessError(f"expected an image but {place} is a folder.")
    try:
        with quiet_decoders(), Image.open(place, formats=known_formats()) as image:
            _check_area(image, place)
            eight_bit = _to_eight_bits(ImageOps.exif_transpose(image), background)
            picture = eight_bit.convert("L" if channels == 1 else "RGB")
    except UnidentifiedImageError as error:
        raise DataError(f"{place} is not an image of a kind that Striate reads (PNG, JPEG, ...).") from error
    except FileNotFoundError as error:
        raise FileAccessError(f"there is no image {place} (seen from {Path.cwd()}).") from error
    except PermissionError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror}.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(place, "far more") from error
    except DataError:
        raise
    except DAMAGE as error:
        raise DataError(f"{place} is damaged: {error}. Take another copy of it, or leave it out.") from error
    if size is not None:
        picture = picture.resize((size[1], size[0]), RESAMPLING[interpolation])
    pixels = np.array(picture, dtype=np.uint8)
    return pixels[..., None] if channels == 1 else pixels


def read_as(
    content: bytes | str | os.PathLike[str],
    image_input: ImageInput,
    most_pixels: int = MOST_PIXELS,
    name: str | None = None,
) -> np.ndarray:
    """Read an image, a file's bytes or its path, as a network takes it; `name` is for messages.

    Training, evaluation, prediction and serving all read by this, so that the same file gives
    the same bytes everywhere.

    Shape:
        out: (height, width, channels) uint8, 0 to 255, as `image_input` says

    Raises:
        FileAccessError: the file is missing or cannot be read.
        DataError: it is no image, damaged, too large or of other channels, with its name.
    """
    if not isinstance(content, bytes):
        name = name or str(content)
        try:
            content = Path(content).read_bytes()
        except OSError as error:
            raise FileAccessError(f"cannot read the image {name}: {error.strerror or error}.") from error
    try:
        return decode_image(content, image_input, most_pixels)
    except DataError as error:
        raise add_context(error, name or "the image") from error.__cause__


def _check_arguments(size: tuple[int, int] | None, channels: int, interpolation: str) -> None:
    if channels not in (1, 3):
        raise ArgumentError(f"channels must be 1 (grey) or 3 (red, green, blue); got {channels!r}.")
    if interpolation not in RESAMPLING:
        raise ArgumentError(f"interpolation must be one of {', '.join(RESAMPLING)}; got {interpolation!r}.")
    if size is not None and (len(size) != 2 or min(size) < 1 or size[0] * size[1] > MOST_PIXELS):
        raise ArgumentError(f"size is (height, width) in pixels; got {size!r}.")


def _check_area(image: Image.Image, place: Path) -> None:
    # The header says the size; nothing has been decoded yet.
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(place, f"{image.width:,} x {image.height:,}")


def _too_large(place: Path, size: str) -> DataError:
    return DataError(
        f"{place} has {size} pixels; Striate reads images up to {MOST_PIXELS:,}. Make it smaller first."
    )


def _to_eight_bits(image: Image.Image, background: int) -> Image.Image:
    if image.mode in ("I", "F"):
        return Image.fromarray(_stretch(np.asarray(image).astype(np.float64)))
    if image.mode in DEEP_MODES:
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    return flatten(image, background)


def _stretch(values: np.ndarray) -> np.ndarray:
    # 32-bit pixels have no agreed top: bytes stay as they are, 16-bit values lose their low byte.
    highest = float(values.max(initial=0))
    if highest > 255:
        values = values / 256 if highest <= 65535 else values * (255 / highest)
    return np.clip(values, 0, 255).astype(np.uint8)
