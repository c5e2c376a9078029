"""Resampling written as plain NumPy, from its definition."""

from __future__ import annotations

import numpy as np


def outside(places: np.ndarray, length: int, mode: str) -> np.ndarray:
    """Where a place outside 0 .. length - 1 takes its value from; -1 for nowhere."""
    if mode == "constant":
        return np.where((places >= 0) & (places < length), places, -1)
    if mode == "nearest":
        return places.clip(0, length - 1)
    if mode == "wrap":
        return places % length
    turned = places % (2 * length)
    return np.minimum(turned, 2 * length - 1 - turned)


def value_at(image: np.ndarray, y: np.ndarray, x: np.ndarray, mode: str, value: float) -> np.ndarray:
    """The values at whole places, inside or outside."""
    rows, columns = outside(y, image.shape[0], mode), outside(x, image.shape[1], mode)
    found = image[rows, columns].astype(np.float64)
    found[(rows < 0) | (columns < 0)] = value
    return found


def warped(
    image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], mode: str, value: float = 0.0
) -> np.ndarray:
    """Read each new pixel between the four neighbours of the place that the matrix gives."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float64)
    px, py, scale = (row[0] * x + row[1] * y + row[2] for row in matrix)
    px, py = px / scale, py / scale
    left, top = np.floor(px).astype(int), np.floor(py).astype(int)
    right, down = (px - left)[..., None], (py - top)[..., None]
    upper = value_at(image, top, left, mode, value) * (1 - right)
    upper += value_at(image, top, left + 1, mode, value) * right
    lower = value_at(image, top + 1, left, mode, value) * (1 - right)
    lower += value_at(image, top + 1, left + 1, mode, value) * right
    return upper * (1 - down) + lower * down
