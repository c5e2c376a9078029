"""Attribution by taking parts away: how far a class's score falls when a window of the input is covered."""

from __future__ import annotations

import itertools
from typing import Any

import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import per_axis
from striate.visualize.fill import filled
from striate.visualize.finding import Finding, axes_behind_batch, explain_blanks
from striate.visualize.gradients import Asked

# By default a window spans an eighth of each axis, two values at the least, and moves by half of itself.
_PARTS = 8


def occlusion(asked: Asked, window: Any = None, strides: Any = None, fill: Any = "zero") -> Finding:
    """The fall of the score when a sliding window covers a place, the mean over the windows that do.

    A window that reaches beyond the border is cut off there. All channels are covered together.
    (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014, section 4.2.)

    Raises:
        ArgumentError: a window beyond the input, strides that leave gaps, a fill that does not fit.
    """
    question, target, scale = asked
    axes = tuple(question.x.shape[1:-1])
    sizes, steps = _window(axes, window, strides)
    cover = filled(question.x, fill)
    starts = [_starts(length, size, step) for length, size, step in zip(axes, sizes, steps, strict=True)]
    before = question.chosen_in_batches(question.x, target)
    total = torch.zeros(question.x.shape[:-1], device=question.x.device)
    covered = torch.zeros_like(total[0])
    places = list(itertools.product(*starts))
    together = max(1, question.batch_size // len(question.x))
    for first in range(0, len(places), together):
        masks = torch.stack([_mask(covered, place, sizes) for place in places[first : first + together]])
        # Windows first, then examples: every example is seen with the same window.
        hidden = torch.where(masks[:, None, ..., None], cover, question.x)
        after = question.chosen_in_batches(hidden.flatten(0, 1), target.repeat(len(masks)))
        falls = before - after.reshape(len(masks), -1)
        total += torch.einsum("wn,w...->n...", falls, masks.to(falls.dtype)).to(total.dtype)
        covered += masks.sum(0)
    values = total / covered
    effect = values.abs().amax(axes_behind_batch(values))
    why = "no single window matters to the score. A larger window, or another fill, may."
    blank = explain_blanks(effect, scale, "the fall of the score", why)
    what = " × ".join(map(str, sizes)) + (" values" if len(sizes) == 1 else " pixels")
    return Finding(values, blank, notes=(f"a window of {what}, {len(places)} places",))


def _window(axes: tuple[int, ...], window: Any, strides: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if window is None:
        window = tuple(min(length, max(2, round(length / _PARTS))) for length in axes)
    sizes = per_axis(window, len(axes), "window")
    if any(size > length for size, length in zip(sizes, axes, strict=True)):
        raise ArgumentError(f"a window of {sizes} does not fit into an input of {axes}.")
    steps = (
        tuple(max(1, size // 2) for size in sizes)
        if strides is None
        else per_axis(strides, len(axes), "strides")
    )
    if any(step > size for step, size in zip(steps, sizes, strict=True)):
        raise ArgumentError(
            f"strides of {steps} leave gaps between windows of {sizes}: take smaller strides."
        )
    return sizes, steps


def _starts(length: int, size: int, step: int) -> range:
    """Where windows begin, so that the last one reaches the end."""
    return range(0, length - size + step, step)


def _mask(like: torch.Tensor, place: tuple[int, ...], sizes: tuple[int, ...]) -> torch.Tensor:
    mask = torch.zeros_like(like, dtype=torch.bool)
    mask[tuple(slice(start, start + size) for start, size in zip(place, sizes, strict=True))] = True
    return mask
