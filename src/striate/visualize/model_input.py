"""What a model takes: the shape of one example, its channels, the range of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import nn

from striate.core.shapes import Shape
from striate.core.tree import leaves
from striate.layers.base import Layer
from striate.layers.preprocessing import Rescaling
from striate.layers.symbolic import SymbolicTensor
from striate.visualize.layer_search import FIRST, LAST, FoundLayer, find_layers


@final
@dataclass(frozen=True)
class ModelInput:
    """One example as the model takes it, channels last; None stands for a size that is not known.

    `value_range` is what the model was trained on where it knows, else what its first layer,
    a Rescaling, brings to 0..1 or -1..1, else 0 to 1; of signals, which go below 0 as well,
    what is brought to -1..1. `layout` is how the model itself wants the axes;
    `watch(...).run` turns them.
    """

    shape: Shape
    channels: int | None
    value_range: tuple[float, float]
    layout: str
    dtype: torch.dtype
    device: torch.device


def input_of(model: Any) -> ModelInput:
    """Say what one example for a model looks like; of several inputs, the first.

    Raises:
        ArgumentError: something that is no model.

    >>> from striate.applications import net_c
    >>> input_of(net_c()).shape
    (32, 32, 3)
    """
    layers = find_layers(model)
    layout = _input_layout(model, layers)
    shape = _known_shape(model, layers, layout)
    tensor = next((one for one in model.parameters() if one.is_floating_point()), torch.zeros(0))
    return ModelInput(
        shape,
        shape[-1] if shape else None,
        _known_range(model) or _range_before(layers[0].module, is_signal=len(shape) == 2),
        layout,
        tensor.dtype,
        tensor.device,
    )


def _input_layout(model: Any, layers: list[FoundLayer]) -> str:
    for layer in layers:
        if isinstance(model, Layer) and getattr(layer.module, "data_format", None) is None:
            continue
        return LAST if isinstance(model, Layer) and not isinstance(layer.module, Layer) else layer.layout
    return LAST


def _known_shape(model: Any, layers: list[FoundLayer], layout: str) -> Shape:
    graph = getattr(model, "graph", None)
    if isinstance(model, Layer) and graph is not None:
        first = next(leaves(graph.inputs))
        if isinstance(first, SymbolicTensor):
            return _channels_last(tuple(first.shape[1:]), layout)
    built = getattr(model, "built_shape", None)
    if built is not None and all(size is None or isinstance(size, int) for size in built):
        return _channels_last(tuple(built[1:]), layout)
    return _shape_for(layers)


def _channels_last(shape: Shape, layout: str) -> Shape:
    return (*shape[1:], shape[0]) if layout == FIRST and len(shape) > 1 else shape


def _shape_for(layers: list[FoundLayer]) -> Shape:
    """Read the channels off the first layer with weights, and the number of axes off its kind."""
    for layer in layers:
        module = layer.module
        if isinstance(module, nn.modules.conv._ConvNd):
            return (*(None,) * len(module.kernel_size), module.in_channels)
        if isinstance(module, nn.Linear):
            return (module.in_features,)
        kernel = getattr(module, "kernel", None)
        if isinstance(module, Layer) and isinstance(kernel, torch.Tensor):
            groups = getattr(module, "groups", 1)
            rank = getattr(type(module), "rank", 0)
            return (*(None,) * rank, kernel.shape[1] * groups if rank else kernel.shape[0])
    return ()


def _known_range(model: Any) -> tuple[float, float] | None:
    """The range of the values that the model was trained on, where it or its file says so."""
    known = getattr(model, "input_range", None)
    if known is None:
        described = getattr(model, "preprocessing", None)
        known = described.get("pixel_range") if isinstance(described, Mapping) else None
    return (float(known[0]), float(known[1])) if known else None


def _range_before(first: nn.Module, is_signal: bool) -> tuple[float, float]:
    if (
        isinstance(first, Rescaling)
        and np.ndim(first.scale) == 0
        and np.ndim(first.offset) == 0
        and first.scale
    ):
        low = -1.0 if first.offset < 0 or (is_signal and first.offset == 0) else 0.0
        ends = sorted(((low - first.offset) / first.scale, (1.0 - first.offset) / first.scale))
        return round(ends[0], 6), round(ends[1], 6)
    return (-1.0, 1.0) if is_signal else (0.0, 1.0)
