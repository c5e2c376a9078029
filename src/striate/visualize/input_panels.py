"""Inputs of a network as panels: images as images, many bands as their mean, signals as lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.visualize.base import HeatPanel, ImagePanel, Line, LinePanel

# How the channels of a signal are drawn; more lines in one panel cannot be told apart.
ROLES = ("signal", "first", "second", "third")


def input_panel(
    values: np.ndarray, low: Any, high: Any, first: int = 0, **words: Any
) -> ImagePanel | HeatPanel | LinePanel:
    """Make the panel of one input, whose values lie between `low` and `high`; `words` are title and note.

    `first` is the number of a signal's first step.

    Shape:
        values: (height, width, channels) or (steps, channels)
    """
    if values.ndim == 2 and values.shape[-1] <= len(ROLES):
        places = first + np.arange(len(values), dtype=np.float64)
        names = [
            f"channel {number}" if values.shape[-1] > 1 else "signal" for number in range(values.shape[-1])
        ]
        lines = [Line(name, ROLES[one], places, values[:, one]) for one, name in enumerate(names)]
        return LinePanel(tuple(lines), x_label="step", **words)
    shares = np.clip((values - np.asarray(low)) / (np.asarray(high) - np.asarray(low)), 0, 1)
    if values.ndim == 2:
        return HeatPanel(shares.T, scale="grey", low=0.0, high=1.0, **words)
    if values.shape[-1] in (1, 3):
        return ImagePanel(shares.astype(np.float32), **words)
    return HeatPanel(shares.mean(-1), scale="grey", low=0.0, high=1.0, **words)
