"""Initializers by name or config, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from striate.core.registry import Registry
from striate.initializers import distributions, fixed, scaling


def _members() -> dict[str, Any]:
    classes = (
        fixed.Zeros, fixed.Ones, fixed.Constant, fixed.Identity,
        distributions.RandomNormal, distributions.RandomUniform, distributions.TruncatedNormal,
        distributions.Orthogonal, scaling.VarianceScaling, scaling.GlorotUniform, scaling.GlorotNormal,
        scaling.HeUniform, scaling.HeNormal, scaling.LecunUniform, scaling.LecunNormal,
    )  # fmt: skip
    return {each.__name__: each for each in classes}


_registry = Registry(
    "initializer",
    _members,
    aliases={
        "zero": "Zeros",
        "one": "Ones",
        "normal": "RandomNormal",
        "uniform": "RandomUniform",
        "IdentityInitializer": "Identity",
        "OrthogonalInitializer": "Orthogonal",
    },
)


def get(identifier: Any) -> Any:
    """Turn a name, a config, a class, an array or a callable into an initializer; None stays None.

    An array or a tensor of numbers stands for `Constant` with these values.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is none of these.

    >>> get("he_normal")
    HeNormal(seed=None, input_axes=None, output_axes=None)
    """
    if isinstance(identifier, (np.ndarray, np.generic, torch.Tensor)):
        return fixed.Constant(identifier)
    return _registry.get(identifier)


def serialize(initializer: Any) -> Any:
    """Turn an initializer into its class name and config, a function into its name.

    Raises:
        ArgumentError: a function without a name, such as a lambda.

    >>> serialize(get("ones"))
    {'class_name': 'Ones', 'config': {}}
    """
    return _registry.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Turn what `serialize` returned into the initializer again; `custom_objects` names a person's own.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is neither a name nor a config.
    """
    return _registry.get(config, custom_objects)
