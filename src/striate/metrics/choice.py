"""From what a person writes in `compile(metrics=[...])` to a metric object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from striate.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from striate.metrics.base import MeanMetricWrapper, Metric
from striate.metrics.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from striate.metrics.registry import get

# What each loss function compares with; loss objects say it themselves, by `targets`.
_TARGETS_OF = {
    "binary_crossentropy": "binary",
    "bce": "binary",
    "binary_focal_crossentropy": "binary",
    "categorical_crossentropy": "one_hot",
    "categorical_focal_crossentropy": "one_hot",
    "sparse_categorical_crossentropy": "index",
}
_ACCURACY: dict[str, type[Any]] = {
    "binary": BinaryAccuracy,
    "one_hot": CategoricalAccuracy,
    "index": SparseCategoricalAccuracy,
}
_CROSSENTROPY: dict[str, type[Any]] = {
    "binary": BinaryCrossentropy,
    "one_hot": CategoricalCrossentropy,
    "index": SparseCategoricalCrossentropy,
}


def as_metric(identifier: Any) -> Any:
    """Turn a name, a config, a function or an object into a `Metric`; a name becomes the metric's own.

    Raises:
        UnknownNameError: a name that is not known.

    >>> as_metric("mse").name, as_metric("huber").name
    ('mse', 'huber')
    """
    found = get(identifier)
    metric = found if found is None or isinstance(found, Metric) else MeanMetricWrapper(found)
    if metric is not None and isinstance(identifier, str):
        metric.name = identifier
    return metric


def for_loss(
    name: Any, loss: Any, output_shape: Sequence[int | None], target_shape: Sequence[int | None] | None = None
) -> Any:
    """Choose what "accuracy", "acc", "crossentropy" or "ce" means for a loss and a network's answers.

    One unit, or a binary loss, asks for the binary metric; class numbers for the sparse one;
    one-hot labels for the categorical one. Where the loss does not tell (mean squared error, say),
    the shape of the labels does. Anything but those names goes to `as_metric`.

    With `from_logits=True` in the loss, binary accuracy draws the line at a logit of 0, which is a
    probability of 0.5, and cross-entropy is told of the logits. Keras draws it at a logit of 0.5,
    a probability of 0.62, and so counts wrongly. Networks of several sigmoid units under a binary
    loss get the binary accuracy, too, where Keras compares their strongest units.

    >>> for_loss("accuracy", "sparse_categorical_crossentropy", (None, 10)).name
    'accuracy'
    """
    if not isinstance(name, str) or name.lower() not in ("accuracy", "acc", "crossentropy", "ce"):
        return as_metric(name)
    kind = _kind(loss, output_shape, target_shape)
    from_logits = bool(getattr(loss, "from_logits", False))
    if name.lower() in ("crossentropy", "ce"):
        return _CROSSENTROPY[kind](name=name, from_logits=from_logits)
    if kind == "binary":
        return BinaryAccuracy(name=name, threshold=0.0 if from_logits else 0.5)
    return _ACCURACY[kind](name=name)


def _kind(loss: Any, output_shape: Sequence[int | None], target_shape: Sequence[int | None] | None) -> str:
    if output_shape[-1] == 1:
        return "binary"
    named = loss if isinstance(loss, str) else getattr(loss, "__name__", "")
    kind = getattr(loss, "targets", None) or _TARGETS_OF.get(named)
    if kind is not None:
        return str(kind)
    if target_shape is not None and (len(target_shape) < len(output_shape) or target_shape[-1] == 1):
        return "index"
    return "one_hot"
