"""How images of a folder become one shape: chosen from the headers of some of them, and said."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from striate.core.errors import ArgumentError, DataError, FileAccessError, FileFormatError
from striate.datasets.decoding.decode import DAMAGE, DEEP_MODES, known_formats, orientation_of
from striate.datasets.decoding.deep_images import (
    deep_png,
    is_deep_png,
    is_tiff,
    read_tiff_header,
    values_from_tiff,
)
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.quiet_decoders import quiet_decoders, quiet_native_library
from striate.datasets.folders.places import Place
from striate.datasets.options import SourceOptions

# How many files are looked at, and of those of more than 8 bits how many are decoded for their range.
_LOOKED_AT = 200
_MEASURED = 24
# Images all of one size up to this stay as they are.
_LARGEST_KEPT = 256
_SIDES = (128, 96, 64, 48, 32, 28)
_TOPS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)


@dataclass(frozen=True)
class _Look:
    """What a header says; `size` is (height, width) upright, `deep` if bytes do not hold it."""

    place: Place
    size: tuple[int, int]
    channels: int
    deep: bool


def choose_image_input(places: Sequence[Place], options: SourceOptions) -> tuple[ImageInput, str]:
    """Choose how these images become one shape, from the headers of 200 of them, and say why.

    What `options` say is taken, all of it where they hold a trained network's input. Otherwise
    images of one common size up to 256 keep it, others become squares of a usual side no longer
    than the median's shorter one and 128 at the most; images are grey if all of them are, and keep
    the bands of their TIFFs. Files of more than 8 bits a value share one range of values, so that
    an image means the same on another day.

    Raises:
        DataError: none of them can be read, with the first reason.
        ArgumentError: options that cannot work.
    """
    given = options.image_input
    if given is not None:
        return given, f"Images become {given.height} x {given.width}, as the network takes them."
    looks, reason = _look_at(places)
    if not looks:
        raise DataError(f"none of the {len(places)} images can be read; the first one {reason}.")
    _check_channels(options.channels, {look.channels for look in looks})
    size, why_size = _choose_size([look.size for look in looks], options.size)
    channels, why_channels = _choose_channels(Counter(look.channels for look in looks), options.channels)
    value_range, why_range = _choose_range(
        [look.place for look in looks if look.deep and look.size[0] * look.size[1] <= options.most_pixels]
    )
    chosen = ImageInput(
        *size, channels, options.fit or "crop", options.interpolation or "bilinear", value_range=value_range
    )
    fitting = {"crop": "longer sides are cropped", "pad": "shorter sides are padded", "stretch": "stretched"}
    parts = [
        f"{chosen.height} x {chosen.width} ({why_size})",
        f"{channels} channel{'s' if channels > 1 else ''} ({why_channels})",
    ]
    if any(look.size[0] * chosen.width != look.size[1] * chosen.height for look in looks):
        parts.append(fitting[chosen.fit])
    return chosen, "Images become " + ", ".join(parts + why_range) + "."


def _check_channels(wanted: int | None, found: set[int]) -> None:
    bands = sorted(found - {1, 3})
    if wanted is not None and wanted not in (1, 3, *bands):
        more = "".join(f", {count} for the bands of these files" for count in bands)
        raise ArgumentError(f"channels is 1 for grey or 3 for colour{more}; got {wanted}.")


def _look_at(places: Sequence[Place]) -> tuple[list[_Look], str]:
    """Read the headers of a spread sample; of bad files the first one's reason is kept."""
    picked = np.unique(np.linspace(0, len(places) - 1, min(len(places), _LOOKED_AT)).astype(int))
    chosen = sorted((places[index] for index in picked), key=lambda place: place.order)
    looks, reason = [], "is not there"
    with quiet_decoders():
        for place in chosen:
            try:
                looks.append(_look(place))
            except (FileAccessError, FileFormatError) as error:
                reason = str(error)
            except DAMAGE:
                reason = "is not an image, or damaged"
    return looks, reason


def _look(place: Place) -> _Look:
    content = place.read()
    if is_tiff(content):
        header = read_tiff_header(content)
        if header.is_deep:
            deep = header.dtype != np.uint8
            return _Look(place, (header.height, header.width), header.picture_bands, deep)
    with Image.open(io.BytesIO(content), formats=known_formats()) as image:
        # Asked for a note that it does not have, a PNG would decode its picture to look behind it.
        turned = (image.format != "PNG" or "exif" in image.info) and orientation_of(image) >= 5
        size = (image.width, image.height) if turned else (image.height, image.width)
        deep = image.mode in DEEP_MODES or is_deep_png(image)
        return _Look(place, size, 1 if _is_grey(image) else 3, deep)


def _is_grey(image: Image.Image) -> bool:
    if image.mode == "P":
        colours = np.array(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        return bool((colours == colours[:, :1]).all())
    return image.mode in ("1", "L", "LA", "La", *DEEP_MODES)


def _choose_size(sizes: list[tuple[int, int]], wanted: tuple[int, int] | None) -> tuple[tuple[int, int], str]:
    if wanted is not None:
        return wanted, "as asked for"
    if len(set(sizes)) == 1 and max(sizes[0]) <= _LARGEST_KEPT:
        return sizes[0], "as all of them are"
    shorter = int(np.median([min(size) for size in sizes]))
    side = next((side for side in _SIDES if side <= shorter), shorter)
    alike = len(set(sizes)) == 1
    found = f"all are {sizes[0][0]} x {sizes[0][1]}" if alike else f"their median's shorter side is {shorter}"
    return (side, side), found


def _choose_channels(found: Counter[int], wanted: int | None) -> tuple[int, str]:
    if wanted is not None:
        return wanted, "as asked for"
    if set(found) == {1}:
        return 1, "all are grey"
    if set(found) <= {1, 3}:
        return 3, "colour"
    channels = found.most_common(1)[0][0]
    return channels, "the bands of their files"


def _choose_range(places: list[Place]) -> tuple[tuple[float, float] | None, list[str]]:
    """Choose what becomes 0 and 255 in files of more than 8 bits: the least usual top that holds them all."""
    step = max(1, len(places) // _MEASURED)
    ends = [found for place in places[::step] if (found := _measure(place)) is not None]
    if not ends:
        return None, []
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    whole = all(end[2] for end in ends)
    if whole and low >= 0 and high <= _TOPS[-1]:
        low, high = 0.0, next(top for top in _TOPS if high <= top)
    elif low >= high:
        high = low + 1
    return (low, high), [f"values {low:g} to {high:g} become 0 to 255"]


def _measure(place: Place) -> tuple[float, float, bool] | None:
    """Find the lowest and highest value in a file, and whether they are whole numbers; None if damaged."""
    with quiet_decoders():
        try:
            values = _values(place.read())
        except (*DAMAGE, FileAccessError, FileFormatError):
            return None
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    return float(finite.min()), float(finite.max()), values.dtype.kind in "iu"


def _values(content: bytes) -> np.ndarray:
    values = values_from_tiff(content) if is_tiff(content) else None
    if values is not None:
        return values
    native = quiet_native_library() if is_tiff(content) else contextlib.nullcontext()
    with Image.open(io.BytesIO(content), formats=known_formats()) as image, native:
        values = deep_png(image, content)
        return np.asarray(image) if values is None else values
