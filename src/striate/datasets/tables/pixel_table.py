"""Tables whose columns are the pixels of an image: when a row is one, and of which size."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.core.errors import DataError
from striate.core.shapes import Shape, format_shape

_PIXEL = re.compile(
    r"(pixel|px|p|pix)[ _.-]?\d+|\d+ ?x ?\d+|pixel[ _.-]\d+[ _.-]\d+([ _.-]\d+)?", re.IGNORECASE
)
_LEAST_SIDE = 8


@dataclass(frozen=True)
class PixelTable:
    """The shape of the images that rows are, and why they are taken for images."""

    shape: Shape
    reason: str


def find_pixels(x: np.ndarray, headers: Sequence[str] | None, kind: str | None) -> PixelTable | None:
    """Say whether rows are images: their columns are called pixels, or they are bytes of a square.

    Shape:
        x: (rows, columns)

    Raises:
        DataError: columns are called pixels, or a person says so, but their number is no square
            of one or three channels.
    """
    if kind == "signal":
        return None
    count = x.shape[1]
    named = headers is not None and all(_PIXEL.fullmatch(header.strip()) for header in headers)
    shape = _square(count)
    if kind == "image" or (named and count >= _LEAST_SIDE):
        if shape is None:
            raise DataError(
                f"rows of {count} numbers are no square image of one or three channels. Give images as .npz, "
                "or read the rows as signals with kind='signal'."
            )
        why = "the columns are called pixels" if named else "as asked for"
        return PixelTable(shape, why)
    if headers is None and shape is not None and shape[0] >= _LEAST_SIDE and _are_bytes(x):
        return PixelTable(
            shape,
            f"rows of {count} whole numbers from 0 to 255 were taken for images of {format_shape(shape)}; "
            "kind='signal' reads them as signals",
        )
    return None


def as_images(x: np.ndarray, shape: Shape) -> np.ndarray:
    """Fold rows into images, as bytes where they are.

    Shape:
        x: (rows, columns); out: (rows, height, width, channels) uint8, or float32 where values have fractions
    """
    images = x.reshape(len(x), *shape)
    return images.astype(np.uint8) if _are_bytes(x) else images


def _square(count: int) -> tuple[int, int, int] | None:
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if side * side * channels == count and side > 1:
            return side, side, channels
    return None


def _are_bytes(x: np.ndarray) -> bool:
    if not len(x) or x.min() < 0 or x.max() > 255 or x.max() <= 1:
        return False
    return bool((x == np.floor(x)).all())
