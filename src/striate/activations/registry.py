"""Activation functions by name, and back to the name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from striate.activations import axes, piecewise, rectifiers, smooth
from striate.core.registry import Registry


def _members() -> dict[str, Any]:
    functions = (
        rectifiers.relu, rectifiers.leaky_relu, rectifiers.relu6, rectifiers.elu, rectifiers.selu,
        rectifiers.celu, smooth.sigmoid, smooth.log_sigmoid, smooth.tanh, smooth.tanh_shrink,
        smooth.softsign, smooth.exponential, smooth.softplus, smooth.squareplus, smooth.gelu, smooth.silu,
        smooth.mish, piecewise.linear, piecewise.hard_sigmoid, piecewise.hard_silu, piecewise.hard_tanh,
        piecewise.hard_shrink, piecewise.soft_shrink, piecewise.threshold, piecewise.sparse_plus,
        piecewise.sparse_sigmoid, axes.softmax, axes.log_softmax, axes.sparsemax, axes.glu,
    )  # fmt: skip
    return {function.__name__: function for function in functions}


_registry = Registry("activation", _members, aliases={"swish": "silu", "hard_swish": "hard_silu"})


def get(identifier: Any) -> Callable[..., torch.Tensor]:
    """Turn a name or a function into the function; None stands for `linear`.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is neither a name nor callable.

    >>> get("relu")([-1.0, 2.0])
    tensor([0., 2.])
    """
    return piecewise.linear if identifier is None else _registry.get(identifier)


def serialize(activation: Any) -> Any:
    """Turn an activation function into its name.

    Raises:
        ArgumentError: a function without a name, such as a lambda.

    >>> serialize(smooth.swish)
    'silu'
    """
    return _registry.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., torch.Tensor]:
    """Turn what `serialize` returned into the function again; `custom_objects` names a person's own.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is neither a name nor callable.
    """
    return piecewise.linear if config is None else _registry.get(config, custom_objects)
