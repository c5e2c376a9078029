"""Dropout drawn: which units are off, drawn anew at each step."""

from __future__ import annotations

import numpy as np
import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import per_axis
from striate.layers.regularization import Dropout
from striate.visualize.base import Frames, HeatPanel, Sheet


def show_dropout(
    rate: float = 0.5, units: tuple[int, int] = (8, 12), steps: int = 6, seed: int | None = None
) -> Frames:
    """Show which units a `Dropout` layer turns off at each step of training.

    Every unit has the value 1. Those that stay are scaled up by 1 / (1 - rate), so that the sum
    over all stays about the same; the last frame is inference, where nothing is off.

    Raises:
        ArgumentError: a rate outside 0 to 1, no units, or no steps.

    >>> frames = show_dropout(0.5, units=(2, 2), steps=3, seed=1)
    >>> len(frames.frames)
    4
    """
    rows, columns = per_axis(units, 2, "units")
    if steps < 1:
        raise ArgumentError(f"dropout is drawn for at least one step; got {steps}.")
    layer = Dropout(rate, seed=seed)
    ones = torch.ones(1, rows * columns)
    high = 1 / (1 - layer.rate) if layer.rate < 1 else 1.0
    frames = []
    for step in range(1, steps + 1):
        values = layer(ones, training=True)[0].numpy().reshape(rows, columns)
        frames.append(_frame(values, f"Training, step {step}", high))
    frames.append(_frame(layer(ones)[0].numpy().reshape(rows, columns), "Inference", high))
    caption = (
        f"At each step of training every unit is off with probability {layer.rate:g} (dark), and those that "
        f"stay count {high:g} times as much. No unit can rely on another. In inference all are on."
    )
    return Frames(f"Dropout with rate {layer.rate:g}", caption, tuple(frames), seconds=0.8)


def _frame(values: np.ndarray, title: str, high: float) -> Sheet:
    off = int((values == 0).sum())
    panel = HeatPanel(values, scale="positive", low=0.0, high=high, bar=True)
    caption = f"{off} of {values.size} units are off; the values add up to {values.sum():.4g}."
    return Sheet(title, caption, (panel,), columns=1)
