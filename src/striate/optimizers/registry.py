"""Optimisers by name and from configs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from striate.core.errors import ArgumentError
from striate.core.registry import Registry
from striate.optimizers.adagrad import Adadelta, Adagrad
from striate.optimizers.adam import Adam, Adamax, AdamW, Nadam
from striate.optimizers.base import Optimizer
from striate.optimizers.ftrl import Ftrl
from striate.optimizers.lamb import Lamb
from striate.optimizers.lion import Lion
from striate.optimizers.rmsprop import RMSprop
from striate.optimizers.sgd import SGD
from striate.optimizers.torch_optimizer import TorchOptimizer

_FAMILY: tuple[type[Optimizer], ...] = (
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    Nadam,
    RMSprop,
    SGD,
)

OPTIMIZERS = Registry(
    "optimizer",
    lambda: {member.__name__: member for member in _FAMILY},
    aliases={member.__name__.lower(): member.__name__ for member in _FAMILY},
)


def get(identifier: Any) -> Optimizer | None:
    """Turn a name, a config, an optimiser or one of torch's optimisers into an optimiser.

    >>> get("adam").learning_rate
    0.001

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something else, such as a class of torch's in place of an object.
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, torch.optim.Optimizer):
        return TorchOptimizer(identifier)
    if inspect.isclass(identifier) and issubclass(identifier, torch.optim.Optimizer):
        raise ArgumentError(
            f"torch.optim.{identifier.__name__} needs its parameters first: "
            f"pass torch.optim.{identifier.__name__}(model.parameters(), lr=...), or the name "
            f"{identifier.__name__.lower()!r}."
        )
    found = OPTIMIZERS.get(identifier)
    if not isinstance(found, Optimizer):
        raise ArgumentError(
            f"expected an optimizer: a name such as 'adam', a config or an object; got {identifier!r}."
        )
    return found


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Turn an optimiser into the config from which `deserialize` makes it anew."""
    return OPTIMIZERS.serialize(optimizer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """Make an optimiser from what `serialize` returned.

    Raises:
        UnknownNameError: a class that is not known.
    """
    return OPTIMIZERS.get(config, custom_objects)
