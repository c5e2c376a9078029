"""One image file's bytes, brought to what a network takes: the same function for every use.

Training, evaluation, prediction and serving all come through `decode_image`, so that an image is
the same numbers everywhere.
"""

from __future__ import annotations

import contextlib
import functools
import io
import lzma
import math
import struct
import zlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from striate.core.errors import DataError
from striate.datasets.decoding.deep_images import (
    array_from_tiff,
    bytes_from_values,
    deep_png,
    is_tiff,
    upright,
)
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.quiet_decoders import (
    one_at_a_time,
    quiet_decoders,
    quiet_native_library,
)

# Raised whenever the same file could come out as other numbers: decoded images are made anew then.
DECODER_VERSION = 1

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
# Pictures only: Pillow also opens documents, some by starting other programs. TGA has no mark at
# its beginning by which it could be told, so it comes last.
_FORMATS = (
    *("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO", "ICNS"),
    *("PCX", "SGI", "DDS", "QOI", "XBM", "SPIDER", "MSP", "SUN", "PSD", "TGA"),
)
DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# What decoders raise on damaged files, beyond the errors made for it.
DAMAGE = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error, lzma.LZMAError),
    Image.DecompressionBombError,
)
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Images of more pixels than this are converted in strips of so many.
_LARGE = 4_000_000
_STRIP = 1_000_000


@functools.cache
def known_formats() -> tuple[str, ...]:
    """List the kinds of picture that this build of Pillow reads, in the order in which they are tried."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def decode_image(content: bytes, wanted: ImageInput, most_pixels: int) -> np.ndarray:
    """Decode an image file's bytes: upright, of the wanted size and channels, over the background.

    Of animated files the first frame is taken. JPEG is scaled while decoding, never below the
    wanted size.

    Shape:
        out: (height, width, channels) uint8, 0 to 255

    Raises:
        DataError: why it cannot be used, as a sentence without its subject.
    """
    if not content:
        raise DataError("is empty")
    with quiet_decoders():
        try:
            if is_tiff(content):
                values = array_from_tiff(content, wanted, most_pixels)
                if values is not None:
                    return _fit_bands(values, wanted)
            return _decode(content, wanted, most_pixels)
        except DataError:
            raise
        except UnidentifiedImageError as error:
            raise DataError("is not an image of a kind that is read, or damaged at its start") from error
        except Image.DecompressionBombError as error:
            raise DataError(f"has far more than {most_pixels:,} pixels") from error
        except DAMAGE as error:
            raise DataError(_in_words(error)) from error


def _in_words(error: BaseException) -> str:
    text = str(error)
    if "truncated" in text.lower():
        return "is cut off: it ends before its picture does"
    if isinstance(error, MemoryError):
        return "takes more memory than there is"
    # What decoders say on purpose is worth reading; what they stumble over is not.
    if isinstance(error, OSError | SyntaxError | ValueError) and text:
        return f"is damaged: {text}"
    return "is damaged: its header makes no sense"


def check_area(width: int, height: int, most_pixels: int) -> None:
    """Refuse an image by the size that its header states, before anything is decoded."""
    if width < 1 or height < 1:
        raise DataError(f"has no pixels: {width} x {height}")
    if width * height > most_pixels:
        raise DataError(f"has {width:,} x {height:,} pixels, more than {most_pixels:,}")


def _decode(content: bytes, wanted: ImageInput, most_pixels: int) -> np.ndarray:
    native = quiet_native_library() if is_tiff(content) else contextlib.nullcontext()
    with Image.open(io.BytesIO(content), formats=known_formats()) as image:
        check_area(image.width, image.height, most_pixels)
        if wanted.channels not in (1, 3):
            raise DataError(f"has {min(len(image.getbands()), 3)} channels; {wanted.channels} are wanted")
        is_jpeg = image.format in ("JPEG", "MPO")
        if is_jpeg:
            _check_end(content, _scan_of(content))
            _draft(image, wanted)
        elif image.format == "JPEG2000":
            _check_end(content, content.find(b"\xff\x93") % len(content))
        with one_at_a_time(image.width * image.height), native:
            values = deep_png(image, content)
            if values is not None:
                turned = upright(values, orientation_of(image))
                return _fit_bands(bytes_from_values(turned, wanted.value_range), wanted)
            image.load()
            return _fit(image, wanted, orientation_of(image))


def orientation_of(image: Image.Image) -> int:
    """Say how a camera was held, 1 to 8; a note that cannot be read counts as upright."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except DAMAGE:
        return 1


def _check_end(content: bytes, data: int) -> None:
    """Refuse a JPEG without an end mark after its picture data: the decoder may fill up the rest."""
    # Within the data the mark cannot occur: both kinds of JPEG see to that.
    if data >= 0 and content.find(b"\xff\xd9", data) < 0:
        raise DataError("is cut off: its picture data have no end")


def _scan_of(content: bytes) -> int:
    """Find where a JPEG's picture data begin, behind thumbnails with ends of their own; -1 if nowhere."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        kind = content[place + 1]
        if kind == 0xDA:
            return place
        # Fill bytes and marks without contents.
        if kind == 0xFF:
            place += 1
        elif kind == 0x01 or 0xD0 <= kind <= 0xD8:
            place += 2
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return -1


def _target(wanted: ImageInput, orientation: int) -> tuple[int, int]:
    # The picture is brought to its size as it lies in the file, and turned afterwards.
    turned = orientation in (5, 6, 7, 8)
    return (wanted.height, wanted.width) if turned else (wanted.width, wanted.height)


def _scaled_size(size: tuple[int, int], target: tuple[int, int], fit: str) -> tuple[float, float]:
    if fit == "stretch":
        return target
    ratios = target[0] / size[0], target[1] / size[1]
    ratio = max(ratios) if fit == "crop" else min(ratios)
    return size[0] * ratio, size[1] * ratio


def _draft(image: Image.Image, wanted: ImageInput) -> None:
    least = _scaled_size(image.size, _target(wanted, orientation_of(image)), wanted.fit)
    if wanted.interpolation != "nearest":
        image.draft(
            "L" if wanted.channels == 1 else "RGB", (max(1, math.ceil(least[0])), max(1, math.ceil(least[1])))
        )


def _fit(image: Image.Image, wanted: ImageInput, orientation: int) -> np.ndarray:
    target = _target(wanted, orientation)
    if image.mode in DEEP_MODES:
        image = Image.fromarray(bytes_from_values(np.asarray(image), wanted.value_range))
    picture = _to_plain(image, wanted, _scaled_size(image.size, target, wanted.fit))
    picture = resize(picture, target, wanted)
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
    pixels = np.array(picture, dtype=np.uint8)
    return pixels[..., None] if wanted.channels == 1 else pixels


def _to_plain(image: Image.Image, wanted: ImageInput, least: tuple[float, float]) -> Image.Image:
    """Convert to grey or colour; a large image strip by strip and shrunk, so that it needs little memory."""
    mode = "L" if wanted.channels == 1 else "RGB"
    shrink = int(min(image.width / least[0], image.height / least[1]) / 2)
    if image.mode == mode and "transparency" not in image.info:
        return image
    if image.width * image.height <= _LARGE or shrink < 2 or wanted.interpolation == "nearest":
        return flatten(image, wanted.background).convert(mode)
    rows = max(1, _STRIP // (image.width * shrink)) * shrink
    canvas = Image.new(mode, (math.ceil(image.width / shrink), math.ceil(image.height / shrink)))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        canvas.paste(flatten(strip, wanted.background).convert(mode).reduce(shrink), (0, top // shrink))
    return canvas


def flatten(image: Image.Image, background: int) -> Image.Image:
    """Lay an image with transparent places over the background; others come back as they are."""
    if not image.has_transparency_data and image.mode not in ("La", "RGBa"):
        return image
    # A palette's grey stays grey only by way of RGBA, and premultiplied kinds have no shorter way.
    see_through = image.convert("RGBA") if image.mode != "La" else image.convert("LA").convert("RGBA")
    sheet = Image.new("RGBA", see_through.size, (background, background, background, 255))
    return Image.alpha_composite(sheet, see_through).convert("RGB")


def resize(picture: Image.Image, target: tuple[int, int], wanted: ImageInput) -> Image.Image:
    """Bring a grey or colour picture to (width, height) by the wanted fit."""
    filter_ = RESAMPLING[wanted.interpolation]
    width, height = picture.size
    if wanted.fit == "stretch" or picture.size == target:
        return picture.resize(target, filter_)
    if wanted.fit == "crop":
        wide = min(width, height * target[0] / target[1])
        high = min(height, width * target[1] / target[0])
        left, top = (width - wide) / 2, (height - high) / 2
        box = (left, top, min(left + wide, width), min(top + high, height))
        return picture.resize(target, filter_, box=box)
    scaled = _scaled_size(picture.size, target, "pad")
    inner = max(1, round(scaled[0])), max(1, round(scaled[1]))
    colour = wanted.background if picture.mode == "L" else (wanted.background,) * 3
    canvas = Image.new(picture.mode, target, colour)
    canvas.paste(picture.resize(inner, filter_), ((target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2))
    return canvas


def _fit_bands(values: np.ndarray, wanted: ImageInput) -> np.ndarray:
    """Bring (height, width, channels) of bytes to the wanted size, each channel for itself."""
    if values.shape[2] != wanted.channels:
        # Grey where colour is wanted, or the other way round; nothing else comes this far.
        plain = Image.fromarray(values[..., 0] if wanted.channels == 3 else values)
        values = np.asarray(plain.convert("RGB" if wanted.channels == 3 else "L"))
        values = values.reshape(*values.shape[:2], wanted.channels)
    target = (wanted.width, wanted.height)
    bands = [
        resize(Image.fromarray(np.ascontiguousarray(values[..., band])), target, wanted)
        for band in range(values.shape[2])
    ]
    return np.stack([np.asarray(band) for band in bands], axis=-1)
