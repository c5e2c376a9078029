"""Examples beside copies that were changed at random, as training sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.augment import Augment, example_keys
from striate.core.errors import DataError
from striate.core.shapes import format_shape
from striate.visualize.base import ImagePanel, Line, LinePanel, Sheet

_ROLES = ("signal", "first", "second", "third")


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
    panels = []
    for number in range(len(x)):
        for title, batch in zip(titles, drawn, strict=True):
            note = names[number] if names and title == "original" else ""
            panels.append(_panel(batch[number], title, note, steps, step_label))
    what = "nothing is changed" if augment is None else augment.describe()
    caption = f"Changes: {what}. Every epoch draws new ones; validation and test are left as they are."
    return Sheet("Training examples and random copies", caption, tuple(panels), columns=copies + 1)


def _panel(
    example: np.ndarray, title: str, note: str, steps: np.ndarray | None, step_label: str
) -> ImagePanel | LinePanel:
    if example.ndim == 3:
        # What is neither grey nor colour is shown by its first channel.
        shown = example if example.shape[-1] in (1, 3) else example[..., :1]
        return ImagePanel(shown, title, note)
    place = np.arange(len(example)) if steps is None else steps
    lines = tuple(
        Line(f"channel {channel + 1}", _ROLES[channel % len(_ROLES)], place, example[:, channel])
        for channel in range(example.shape[1])
    )
    return LinePanel(lines, title, note, x_label=step_label)
