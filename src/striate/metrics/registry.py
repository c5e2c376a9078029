"""The metrics by name: classes, functions, and the short names that people write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.core.lazy import attach
from striate.core.registry import Registry, snake_case

CLASSES = {
    "Metric": ".base",
    "Mean": ".base",
    "MeanMetricWrapper": ".base",
    "Sum": ".base",
    "Accuracy": ".accuracy",
    "BinaryAccuracy": ".accuracy",
    "CategoricalAccuracy": ".accuracy",
    "SparseCategoricalAccuracy": ".accuracy",
    "SparseTopKCategoricalAccuracy": ".accuracy",
    "TopKCategoricalAccuracy": ".accuracy",
    "BinaryCrossentropy": ".crossentropy",
    "CategoricalCrossentropy": ".crossentropy",
    "KLDivergence": ".crossentropy",
    "Poisson": ".crossentropy",
    "SparseCategoricalCrossentropy": ".crossentropy",
    "CategoricalHinge": ".margin",
    "Hinge": ".margin",
    "SquaredHinge": ".margin",
    "CosineSimilarity": ".regression",
    "LogCoshError": ".regression",
    "MeanAbsoluteError": ".regression",
    "MeanAbsolutePercentageError": ".regression",
    "MeanSquaredError": ".regression",
    "MeanSquaredLogarithmicError": ".regression",
    "R2Score": ".regression",
    "RootMeanSquaredError": ".regression",
    "ConcordanceCorrelation": ".correlation",
    "PearsonCorrelation": ".correlation",
    "FalseNegatives": ".confusion",
    "FalsePositives": ".confusion",
    "Precision": ".confusion",
    "Recall": ".confusion",
    "TrueNegatives": ".confusion",
    "TruePositives": ".confusion",
    "PrecisionAtRecall": ".trade_off",
    "RecallAtPrecision": ".trade_off",
    "SensitivityAtSpecificity": ".trade_off",
    "SpecificityAtSensitivity": ".trade_off",
    "AUC": ".curve",
    "F1Score": ".f_score",
    "FBetaScore": ".f_score",
    "BinaryIoU": ".overlap",
    "IoU": ".overlap",
    "MeanIoU": ".overlap",
    "OneHotIoU": ".overlap",
    "OneHotMeanIoU": ".overlap",
}
_SCORES = "striate.ops.scores"
_DISTANCES = "striate.ops.distances"
FUNCTIONS = {
    "binary_accuracy": ".accuracy",
    "categorical_accuracy": ".accuracy",
    "sparse_categorical_accuracy": ".accuracy",
    "sparse_top_k_categorical_accuracy": ".accuracy",
    "top_k_categorical_accuracy": ".accuracy",
    "concordance_correlation": ".correlation",
    "pearson_correlation": ".correlation",
    "binary_crossentropy": _SCORES,
    "binary_focal_crossentropy": _SCORES,
    "categorical_crossentropy": _SCORES,
    "categorical_focal_crossentropy": _SCORES,
    "sparse_categorical_crossentropy": _SCORES,
    "categorical_hinge": _DISTANCES,
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
MEMBERS = {**CLASSES, **FUNCTIONS}

_SHORT = {
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "mse": "MeanSquaredError",
    "msle": "MeanSquaredLogarithmicError",
}
ALIASES = {
    **_SHORT,
    **{short.upper(): name for short, name in _SHORT.items()},
    "acc": "Accuracy",
    "rmse": "RootMeanSquaredError",
    "kl_divergence": "KLDivergence",
    "kullback_leibler_divergence": "KLDivergence",
    "logcosh": "LogCoshError",
    "fbeta_score": "FBetaScore",
    "iou": "IoU",
    "mean_iou": "MeanIoU",
    "binary_iou": "BinaryIoU",
    "one_hot_iou": "OneHotIoU",
    "one_hot_mean_iou": "OneHotMeanIoU",
}

_load = attach("striate.metrics", MEMBERS)[0]
# A name such as "mean_squared_error" means the class here, as in Keras; only functions without a
# class of that name are found as functions.
NAMED = [name for name in MEMBERS if name not in {snake_case(known) for known in CLASSES}]
registry = Registry("metric", lambda: {name: _load(name) for name in NAMED}, ALIASES)


def get(identifier: Any) -> Any:
    """Turn a name, a config or an object into the metric.

    Raises:
        UnknownNameError: a name that is not known, with the nearest that are.
    """
    return registry.get(identifier)


def serialize(metric: Any) -> Any:
    """Turn a metric into what a file can hold: the name of a function, or class name and config."""
    return registry.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a metric from what `serialize` returned; `custom_objects` maps names to a person's own."""
    custom = custom_objects or {}
    if isinstance(config, Mapping):
        inner = config.get("config") or {}
        if inner.get("fn") in custom:
            config = {**config, "config": {**inner, "fn": custom[inner["fn"]]}}
    return registry.get(config, custom)
