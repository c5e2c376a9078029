"""Feature maps: what a layer makes of an image or a signal, filter by filter."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.core.shapes import check_choice
from striate.layers.activation import ActivationLayer
from striate.layers.base import Layer
from striate.models import clone_model
from striate.visualize.base import AnyPanel, HeatPanel, ImagePanel, Line, LinePanel, Sheet
from striate.visualize.example import one_example, pixels_of, with_bands
from striate.visualize.layer_search import FoundLayer, find_layer, find_layers
from striate.visualize.probes import ModelInput, watch
from striate.visualize.signal_axis import axis_of

# What filters can be sorted by, and how it is measured of maps (filters, places).
ORDERS = {
    "mean": lambda maps: maps.mean(axis=1),
    "max": lambda maps: maps.max(axis=1),
    "spread": lambda maps: maps.std(axis=1),
}


def feature_maps(
    model: Any,
    image: Any,
    layer: Any,
    filters: Sequence[int] | None = None,
    sort: str | None = None,
    untrained: Any = None,
    before_activation: bool | str = False,
    rows: int = 3,
    columns: int = 3,
) -> Sheet:
    """Show an image and what filters of a layer make of it: "Original", "Feature 1", "Feature 2" ...

    The first filters fill the sheet, or those chosen by number (from 0), which stands below each;
    with `sort` those of the largest 'mean', 'max' or 'spread' come first. `untrained` sets beside
    each map that of the same filter in a network of the same build that has learned nothing: True
    makes one, or give one.
    `before_activation` shows what the layer's own activation gets, or with 'both' the two side
    by side; where there is none inside, the caption says so. Maps of a signal are drawn along the
    signal's own axis.

    Shape:
        image: one example, channels last, with or without the axis of the batch.

    Raises:
        UnknownNameError: no such layer.
        ArgumentError: no such filter or order; an image of another shape.

    >>> from striate.applications import net_c
    >>> sheet = feature_maps(net_c(), np.zeros((32, 32, 3)), "conv1")
    >>> [panel.title for panel in sheet.panels][:2], len(sheet.panels)
    (['Original', 'Feature 1'], 9)
    """
    found = find_layer(model, layer)
    lacking = _lacks_activation(model, found) if before_activation in (True, "both") else ""
    before_activation = False if lacking and untrained is None else before_activation
    series, taken, example = _series(model, found.name, image, untrained, before_activation)
    first = series[0][1]
    # Pairs stand side by side, so their rows are even.
    across = columns if len(series) == 1 else columns + columns % 2
    room = rows * across // len(series) - 1
    chosen = _chosen(series[-1][1] if before_activation == "both" else first, filters, sort, room)
    original = _original(example, taken)
    if first.ndim == 1:
        return _vector_sheet(found, original, series, lacking)
    x = axis_of(model, found, first.shape[0], example) if first.ndim == 2 else None
    # One kind of colours for the whole sheet: else a colour would mean one thing here and another there.
    signed = any(maps[..., chosen].min() < 0 for _, maps in series)
    signed = signed or (len(series) > 1 and series[-1][1].mean(axis=-1).min() < 0)
    panels: list[AnyPanel] = [original]
    if len(series) > 1:
        panels.append(_panel(series[-1][1].mean(axis=-1), "Mean of all", x, signed))
    for number in chosen:
        for word, maps in series:
            title = f"Feature {number + 1}" + (f", {word}" if word else "")
            panels.append(_panel(maps[..., number], title, x, signed, f"filter {number}"))
    caption = with_bands(_caption(found, series, sort, signed), example.shape)
    return Sheet(f"Feature maps of {found.name}", f"{caption}{lacking}", tuple(panels), columns=across)


def _lacks_activation(model: Any, found: FoundLayer) -> str:
    """Say that there is nothing before and after, and where there is; nothing where the layer has both."""
    inside = getattr(found.module, "activation", None)
    if _is_activation(found.module) or (callable(inside) and getattr(inside, "__name__", "") != "linear"):
        return ""
    layers = find_layers(model)
    place = next((at for at, one in enumerate(layers) if one.name == found.name), len(layers))
    following = next((one for one in layers[place + 1 :] if _is_activation(one.module)), None)
    text = f" {found.name} has no activation inside, so that before and after are the same"
    return f"{text}." if following is None else f"{text}; the next that is one is the layer {following.name}."


def _is_activation(module: Any) -> bool:
    return isinstance(module, ActivationLayer) or type(module).__module__ == nn.ReLU.__module__


def _series(
    model: Any, name: str, image: Any, untrained: Any, before: bool | str
) -> tuple[list[tuple[str, np.ndarray]], ModelInput, np.ndarray]:
    """The maps that stand beside each other, each with its word, and what the model takes and was given."""
    if before == "both":
        if untrained is not None:
            raise ArgumentError(
                "feature maps are compared with untrained ones or before with after, not both."
            )
    elif not isinstance(before, bool):
        raise ArgumentError(f"before_activation is True, False or 'both'; got {before!r}.")
    first, taken, example = _maps(model, name, image, before is not False)
    series = [("", first)]
    if before == "both":
        series = [("before", first), ("after", _maps(model, name, image, False)[0])]
    elif untrained is not None and untrained is not False:
        other = untrained_copy(model) if untrained is True else untrained
        series = [("trained", first), ("untrained", _maps(other, name, image, before is True)[0])]
    return series, taken, example


def _maps(model: Any, name: str, image: Any, before: bool) -> tuple[np.ndarray, ModelInput, np.ndarray]:
    with torch.no_grad(), watch(model, name, before_activation=before) as seen:
        example = one_example(image, seen.taken)
        seen.run(example, whole=False)
        maps = seen.maps[seen.layers[0].name][0].float().cpu().numpy()
    if maps.ndim > 3:
        raise ArgumentError(f"layer {name!r} makes volumes; maps are shown of images and signals.")
    return maps, seen.taken, example[0].cpu().numpy()


def _chosen(maps: np.ndarray, filters: Sequence[int] | None, sort: str | None, room: int) -> list[int]:
    count = maps.shape[-1]
    if filters is not None:
        wrong = [number for number in filters if not 0 <= number < count]
        if wrong:
            raise ArgumentError(f"the layer has filters 0 to {count - 1}; got {wrong[0]}.")
    numbers = np.arange(count) if filters is None else np.asarray(list(filters), np.int64)
    if sort is not None:
        measure = ORDERS[check_choice(sort, tuple(ORDERS), "sort")]
        numbers = numbers[np.argsort(-measure(maps.reshape(-1, count).T[numbers]), kind="stable")]
    return [int(number) for number in (numbers[:room] if filters is None else numbers)]


def _original(example: np.ndarray, taken: ModelInput) -> AnyPanel:
    if example.ndim == 3:
        return ImagePanel(
            pixels_of(example, taken.value_range), "Original", "×".join(map(str, example.shape))
        )
    if example.ndim == 1:
        example = example[:, None]
    count = example.shape[1]
    if count > 3:
        return HeatPanel(example.T, "Original", f"{count} channels by {len(example)} steps")
    steps = np.arange(len(example))
    roles = ("signal", "first", "second")
    lines = tuple(
        Line(f"channel {number}" if count > 1 else "", roles[number], steps, example[:, number])
        for number in range(count)
    )
    return LinePanel(lines, "Original", x_label="step")


def _panel(values: np.ndarray, title: str, x: np.ndarray | None, signed: bool, which: str = "") -> AnyPanel:
    low, high = float(values.min()), float(values.max())
    note = "0 everywhere" if low == high == 0 else f"{low:.3g} to {high:.3g}"
    note = f"{which}: {note}" if which else note
    if x is not None:
        return LinePanel((Line("", "first", x, values),), title, note, x_label="step")
    return HeatPanel(values, title, note, scale="signed" if signed else "positive")


def _vector_sheet(
    found: FoundLayer, original: AnyPanel, series: list[tuple[str, np.ndarray]], lacking: str
) -> Sheet:
    roles = ("first", "second")
    lines = tuple(
        Line(word or found.name, roles[number], np.arange(len(values)), values)
        for number, (word, values) in enumerate(series)
    )
    count = len(series[0][1])
    caption = (
        f"Layer {found.name} ({found.kind}) has no places left: one number for each of its {count:,} units."
    )
    panel = LinePanel(lines, f"Units of {found.name}", x_label="unit", y_label="value")
    return Sheet(f"Values of {found.name}", f"{caption}{lacking}", (original, panel), columns=2)


def _caption(found: FoundLayer, series: list[tuple[str, np.ndarray]], sort: str | None, signed: bool) -> str:
    maps = series[-1][1] if series[-1][0] == "after" else series[0][1]
    count = maps.shape[-1]
    size = "×".join(map(str, maps.shape[:-1]))
    text = f"Layer {found.name} ({found.kind}) makes {count} maps of {size}."
    if sort is not None:
        text += f" Those of the largest {sort} come first."
    silent = int((np.abs(maps).reshape(-1, count).max(axis=0) == 0).sum())
    if silent:
        text += f" {silent} of them are 0 everywhere for this input."
    if maps.ndim == 3:
        text += " Each has its own scale: " + (
            "blue is above 0, orange below." if signed else "the brighter, the stronger."
        )
    return text


def untrained_copy(model: Any) -> Any:
    """Make a network of the same build with new random weights.

    Raises:
        ArgumentError: a torch module whose layers cannot draw new weights.
    """
    if isinstance(model, Layer) and hasattr(model, "graph"):
        return clone_model(model)
    other = copy.deepcopy(model)
    drawn = 0
    for module in other.modules():
        reset = getattr(module, "reset_parameters", None)
        if callable(reset):
            reset()
            drawn += 1
    if not drawn or not isinstance(other, nn.Module):
        raise ArgumentError(
            f"the layers of this {type(model).__name__} cannot draw new weights: "
            "give an untrained network, untrained=..."
        )
    return other
