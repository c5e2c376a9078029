"""Steps of light and colour carried out on images in memory."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from striate.augment.passes import HueSaturation, Linear, Step, Table, full

# OpenCV's functions on pixels take at most four channels.
_CHANNELS = 4


def apply_steps(x: np.ndarray, steps: Sequence[Step], low: float, high: float) -> None:
    """Carry out the steps on images, in place; values stay from `low` to `high`.

    Shape:
        x: (examples, height, width, channels) uint8 or float32, in one piece of memory.
    """
    for step in steps:
        if isinstance(step, Linear):
            _apply_linear(x, step)
        elif isinstance(step, Table):
            _apply_table(x, step, low, high)
        else:
            _apply_hue(x, step, low, high)
        if x.dtype != np.uint8:
            np.clip(x, low, high, out=x)


def channel_means(x: np.ndarray) -> np.ndarray:
    """Average each channel of each image.

    Shape:
        out: (examples, channels) float64.
    """
    channels = x.shape[-1]
    if channels > _CHANNELS:
        return x.mean(axis=(1, 2), dtype=np.float64)
    return np.array([cv2.mean(image)[:channels] for image in x]).reshape(-1, channels)


def _apply_linear(x: np.ndarray, step: Linear) -> None:
    gain, offset = step.settled(channel_means(x) if step.needs_means else None)
    if x.shape[-1] > _CHANNELS:
        # Only colours mix channels, and there are three of them: here each has a factor of its own.
        changed = x * gain[:, None, None].astype(np.float32) + offset[:, None, None].astype(np.float32)
        x[...] = changed if x.dtype != np.uint8 else np.rint(np.clip(changed, 0, 255))
        return
    matrices = np.concatenate([full(gain), offset[:, :, None]], axis=2)
    for image, matrix in zip(x, matrices, strict=True):
        cv2.transform(image, matrix, image)


def _apply_table(x: np.ndarray, step: Table, low: float, high: float) -> None:
    if x.dtype == np.uint8:
        for image, levels in zip(x, step.levels, strict=True):
            image[...] = levels[image]
        return
    for image, levels in zip(x, step.levels, strict=True):
        places = np.clip((image - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
        image[...] = levels[places] * ((high - low) / 255) + low


def _apply_hue(x: np.ndarray, step: HueSaturation, low: float, high: float) -> None:
    for image, turn, gain in zip(x, step.turn.tolist(), step.gain.tolist(), strict=True):
        parts = np.clip((image.astype(np.float32) - low) / (high - low), 0, 1)
        cone = cv2.cvtColor(parts, cv2.COLOR_RGB2HSV)
        cone[..., 0] = (cone[..., 0] + 360 * turn) % 360
        np.minimum(cone[..., 1] * gain, 1, out=cone[..., 1])
        changed = cv2.cvtColor(cone, cv2.COLOR_HSV2RGB) * (high - low) + low
        image[...] = changed if x.dtype != np.uint8 else np.rint(np.clip(changed, 0, 255))
