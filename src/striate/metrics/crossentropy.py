"""The cross-entropies and their kin as metrics: the mean over all samples, exact over uneven batches."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.arrays import as_tensor
from striate.metrics.base import FunctionMetric
from striate.ops import distances, scores


class BinaryCrossentropy(FunctionMetric):
    """The mean binary cross-entropy.

    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    function = staticmethod(scores.binary_crossentropy)
    from_logits: bool
    label_smoothing: float

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(FunctionMetric):
    """The mean cross-entropy for one-hot labels.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]])), 4)
    1.3863
    """

    function = staticmethod(scores.categorical_crossentropy)
    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(FunctionMetric):
    """The mean cross-entropy for class numbers; samples labelled `ignore_class` do not count.

    (In Keras they count as samples that cost nothing, unless sample weights are given.)

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.75, 0.25]])), 4)
    1.3863
    """

    function = staticmethod(scores.sparse_categorical_crossentropy)
    from_logits: bool
    ignore_class: int | None
    axis: int

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ):
        super().__init__(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        if self.ignore_class is None:
            super().update_state(y_true, y_pred, sample_weight)
            return
        with torch.no_grad():
            values = scores.sparse_categorical_crossentropy(y_true, y_pred, **self.options())
            counts = (as_tensor(y_true).to(values.device) != self.ignore_class).reshape(values.shape)
            weights = counts.to(values.dtype)
            if sample_weight is not None:
                weights = weights * scores.align_weights(sample_weight, values)
            self.add_values(values, weights)


class KLDivergence(FunctionMetric):
    """The mean of the sum of y log(y / p), between two distributions.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    function = staticmethod(distances.kl_divergence)
    default_name = "kl_divergence"


class Poisson(FunctionMetric):
    """The mean of p - y log(p), for counts.

    >>> round(float(Poisson()([[2.0]], [[1.0]])), 4)
    1.0
    """

    function = staticmethod(distances.poisson)
