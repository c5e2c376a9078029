"""The losses by name: classes, functions, and the short names that people write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.core.lazy import attach
from striate.core.registry import Registry

_SCORES = "striate.ops.scores"
_DISTANCES = "striate.ops.distances"

MEMBERS = {
    "Loss": ".base",
    "LossFunctionWrapper": ".base",
    "BinaryCrossentropy": ".crossentropy",
    "BinaryFocalCrossentropy": ".crossentropy",
    "CategoricalCrossentropy": ".crossentropy",
    "CategoricalFocalCrossentropy": ".crossentropy",
    "SparseCategoricalCrossentropy": ".crossentropy",
    "CosineSimilarity": ".regression",
    "Huber": ".regression",
    "KLDivergence": ".regression",
    "LogCosh": ".regression",
    "MeanAbsoluteError": ".regression",
    "MeanAbsolutePercentageError": ".regression",
    "MeanSquaredError": ".regression",
    "MeanSquaredLogarithmicError": ".regression",
    "Poisson": ".regression",
    "CategoricalHinge": ".margin",
    "Hinge": ".margin",
    "SquaredHinge": ".margin",
    "Dice": ".overlap",
    "Tversky": ".overlap",
    "Circle": ".embedding",
    "binary_crossentropy": _SCORES,
    "binary_focal_crossentropy": _SCORES,
    "categorical_crossentropy": _SCORES,
    "categorical_focal_crossentropy": _SCORES,
    "sparse_categorical_crossentropy": _SCORES,
    "categorical_hinge": _DISTANCES,
    "circle": _DISTANCES,
    "cosine_similarity": _DISTANCES,
    "dice": _DISTANCES,
    "hinge": _DISTANCES,
    "huber": _DISTANCES,
    "kl_divergence": _DISTANCES,
    "log_cosh": _DISTANCES,
    "mean_absolute_error": _DISTANCES,
    "mean_absolute_percentage_error": _DISTANCES,
    "mean_squared_error": _DISTANCES,
    "mean_squared_logarithmic_error": _DISTANCES,
    "poisson": _DISTANCES,
    "squared_hinge": _DISTANCES,
    "tversky": _DISTANCES,
}

_SHORT = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
ALIASES = {
    **_SHORT,
    **{short.upper(): name for short, name in _SHORT.items()},
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}

_load = attach("striate.losses", MEMBERS)[0]
registry = Registry("loss", lambda: {name: _load(name) for name in MEMBERS}, ALIASES)


def get(identifier: Any) -> Any:
    """Turn a name, a config or an object into the loss; a function's name gives the function.

    Raises:
        UnknownNameError: a name that is not known, with the nearest that are.
    """
    return registry.get(identifier)


def serialize(loss: Any) -> Any:
    """Turn a loss into what a file can hold: the name of a function, or class name and config."""
    return registry.serialize(loss)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a loss from what `serialize` returned; `custom_objects` maps names to a person's own."""
    custom = custom_objects or {}
    if isinstance(config, Mapping):
        inner = config.get("config") or {}
        if inner.get("fn") in custom:
            config = {**config, "config": {**inner, "fn": custom[inner["fn"]]}}
    return registry.get(config, custom)
