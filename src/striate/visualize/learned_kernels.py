"""The weights of a layer themselves, filter by filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError
from striate.visualize.base import AnyPanel, HeatPanel, ImagePanel, Sheet
from striate.visualize.layer_search import find_layer
from striate.visualize.windows import window_of


def show_kernels(
    model: Any, layer: Any, filters: Sequence[int] | None = None, channel: int | None = None, most: int = 64
) -> Sheet:
    """Show the kernels of a convolution or dense layer: their numbers as colours.

    Kernels over three channels are shown as colours, each on a scale of its own around grey;
    over other numbers of channels that of one `channel`, by default the one that weighs most in
    each filter. Kernels along a signal are shown as channels by steps.

    Raises:
        UnknownNameError: no such layer.
        ArgumentError: a layer without kernels, no such filter or channel.

    >>> from striate.applications import net_c
    >>> len(show_kernels(net_c(), "conv1").panels)
    32
    """
    found = find_layer(model, layer)
    kernels = _kernels(found)
    count, channels = len(kernels), kernels[0].shape[-1]
    chosen = list(range(min(count, most))) if filters is None else list(filters)
    wrong = [number for number in chosen if not 0 <= number < count]
    if wrong:
        raise ArgumentError(f"layer {found.name!r} has filters 0 to {count - 1}; got {wrong[0]}.")
    if channel is not None and not 0 <= channel < channels:
        raise ArgumentError(f"the kernels of {found.name!r} have channels 0 to {channels - 1}; got {channel}.")
    panels = tuple(_panel(kernels[number], number, channel) for number in chosen)
    size = "×".join(map(str, kernels[0].shape))
    text = f"Layer {found.name} ({found.kind}) has {count} kernels of {size}."
    if len(chosen) < count:
        text += f" {len(chosen)} are shown."
    if kernels[0].ndim == 3 and channels == 3 and channel is None:
        text += " The channels are drawn as red, green and blue around grey, each kernel on its own scale."
    else:
        text += " Blue is above 0, orange below, each kernel on its own scale."
    columns = min(len(panels), 8 if kernels[0].ndim == 3 else 4)
    return Sheet(f"Kernels of {found.name}", text, panels, columns=columns)


def _kernels(found: Any) -> list[np.ndarray]:
    weight = getattr(found.module, "kernel", getattr(found.module, "weight", None))
    pointwise = getattr(found.module, "pointwise_kernel", None)
    if pointwise is None and (weight is None or weight.ndim < 2):
        raise ArgumentError(f"layer {found.name!r} ({found.kind}) has no kernels to show.")
    tensor = weight if pointwise is None else pointwise
    rank = tensor.ndim - 2
    rule = window_of(found, (64,) * rank + (1,))
    count = getattr(found.module, "filters", None) or getattr(found.module, "out_channels", None)
    if count is None:
        count = _count_of(found.module, tensor)
    kernels = [rule.weights(number)[1] for number in range(count)]
    return [kernel for kernel in kernels if kernel is not None]


def _count_of(module: Any, tensor: Any) -> int:
    """How many outputs a layer without `filters` has: units, or channels times multiplier."""
    if hasattr(module, "depth_multiplier"):
        return int(tensor.shape[0] * tensor.shape[1])
    return int(getattr(module, "units", 0) or module.weight.shape[0])


def _panel(kernel: np.ndarray, number: int, channel: int | None) -> AnyPanel:
    title = f"Filter {number + 1}"
    if kernel.ndim == 3 and kernel.shape[-1] == 3 and channel is None:
        reach = float(np.abs(kernel).max()) or 1.0
        return ImagePanel(0.5 + kernel / (2 * reach), title)
    if kernel.ndim < 3:
        # Along a signal: all channels at once. Of a dense layer: its inputs in a row.
        return HeatPanel(kernel.T if kernel.ndim == 2 else kernel[None], title)
    strongest = int(np.abs(kernel).sum(axis=(0, 1)).argmax()) if channel is None else channel
    note = f"channel {strongest}" if kernel.shape[-1] > 1 else ""
    return HeatPanel(kernel[..., strongest], title, note)
