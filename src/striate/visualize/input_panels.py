"""Inputs of a network as panels: images as images, signals as lines, many channels of these as heat."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.visualize.base import HeatPanel, ImagePanel, Line, LinePanel
from striate.visualize.example import shown_bands

# How the channels of a signal are drawn; more lines in one panel cannot be told apart.
ROLES = ("signal", "first", "second", "third")


def input_panel(
    values: np.ndarray, low: Any, high: Any, first: int = 0, y_limits: Any = None, **words: Any
) -> ImagePanel | HeatPanel | LinePanel:
    """Make the panel of one input, whose values lie between `low` and `high`; `words` are title and note.

    `first` is the number of a signal's first step, `y_limits` the ends of its vertical axis. What
    is NaN lies beyond the input: a gap in a line, hatched in an image.

    Shape:
        values: (height, width, channels) or (steps, channels)
    """
    if values.ndim == 2 and values.shape[-1] <= len(ROLES):
        places = first + np.arange(len(values), dtype=np.float64)
        names = [
            f"channel {number}" if values.shape[-1] > 1 else "signal" for number in range(values.shape[-1])
        ]
        lines = [Line(name, ROLES[one], places, values[:, one]) for one, name in enumerate(names)]
        return LinePanel(tuple(lines), x_label="step", y_limits=y_limits, **words)
    shares = np.clip((values - np.asarray(low)) / (np.asarray(high) - np.asarray(low)), 0, 1)
    if values.ndim == 2:
        return HeatPanel(shares.T, scale="grey", low=0.0, high=1.0, **words)
    return ImagePanel(_hatched(shown_bands(shares)).astype(np.float32), **words)


def _hatched(pixels: np.ndarray) -> np.ndarray:
    """Draw stripes where there is no value: what is not there must not look like a colour."""
    rows, columns = np.indices(pixels.shape[:2])
    stripes = np.where((rows + columns) % 3 == 0, 0.62, 0.88)[..., None]
    drawn: np.ndarray = np.where(np.isnan(pixels), stripes, pixels)
    return drawn
