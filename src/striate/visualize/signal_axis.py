"""Where on a signal's own axis the values of a feature map stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from striate.models import Sequential
from striate.visualize.layer_search import FoundLayer, find_layers
from striate.visualize.probes import watch
from striate.visualize.windows import has_window, window_of


def axis_of(model: Any, layer: FoundLayer, length: int, example: np.ndarray) -> np.ndarray:
    """Say at which step of the signal the middle of each value's window lies.

    Exact where layers follow each other; in networks with branches the map is stretched evenly
    over the signal.

    Shape:
        example (steps, channels), out (length,)
    """
    steps = len(example)
    even = (np.arange(length) + 0.5) * steps / length - 0.5
    layers = find_layers(model)
    names = [one.name for one in layers]
    if not isinstance(model, (Sequential, nn.Sequential)) or layer.name not in names:
        return even
    before = layers[: names.index(layer.name) + 1]
    if any("." in one.name or not has_window(one) for one in before):
        return even
    first, jump = 0.0, 1.0
    with torch.no_grad(), watch(model, before, inputs=True) as seen:
        seen.run(torch.from_numpy(example[None].copy()), whole=False)
        for one in before:
            source = seen.entering[one.name]
            if source.ndim == 3:
                rule = window_of(one, tuple(source.shape[1:]))
                if rule.size:
                    first += ((rule.size[0] - 1) * rule.dilation[0] / 2 - rule.padding[0][0]) * jump
                    jump *= rule.strides[0]
    return first + jump * np.arange(length)
