"""Examples beside copies that were changed at random, as training sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.augment import Augment, example_keys
from striate.core.errors import DataError
from striate.core.shapes import format_shape
from striate.visualize.base import ImagePanel, Line, LinePanel, Sheet

_ROLES = ("signal", "first", "second", "third")
# Grey and colours.
_AS_THEY_ARE = (1, 3)


def show_augmented(
    examples: Any,
    augment: Augment | None,
    copies: int = 7,
    seed: int = 0,
    names: list[str] | None = None,
    steps: np.ndarray | None = None,
    step_label: str = "step",
) -> Sheet:
    """Show each example and copies of it, each copy with draws of its own.

    Shape:
        examples: (examples, height, width, channels) bytes or 0 to 1, or (examples, steps, channels)
        steps: (steps,) what a signal's steps stand for

    Raises:
        DataError: examples of other axes.
    """
    x = np.asarray(examples)
    if x.ndim not in (3, 4):
        raise DataError(
            "examples to change are images (examples, height, width, channels) or signals (examples, steps, "
            f"channels); got {format_shape(x.shape)}."
        )
    drawn = [x]
    for copy in range(copies):
        keys = example_keys(seed, copy, np.arange(len(x)))
        drawn.append(x if augment is None else np.asarray(augment(x, keys)))
    titles = ["original", *[f"copy {copy}" for copy in range(1, copies + 1)]]
    panels: list[ImagePanel | LinePanel] = []
    for number in range(len(x)):
        row = np.stack([batch[number] for batch in drawn])
        ends = _ends(row)
        for title, example in zip(titles, row, strict=True):
            note = names[number] if names and title == "original" else ""
            if x.ndim == 4:
                panels.append(ImagePanel(_shown(example, ends), title, note))
            else:
                panels.append(_lines(example, title, note, steps, step_label, ends))
    caption = _caption(augment, x)
    return Sheet("Training examples and random copies", caption, tuple(panels), columns=copies + 1)


def _caption(augment: Augment | None, x: np.ndarray) -> str:
    if augment is None:
        caption = "Nothing is changed: every epoch sees the examples as they are."
    else:
        caption = f"Changes: {augment.describe()}. Every epoch draws new ones; "
        caption += "validation and test are left as they are."
    if x.ndim == 4 and x.shape[-1] not in _AS_THEY_ARE:
        caption += f" Of the {x.shape[-1]} bands the first is shown, stretched over its range in each row."
    return caption


def _ends(row: np.ndarray) -> tuple[float, float]:
    """The lowest and highest value that a row shows: an example and its copies have one scale."""
    values = row[..., :1] if row.ndim == 4 else row
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _shown(example: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    if example.shape[-1] in _AS_THEY_ARE:
        return example
    # What is neither grey nor colour is shown by its first band.
    return (example[..., :1].astype(np.float32) - ends[0]) / (ends[1] - ends[0])


def _lines(
    example: np.ndarray,
    title: str,
    note: str,
    steps: np.ndarray | None,
    step_label: str,
    ends: tuple[float, float],
) -> LinePanel:
    place = np.arange(len(example)) if steps is None else steps
    lines = tuple(
        Line(f"channel {channel + 1}", _ROLES[channel % len(_ROLES)], place, example[:, channel])
        for channel in range(example.shape[1])
    )
    return LinePanel(lines, title, note, x_label=step_label, y_limits=ends)
