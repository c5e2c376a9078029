"""The window sliding over the input, sum after sum, as an animation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from striate.core.errors import ArgumentError
from striate.visualize.base import AnyPanel, Frames, HeatPanel, Line, LinePanel, Sheet, TablePanel
from striate.visualize.drawing.numbers import number_text, texts_that_agree
from striate.visualize.explained_sum import LayerSums, kernel_sums
from striate.visualize.sum_sheet import ExplainedSum, input_panel

# Outputs up to this size have their numbers written in; sums up to so many terms are spelled out.
WRITTEN, SPELLED = 7, 9


def slide(
    model_or_kernel: Any,
    image: Any,
    layer: Any = None,
    filter: int = 0,
    *,
    strides: int = 1,
    padding: str = "valid",
    dilation: int = 1,
    flip: bool = False,
    most: int = 36,
    seconds: float = 0.5,
) -> Frames:
    """Show the window sliding over the input: at each place the products, and the output filling up.

    The arguments are those of `sum_at`. Of large outputs `most` places are shown, spread evenly;
    the output fills up all the same. Of several channels the one is drawn whose weights are the
    largest, and the output is that of all.

    Raises:
        ArgumentError: as `sum_at`; no places.
        UnknownNameError: no such layer or kernel.

    >>> frames = slide([[0, 1], [2, 3]], np.arange(9).reshape(3, 3))
    >>> len(frames.frames), frames.frames[0].caption
    (4, '0 × 0 + 1 × 1 + 3 × 2 + 4 × 3 = 19')
    """
    if most < 1:
        raise ArgumentError(f"an animation has at least one frame; got most={most}.")
    if isinstance(model_or_kernel, nn.Module):
        if layer is None:
            raise ArgumentError("slide takes the layer as well: its name, or its number.")
        sums = LayerSums(model_or_kernel, image, layer)
    else:
        sums = kernel_sums(model_or_kernel, image, strides, padding, dilation, flip)
    if not sums.places:
        raise ArgumentError(f"the output of layer {sums.name!r} has no places for a window to slide to.")
    values = [sums.at(filter, *place) for place in np.ndindex(*sums.places)]
    totals = np.array([value.total for value in values]).reshape(sums.places)
    # What cancels out is 0, not the rounding that is left of it.
    totals[np.abs(totals) < 1e-12 * np.abs(totals).max()] = 0.0
    shown = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).astype(int))
    frames = tuple(_frame(values[number], totals, int(number)) for number in shown)
    left_out = "" if len(shown) == len(values) else f" {len(shown)} of {len(values)} places are shown."
    step = " and ".join(dict.fromkeys(map(str, sums.rule.strides)))
    caption = f"The window moves by {step}; at each place the products are added up.{left_out}"
    return Frames(f"{sums.name}: the window slides over the input", caption, frames, seconds)


def _frame(value: ExplainedSum, totals: np.ndarray, number: int) -> Sheet:
    sizes = np.abs(value.window).reshape(-1, value.window.shape[-1])
    weights = sizes if value.kernel is None else np.abs(value.kernel).reshape(-1, sizes.shape[-1])
    channel = int(weights.sum(axis=0).argmax())
    many = value.window.shape[-1] > 1
    title = f"channel {value.channels[channel]}" if many else "input"
    panels: list[AnyPanel] = [input_panel(value, channel, title)]
    if value.kernel is not None:
        kernel = np.atleast_2d(value.kernel[..., channel])
        is_small = max(kernel.shape) <= WRITTEN
        panels.append(TablePanel(kernel, "kernel") if is_small else HeatPanel(kernel, "kernel"))
    panels.append(_output(totals, number))
    operators = ("×", "=") if value.kernel is not None else ("→",)
    place = ", ".join(map(str, value.place))
    return Sheet(f"At {place}", _sum_text(value), tuple(panels), columns=len(panels), operators=operators)


def _output(totals: np.ndarray, number: int) -> AnyPanel:
    """What has been computed so far, on the scale of the whole."""
    seen = np.where(np.arange(totals.size).reshape(totals.shape) <= number, totals, np.nan)
    reach = float(np.abs(totals).max()) or 1.0
    low, scale = (-reach, "signed") if totals.min() < 0 else (0.0, "positive")
    if max(totals.shape) <= WRITTEN:
        # Room for the longest of all, so that the table keeps its size while it fills up.
        letters = max(len(number_text(float(value))) for value in totals.flat)
        return TablePanel(np.atleast_2d(seen), "output", scale=scale, low=low, high=reach, letters=letters)
    if totals.ndim == 1:
        x = np.arange(len(totals))
        return LinePanel((Line("", "faint", x, totals), Line("", "first", x, seen)), "output", x_label="step")
    row, column = divmod(number, totals.shape[1])
    return HeatPanel(seen, "output", scale=scale, box=(row, column, 1, 1), low=low, high=reach)


def _sum_text(value: ExplainedSum) -> str:
    """The sum in numbers that add up as they are written."""
    if value.kernel is None or value.products is None:
        return _reduced_text(value)
    if value.products.size > SPELLED:
        parts = [value.total - value.bias, value.bias]
        (products, bias), total = texts_that_agree(parts, value.total, sum)
        added = f"{value.products.size} products add up to {products}"
        return f"{added} + bias {bias} = {total}" if value.bias else added
    count = value.products.size
    numbers = [*value.window.reshape(-1), *value.kernel.reshape(-1), value.bias]

    def join(written: list[float]) -> float:
        return float(np.dot(written[:count], written[count:-1])) + written[-1]

    texts, total = texts_that_agree([float(number) for number in numbers], value.total, join)
    pairs = zip(texts[:count], texts[count:-1], strict=True)
    terms = " + ".join(f"{_factor(one)} × {_factor(other)}" for one, other in pairs)
    return f"{terms}{f' + bias {texts[-1]}' if value.bias else ''} = {total}"


def _reduced_text(value: ExplainedSum) -> str:
    word = {"max": "largest of", "average": "mean of", "sum": "sum of"}[value.reduce]
    inside = [float(one) for one in value.window[value.inside].reshape(-1)]
    # Where padding counts in a mean, its zeros are written as well.
    if value.reduce == "average" and not np.isclose(np.mean(inside), value.total):
        inside = [float(one) for one in value.window.reshape(-1)]
    joins: dict[str, Callable[[list[float]], float]] = {
        "max": max,
        "average": lambda numbers: sum(numbers) / len(numbers),
        "sum": sum,
    }
    texts, total = texts_that_agree(inside, value.total, joins[value.reduce])
    more = ", ..." if len(texts) > SPELLED else ""
    return f"The {word} {', '.join(texts[:SPELLED])}{more} = {total}"


def _factor(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
