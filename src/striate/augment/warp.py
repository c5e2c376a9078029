"""All geometric changes of an example as one matrix, and images resampled by it with OpenCV.

A new pixel's value is read at the place in the old image where the matrix points, between its four
neighbours or at the nearest. What lies outside is made up: the edge's value ('nearest'), the image
mirrored with the edge twice ('reflect'), its other end ('wrap'), or a fixed value ('constant').
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from striate.augment.base import Geometric, Parameters
from striate.augment.workers import scratch

_BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
}
_INTERPOLATIONS = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST}
# So many channels OpenCV warps with exact positions; two it rounds to 1/32 of a pixel, more it refuses.
_CHANNELS = (4, 3, 1)

# A margin around an image is worth its while up to this many times the area.
_LARGEST_MARGIN = 2.5


@dataclass(frozen=True)
class Filling:
    """How places between and outside pixels get their values."""

    mode: str = "reflect"
    value: float = 0.0
    interpolation: str = "bilinear"


@dataclass(frozen=True)
class Warp:
    """One resampling of a batch: where each new pixel is read.

    Shape:
        matrices: (examples, 3, 3), from new positions (x, y, 1) to old ones.
    """

    matrices: np.ndarray
    height: int
    width: int
    filling: Filling

    def part(self, start: int, stop: int) -> Warp:
        """The warp for the examples from `start` up to `stop`."""
        return replace(self, matrices=self.matrices[start:stop])


def put_together(
    changes: Sequence[tuple[Geometric, Parameters]], shape: tuple[int, ...], default: Filling
) -> list[Warp]:
    """Multiply the matrices of changes, in order, into one warp; more where fillings differ.

    A change that never looks outside the image, such as a flip, goes with any filling.
    """
    found: list[Warp] = []
    last: Filling | None = None
    for change, parameters in changes:
        matrices = change.matrices(parameters, shape)
        shape = change.output_shape(shape)
        own = _filling(change, default)
        if found and (own is None or last is None or own == last):
            matrices = np.einsum("nij,njk->nik", found.pop().matrices, matrices)
            own = own or last
        found.append(Warp(matrices, shape[0], shape[1], own or default))
        last = own
    return found


def _filling(change: Geometric, default: Filling) -> Filling | None:
    if "fill_mode" not in change.arguments:
        return None
    return Filling(
        default.mode if change.fill_mode is None else change.fill_mode,
        default.value if change.fill_value is None else change.fill_value,
        default.interpolation if change.interpolation is None else change.interpolation,
    )


def warp_images(x: np.ndarray, warp: Warp, out: np.ndarray) -> None:
    """Resample each image into `out`.

    Shape:
        x: (examples, height, width, channels) uint8 or float32, in one piece of memory.
        out: (examples, new height, new width, channels), the same dtype, in one piece too.
    """
    if x.shape[-1] not in _CHANNELS:
        first = 0
        while (left := x.shape[-1] - first) > 0:
            last = first + next(few for few in _CHANNELS if few <= left)
            some = np.ascontiguousarray(x[..., first:last])
            warped = np.empty((*out.shape[:3], last - first), out.dtype)
            warp_images(some, warp, warped)
            out[..., first:last] = warped
            first = last
        return
    if x.shape[-1] == 3 and x.size:
        _warp_coloured(x, warp, out)
    else:
        _resample(x, warp, out)


def _warp_coloured(x: np.ndarray, warp: Warp, out: np.ndarray) -> None:
    """Warp three channels as four, of which the last is thrown away: twice as fast as three are."""
    four = scratch("four channels", (*x.shape[:3], 4), x.dtype)
    warped = scratch("four channels warped", (*out.shape[:3], 4), out.dtype)
    cv2.cvtColor(x.reshape(-1, x.shape[2], 3), cv2.COLOR_RGB2RGBA, four.reshape(-1, x.shape[2], 4))
    _resample(four, warp, warped)
    cv2.cvtColor(warped.reshape(-1, warp.width, 4), cv2.COLOR_RGBA2RGB, out.reshape(-1, warp.width, 3))


def _resample(x: np.ndarray, warp: Warp, out: np.ndarray) -> None:
    flags = _INTERPOLATIONS[warp.filling.interpolation] | cv2.WARP_INVERSE_MAP
    border, value = _BORDERS[warp.filling.mode], (warp.filling.value,) * 4
    size = (warp.width, warp.height)
    around = margins(warp, x.shape[1], x.shape[2])
    # Decided for each image, so that its values do not depend on what else is in the batch.
    flat = (warp.matrices[:, 2] == (0.0, 0.0, 1.0)).all(axis=1)
    matrices = warp.matrices.copy()
    # Places are counted from the margin's first pixel: the shift is a product for perspective's sake.
    matrices[:, 0] += around[:, 2, None] * matrices[:, 2]
    matrices[:, 1] += around[:, 0, None] * matrices[:, 2]
    wider = around.max(axis=1, initial=0) > 0
    for image, matrix, target, margin, pad, is_flat in zip(
        x, matrices, out, around.tolist(), wider.tolist(), flat.tolist(), strict=True
    ):
        if pad:
            above, below, left, right = margin
            image = cv2.copyMakeBorder(image, above, below, left, right, border)
        if is_flat:
            cv2.warpAffine(image, matrix[:2], size, target, flags, border, value)
        else:
            cv2.warpPerspective(image, matrix, size, target, flags, border, value)


def margins(warp: Warp, height: int, width: int) -> np.ndarray:
    """How many pixels around each image are read: above, below, left and right.

    OpenCV is quickest where it need not ask for each pixel whether it lies outside, so images get a
    margin first. None, where the fixed value is what lies outside, which it is quick at, and where
    the margin would be larger than the image.

    Shape:
        out: (examples, 4) int64.
    """
    if warp.filling.mode == "constant" or warp.filling.interpolation == "nearest":
        return np.zeros((len(warp.matrices), 4), np.int64)
    right, low = warp.width - 1, warp.height - 1
    corners = np.array([[0, right, 0, right], [0, 0, low, low], [1, 1, 1, 1]], np.float64)
    places = np.einsum("nij,jk->nik", warp.matrices, corners)
    depth = places[:, 2:]
    places = places[:, :2] / np.where(depth > 0, depth, 1)
    first, last = np.floor(places.min(2)), np.floor(places.max(2)) + 1
    around = np.stack(
        [-first[:, 1], last[:, 1] - (height - 1), -first[:, 0], last[:, 0] - (width - 1)], axis=1
    ).clip(0, None)
    area = (height + around[:, 0] + around[:, 1]) * (width + around[:, 2] + around[:, 3])
    worthwhile = (area <= _LARGEST_MARGIN * height * width) & (depth > 0).all(axis=(1, 2))
    return np.where(worthwhile[:, None], around, 0).astype(np.int64)
