"""Filters as they are: the weights themselves, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError
from striate.visualize.base import AnyPanel, HeatPanel, ImagePanel, Line, LinePanel, Sheet
from striate.visualize.input_panels import ROLES
from striate.visualize.layer_search import FoundLayer, find_layer
from striate.visualize.windows import has_window, window_of

# So many filters are shown where nobody says.
MOST_FILTERS = 64


def filters(
    model: Any, layer: Any, numbers: Sequence[int] | None = None, columns: int | None = None
) -> Sheet:
    """Show the weights of a layer's filters, the first 64 unless told which.

    Filters over three channels are colour images in which middle grey is zero. Of others the
    slice for one input channel is shown, blue where it is positive and orange where negative: the
    one with the largest weights. A single number shows all slices of that filter. Filters along
    a signal are lines. All panels have one scale, so that strong filters look strong; it ends
    where 97% of the weights lie within it, for a few very large ones would leave the rest grey.

    Raises:
        UnknownNameError: a layer that is not there.
        ArgumentError: a layer without filters, or a filter that it does not have.

    >>> from striate.applications import net_c
    >>> len(filters(net_c(), "conv1").panels)
    32
    """
    found = find_layer(model, layer)
    count = count_filters(found)
    alone = hasattr(numbers, "__index__")
    given: Any = [numbers] if alone else range(min(count, MOST_FILTERS)) if numbers is None else numbers
    chosen = check_filters(given, count, found.name)
    kernels = [filter_of(found, number) for number in chosen]
    reach = reach_of(kernels)
    if alone and kernels[0].shape[-1] != 3:
        slices = np.moveaxis(kernels[0], -1, 0)[:MOST_FILTERS]
        panels = [kernel_panel(part[..., None], reach, f"input {place}") for place, part in enumerate(slices)]
        title = f"Filter {chosen[0]} of {found.name}, an input channel at a time"
    else:
        panels = [
            kernel_panel(kernel, reach, str(number)) for number, kernel in zip(chosen, kernels, strict=True)
        ]
        title = f"The filters of {found.name}"
    panels = with_one_scale(panels)
    caption = (
        f"{len(chosen)} of {count} filters, {_size(kernels[0])}; full colour from a weight of {reach:.3g}."
    )
    if kernels[0].ndim == 2:
        caption = f"{len(chosen)} of {count} filters, {_size(kernels[0])}."
    return Sheet(title, f"{caption} {_legend(kernels[0])}", tuple(panels), columns or min(8, len(panels)))


def count_filters(layer: FoundLayer) -> int:
    """Say how many filters a layer has.

    Raises:
        ArgumentError: it has none, or they span more than two axes.
    """
    module: Any = layer.module
    count = getattr(module, "filters", getattr(module, "out_channels", None))
    if count is None and hasattr(module, "depth_multiplier"):
        count = module.kernel.shape[0] * module.kernel.shape[1]
    if count is None or not has_window(layer) or len(module.kernel_size) > 2:
        raise ArgumentError(
            f"layer {layer.name!r} ({layer.kind}) has no filters to show: they are those of convolutions "
            "along one axis or two."
        )
    return int(count)


def check_filters(numbers: Sequence[Any], count: int, layer: str) -> list[int]:
    """Hand back numbers of filters that are there.

    Raises:
        ArgumentError: none, or one that is not there.
    """
    for number in numbers:
        if isinstance(number, bool) or not hasattr(number, "__index__") or not 0 <= int(number) < count:
            raise ArgumentError(f"{layer} has {count} filters, counted from 0; there is no {number!r}.")
    if not len(numbers):
        raise ArgumentError("no filter was named; None means all of them.")
    return [int(number) for number in numbers]


def filter_of(layer: FoundLayer, number: int) -> np.ndarray:
    """Hand out the weights of one filter: (*kernel size, input channels)."""
    module: Any = layer.module
    rule = window_of(layer, (*(64,) * len(module.kernel_size), 1))
    kernel = rule.weights(number)[1]
    return np.zeros((1, 1)) if kernel is None else kernel


def reach_of(kernels: Sequence[np.ndarray]) -> float:
    """Say from which weight on colours are full: beyond it lie 3% of the weights."""
    sizes = np.abs(np.concatenate([kernel.ravel() for kernel in kernels]))
    return float(np.quantile(sizes, 0.97)) or float(sizes.max()) or 1.0


def with_one_scale(panels: Sequence[AnyPanel]) -> list[AnyPanel]:
    """Give all panels of lines the same vertical axis, so that small ones look small."""
    values = [line.y for panel in panels if isinstance(panel, LinePanel) for line in panel.lines]
    if not values:
        return list(panels)
    every = np.concatenate(values)
    low, high = min(float(np.nanmin(every)), 0.0), max(float(np.nanmax(every)), 0.0)
    limits = (low, high) if low < high else (-1.0, 1.0)
    return [replace(panel, y_limits=limits) if isinstance(panel, LinePanel) else panel for panel in panels]


def kernel_panel(kernel: np.ndarray, reach: float, title: str) -> AnyPanel:
    """Make the panel of one filter; `reach` is the weight with the strongest colour."""
    channels = kernel.shape[-1]
    if kernel.ndim == 3 and channels == 3:
        return ImagePanel(np.clip(0.5 + 0.5 * kernel / reach, 0, 1).astype(np.float32), title=title)
    strongest = int(np.square(kernel).sum(axis=tuple(range(kernel.ndim - 1))).argmax())
    if kernel.ndim == 3:
        note = f"input {strongest}" if channels > 1 else ""
        return HeatPanel(kernel[..., strongest], title=title, note=note, low=-reach, high=reach)
    places = np.arange(len(kernel), dtype=np.float64)
    shown = range(channels) if channels <= len(ROLES) else [strongest]
    lines = tuple(
        Line(f"input {channel}", ROLES[place], places, kernel[:, channel])
        for place, channel in enumerate(shown)
    )
    note = f"input {strongest}" if channels > len(ROLES) else ""
    return LinePanel(lines, title=title, note=note, x_label="step")


def _size(kernel: np.ndarray) -> str:
    return " × ".join(map(str, kernel.shape[:-1])) + (
        f" over {kernel.shape[-1]} {'channel' if kernel.shape[-1] == 1 else 'channels'}"
    )


def _legend(kernel: np.ndarray) -> str:
    if kernel.ndim == 3 and kernel.shape[-1] == 3:
        return "Each is shown as the colours that it wants: middle grey is a weight of zero."
    if kernel.ndim == 2:
        return "The lines are the weights along the steps, all on one scale."
    many = (
        " Of each, the slice for the input channel with the largest weights." if kernel.shape[-1] > 1 else ""
    )
    return f"The colours are the weights, white for zero.{many}"
