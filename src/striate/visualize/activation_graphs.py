"""The graphs of activation functions and of their derivatives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from striate import activations
from striate.core.errors import ArgumentError
from striate.visualize.base import Line, LinePanel, Sheet

USUAL = (
    "relu", "leaky_relu", "sigmoid", "tanh", "elu", "selu",
    "gelu", "silu", "mish", "softplus", "softsign", "hard_sigmoid",
)  # fmt: skip


def plot_activations(names: Any = None, low: float = -4.0, high: float = 4.0) -> Sheet:
    """Draw activation functions with their derivatives, which are what learning sees of them.

    `names` are names, functions, or a list of either; by default the usual ones.

    Raises:
        UnknownNameError: no such function.
        ArgumentError: an empty range; a function of all values at once, such as softmax.

    >>> sheet = plot_activations(["relu", "tanh"])
    >>> [panel.title for panel in sheet.panels]
    ['relu', 'tanh']
    """
    if not low < high:
        raise ArgumentError(f"the axis goes from low to a higher end; got {low:g} to {high:g}.")
    single = isinstance(names, str) or not isinstance(names, Iterable)
    chosen = list(USUAL) if names is None else [names] if single else list(names)
    panels = tuple(_panel(one, low, high) for one in chosen)
    caption = (
        "Solid: the function. Dashed: its derivative, by which gradients are multiplied on their way back. "
        "Where it is near 0, the layers below learn little."
    )
    columns = min(len(panels), 3)
    return Sheet("Activation functions and their derivatives", caption, panels, columns=columns)


def _panel(given: Any, low: float, high: float) -> LinePanel:
    function = activations.get(given)
    name = given if isinstance(given, str) else getattr(function, "__name__", type(function).__name__)
    x = torch.linspace(low, high, 401, dtype=torch.float64, requires_grad=True)
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    alone = function(x.detach()[200:201])
    if y.shape != x.shape or not torch.allclose(alone, y.detach()[200:201]):
        raise ArgumentError(f"{name!r} works on several values at once, so it has no graph over one.")
    places = x.detach().numpy()
    lines = (
        Line(name, "first", places, y.detach().numpy()),
        Line("derivative", "second", places, slope.numpy()),
    )
    return LinePanel(lines, name)
