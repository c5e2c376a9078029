"""Images that Pillow alone does not bring whole: more than 8 bits a value, or many bands in a TIFF."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from striate.core.errors import DataError
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.quiet_decoders import one_at_a_time
from striate.datasets.decoding.tiff_codecs import decoded_by_pillow, has_own_decoder

_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Photometric interpretations, by TIFF's own numbers.
_WHITE_IS_ZERO, _RGB, _SEPARATED = 0, 2, 5
_PLAIN_KINDS = (_WHITE_IS_ZERO, 1, _RGB, _SEPARATED)
_ALPHA = (1, 2)
# An axis of more planes than this is not taken for bands.
_MOST_BANDS = 64
# No codec packs tighter than this (deflate's own limit); a file that claims to is not unpacked.
_TIGHTEST = 1100
_LEAST_CLAIM = 16 * 2**20
_ORIENTATION_TAG = 274
_VALUES_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class TiffHeader:
    """What the header of a TIFF says: size, bands, type of its values, and how the bands are meant."""

    height: int
    width: int
    bands: int
    dtype: np.dtype[Any]
    photometric: int
    has_alpha: bool
    in_pages: bool

    @property
    def is_deep(self) -> bool:
        """Whether Pillow alone would lose values or bands."""
        if self.in_pages or self.dtype != np.uint8:
            return True
        # One extra band that is not said to be an alpha is a band of its own.
        known = {_WHITE_IS_ZERO: (1,), 1: (1,), _RGB: (3,), _SEPARATED: (4,)}.get(self.photometric)
        return known is not None and self.bands - self.has_alpha not in known

    @property
    def picture_bands(self) -> int:
        """How many channels the picture has: 1 for grey, 3 for colour of any kind, else the bands."""
        if self.photometric not in _PLAIN_KINDS or (self.photometric == _SEPARATED and self.bands == 4):
            return 3
        return self.bands - self.has_alpha


def is_tiff(content: bytes) -> bool:
    """Whether the bytes begin as a TIFF does."""
    return content[:4] in _TIFF_MARKS


def read_tiff_header(content: bytes) -> TiffHeader:
    """Read what a TIFF says of itself, without decoding it.

    Raises:
        ValueError and its like: the header is damaged.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        return _header(file)


def _header(file: Any) -> TiffHeader:
    page = file.pages.first
    kind, extra = int(page.photometric), [int(sample) for sample in page.extrasamples]
    shape, in_pages = _bands_in_pages(file, page)
    if not in_pages:
        shape = (int(page.imagelength), int(page.imagewidth), int(page.samplesperpixel))
    # Kinds of other than whole bytes, and 12 bits among them, are left to Pillow.
    dtype = np.dtype(page.dtype if page.bitspersample in (16, 32, 64) and page.dtype else np.uint8)
    alpha = not in_pages and bool(extra) and extra[-1] in _ALPHA
    return TiffHeader(*shape, dtype, kind, alpha, in_pages)


def _bands_in_pages(file: Any, page: Any) -> tuple[tuple[int, int, int], bool]:
    """Find bands that are written as one page each; the size as (height, width, bands)."""
    if page.samplesperpixel != 1 or not (file.is_shaped or file.is_imagej or file.is_ome):
        return (0, 0, 0), False
    series = file.series[0]
    size = tuple(int(length) for length in series.shape)
    axis = _band_axis(size, series.axes, file.is_shaped)
    if axis is None:
        return (0, 0, 0), False
    rest = [length for place, length in enumerate(size) if place != axis]
    return (rest[0], rest[1], size[axis]), True


def _band_axis(size: tuple[int, ...], axes: str, is_shaped: bool) -> int | None:
    if len(size) != 3:
        return None
    axis = axes.find("C")
    if axis < 0 and is_shaped and "Q" in axes:
        axis = 0 if size[0] < size[2] else 2
    fits = axis in (0, 2) and 1 < size[axis] <= _MOST_BANDS
    return axis if fits and size[axis] < min(size[1], size[2 - axis]) else None


def array_from_tiff(content: bytes, wanted: ImageInput, most_pixels: int) -> np.ndarray | None:
    """Read the bands of a deep TIFF as bytes, upright; None for one that Pillow reads whole.

    Shape:
        out: (height, width, channels) uint8

    Raises:
        DataError: too large, cut off, or of a kind that is not read.
        ValueError and its like: it is damaged.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        header = _header(file)
        area = header.height * header.width
        if area > most_pixels:
            raise DataError(f"has {header.width:,} x {header.height:,} pixels, more than {most_pixels:,}")
        if not header.is_deep:
            return None
        if header.photometric not in _PLAIN_KINDS or header.dtype.kind not in "biuf":
            raise DataError("is a TIFF of a colour kind or type of values that is not read")
        if header.picture_bands != wanted.channels and {header.picture_bands, wanted.channels} != {1, 3}:
            raise DataError(f"has {header.picture_bands} channels; {wanted.channels} are wanted")
        page = file.pages.first
        _check_complete(page, header, len(content))
        with one_at_a_time(area * header.bands):
            values = _read_values(file, page, header, content)
            turned = upright(values, page.tags.valueof(_ORIENTATION_TAG, default=1))
            return _as_picture(turned, header, wanted)


def values_from_tiff(content: bytes) -> np.ndarray | None:
    """Read a deep TIFF's values as they are, to see how far they go; None for one that Pillow reads whole.

    Shape:
        out: (height, width, bands) in the file's own type
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        header = _header(file)
        if not header.is_deep:
            return None
        _check_complete(file.pages.first, header, len(content))
        return _read_values(file, file.pages.first, header, content)


def _check_complete(page: Any, header: TiffHeader, length: int) -> None:
    """Refuse what the decoder would fill up with zeros: strips that lie outside the file or are empty."""
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    wanted = math.prod(page.chunked)
    if len(strips) < wanted or any(not count or offset + count > length for offset, count in strips):
        raise DataError("is cut off: it ends before its picture data do")
    needed = header.height * header.width * header.bands * header.dtype.itemsize
    if int(page.compression) == 1 and needed > length:
        raise DataError("is cut off: it is shorter than its picture data")
    # A single tile may be declared larger than the picture.
    claimed = max(needed, math.prod(page.chunks) * header.dtype.itemsize)
    if claimed > max(_TIGHTEST * length, _LEAST_CLAIM):
        raise DataError(f"claims {claimed:,} bytes of picture data in a file of {length:,}")


def _read_values(file: Any, page: Any, header: TiffHeader, content: bytes) -> np.ndarray:
    """Give (height, width, bands) in the file's own type."""
    if header.in_pages:
        series = file.series[0]
        axis = _band_axis(tuple(series.shape), series.axes, file.is_shaped)
        return np.moveaxis(series.asarray(maxworkers=1), axis if axis is not None else 0, -1)
    if has_own_decoder(page):
        values = page.asarray(maxworkers=1)
    else:
        values = decoded_by_pillow(page, content)
    values = values.reshape(values.shape if values.ndim == 3 else (*values.shape, 1))
    planar = header.bands > 1 and int(page.planarconfig) == 2
    return np.moveaxis(values, 0, -1) if planar else values


def upright(values: np.ndarray, orientation: Any) -> np.ndarray:
    """Turn (height, width, bands) by a camera's note on how it was held, 1 to 8; others count as 1."""
    number = int(orientation) if orientation in range(1, 9) else 1
    if number >= 5:
        values = values.swapaxes(0, 1)
    # What is left to mirror once rows and columns have changed places.
    down = number in (3, 4, 7, 8)
    across = number in (2, 3, 6, 7)
    return values[:: -1 if down else 1, :: -1 if across else 1]


def _as_picture(values: np.ndarray, header: TiffHeader, wanted: ImageInput) -> np.ndarray:
    colours = values.shape[-1] - header.has_alpha
    pixels = bytes_from_values(values[..., :colours], wanted.value_range)
    if header.photometric == _WHITE_IS_ZERO:
        pixels = 255 - pixels
    if header.photometric == _SEPARATED and colours == 4:
        pixels = np.asarray(Image.fromarray(np.ascontiguousarray(pixels), "CMYK").convert("RGB"))
    if header.has_alpha:
        alpha = values[..., -1:].astype(np.float32) / _top(header.dtype)
        # The rule of three bytes: what shows through is the background's share.
        pixels = np.rint(pixels * alpha + wanted.background * (1 - alpha)).astype(np.uint8)
    return pixels


def _top(dtype: np.dtype[Any]) -> float:
    return 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def bytes_from_values(values: np.ndarray, value_range: tuple[float, float] | None) -> np.ndarray:
    """Map values in a straight line to 0..255; bytes stay as they are, NaN becomes 0.

    Without a range it is the type's own for whole numbers of 16 bits. Wider types have no agreed
    top: there it is 0 to the next of 255, 65535 and the highest value that the image holds.

    >>> bytes_from_values(np.array([0, 2048, 4095], np.uint16), (0, 4095)).tolist()
    [0, 128, 255]
    """
    if values.dtype in (np.uint8, bool):
        return values.astype(np.uint8)
    if value_range is None:
        highest = float(np.nan_to_num(values.max(initial=0), nan=0.0))
        top = 65535.0 if values.dtype.itemsize == 2 and values.dtype.kind == "u" else highest
        value_range = (0.0, 255.0 if top <= 255 else max(top, 65535.0))
    pixels = np.empty(values.shape, np.uint8)
    # Some rows at a time: as floats, all of a large picture would take four times its memory.
    rows = max(1, _VALUES_AT_ONCE // max(1, values[:1].size))
    for top_row in range(0, len(values), rows):
        part = slice(top_row, top_row + rows)
        pixels[part] = _mapped(values[part], *value_range)
    return pixels


def _mapped(values: np.ndarray, low: float, high: float) -> np.ndarray:
    wide = np.nan_to_num(values.astype(np.float32), nan=0.0)
    return np.rint((np.clip(wide, low, high) - low) * np.float32(255 / (high - low))).astype(np.uint8)


def is_deep_png(image: ImageFile.ImageFile) -> bool:
    """Whether an image, opened but not yet decoded, is a colour PNG of 16 bits a channel without alpha."""
    plain = image.format == "PNG" and len(image.tile) == 1 and "transparency" not in image.info
    return plain and image.tile[0].args == "RGB;16B"


def deep_png(image: ImageFile.ImageFile, content: bytes) -> np.ndarray | None:
    """Read a colour PNG of 16 bits a channel whole; None for any other image.

    Pillow keeps the upper byte of each value only, so the picture is decoded a second time with
    the order of the bytes the other way round, which keeps the lower one.

    Shape:
        out: (height, width, 3) uint16
    """
    if not is_deep_png(image):
        return None
    with Image.open(io.BytesIO(content), formats=("PNG",)) as again:
        again.tile = [again.tile[0]._replace(args="RGB;16L")]
        lower = np.asarray(again)
    return (np.asarray(image).astype(np.uint16) << 8) | lower
