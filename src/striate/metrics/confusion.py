"""Right and wrong, yes and no: the four counts, and precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.metrics.base import Metric, precise
from striate.ops.scores import align_weights, divide_or_zero, pair

Thresholds = float | Sequence[float] | None

# Below every score, so that with `top_k` each of the k strongest answers counts as a yes.
LOWEST = -1e10


class Counts(NamedTuple):
    """Weighted counts, one row a threshold."""

    true_positives: torch.Tensor
    false_positives: torch.Tensor
    true_negatives: torch.Tensor
    false_negatives: torch.Tensor


def count_at(
    positive: torch.Tensor, scores: torch.Tensor, weights: torch.Tensor, thresholds: Sequence[float]
) -> Counts:
    """Count yes and no against the labels at every threshold at once; a score above it is a yes.

    Each score is put into the slot of how many thresholds it exceeds, and the slots are summed
    from the top: the work does not grow with scores times thresholds.

    Shape:
        positive, scores and weights (samples, labels); out (thresholds, labels).
    """
    labels, slots = scores.shape[1], len(thresholds) + 1
    wide = precise(scores.device)
    edges, order = torch.as_tensor(thresholds, dtype=scores.dtype, device=scores.device).sort()
    scores = scores.nan_to_num(float("-inf"), float("inf"), float("-inf"))
    exceeded = torch.searchsorted(edges, scores.contiguous())
    slot = (exceeded + torch.arange(labels, device=scores.device) * slots).flatten()

    def above(amounts: torch.Tensor) -> torch.Tensor:
        sums = torch.zeros(labels * slots, dtype=wide, device=scores.device)
        sums = sums.scatter_add(0, slot, amounts.to(wide).flatten()).reshape(labels, slots)
        from_top = sums.flip(1).cumsum(1).flip(1)
        at = torch.empty_like(from_top[:, 1:])
        at[:, order] = from_top[:, 1:]
        return at.T

    yes, no = weights * positive, weights * ~positive
    true_positives, false_positives = above(yes), above(no)
    return Counts(
        true_positives,
        false_positives,
        no.sum(0, dtype=wide) - false_positives,
        yes.sum(0, dtype=wide) - true_positives,
    )


def check_thresholds(thresholds: Thresholds, default: float) -> list[float]:
    """List the thresholds, or the default one.

    Raises:
        ArgumentError: one outside 0 to 1.
    """
    if thresholds is None:
        return [default]
    listed = [float(t) for t in thresholds] if isinstance(thresholds, Sequence) else [float(thresholds)]
    outside = [t for t in listed if not 0 <= t <= 1]
    if outside:
        raise ArgumentError(f"thresholds are probabilities from 0 to 1; got {outside}.")
    return listed


def keep_strongest(scores: torch.Tensor, k: int) -> torch.Tensor:
    """Push all but the k strongest answers of each sample below every threshold."""
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, scores.topk(k).indices, True)
    return scores.masked_fill(~kept, LOWEST)


class ThresholdMetric(Metric):
    """Base of the metrics made of the four counts at one or more thresholds."""

    def __init__(self, thresholds: Sequence[float], name: str | None, dtype: Any, labels: int | None = None):
        super().__init__(dtype, name)
        self.thresholds = list(thresholds)
        shape = (len(self.thresholds),) if labels is None else (len(self.thresholds), labels)
        self.true_positives = self.add_variable(shape, "true_positives")
        self.false_positives = self.add_variable(shape, "false_positives")
        self.true_negatives = self.add_variable(shape, "true_negatives")
        self.false_negatives = self.add_variable(shape, "false_negatives")

    def add_batch(
        self,
        y_true: Any,
        y_pred: Any,
        sample_weight: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        """Count a batch."""
        targets, scores = pair(y_true, as_tensor(y_pred).detach(), self.name)
        weights = torch.ones_like(scores)
        if sample_weight is not None:
            weights = align_weights(sample_weight, scores).expand_as(scores)
        if top_k is not None:
            scores = keep_strongest(scores, top_k)
        if class_id is not None:
            if scores.ndim < 2:
                raise ShapeError(
                    f"class_id={class_id} picks a column of (samples, classes), but the answers have shape "
                    f"{format_shape(scores.shape)}."
                )
            targets, scores, weights = (part[..., class_id] for part in (targets, scores, weights))
        self.add_counts(targets != 0, scores, weights)

    def add_counts(self, positive: torch.Tensor, scores: torch.Tensor, weights: torch.Tensor) -> None:
        """Add the counts over all values."""
        positive, scores, weights = (part.reshape(-1, 1) for part in (positive, scores, weights))
        counts = count_at(positive, scores, weights, self.thresholds)
        for name, amount in zip(Counts._fields, counts, strict=True):
            getattr(self, name).assign_add(amount.squeeze(1))

    def ratio(self, part: str, rest: str) -> torch.Tensor:
        """Compute part / (part + rest) of two of the counts; 0 where both are 0."""
        first, second = getattr(self, part).value, getattr(self, rest).value
        return divide_or_zero(first, first + second)

    def one_or_all(self, values: torch.Tensor) -> torch.Tensor:
        """Give a single number for a single threshold."""
        return self.finished(values[0] if len(self.thresholds) == 1 else values)


class CountMetric(ThresholdMetric):
    """Base of the metrics that are one of the four counts."""

    counted: ClassVar[str]

    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: Any = None):
        super().__init__(check_thresholds(thresholds, 0.5), name, dtype)
        self.init_thresholds = thresholds

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        self.add_batch(y_true, y_pred, sample_weight)

    def result(self) -> torch.Tensor:
        """Compute the count, one a threshold if there are several."""
        return self.one_or_all(getattr(self, self.counted).value)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(CountMetric):
    """How many labels of 1 were answered above the threshold.

    >>> float(TruePositives()([0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0]))
    2.0
    """

    counted = "true_positives"


class FalsePositives(CountMetric):
    """How many labels of 0 were answered above the threshold.

    >>> float(FalsePositives()([0, 1, 0, 0], [0.0, 0.0, 1.0, 1.0]))
    2.0
    """

    counted = "false_positives"


class TrueNegatives(CountMetric):
    """How many labels of 0 were answered at or below the threshold.

    >>> float(TrueNegatives()([0, 1, 0, 0], [1.0, 1.0, 0.0, 0.0]))
    2.0
    """

    counted = "true_negatives"


class FalseNegatives(CountMetric):
    """How many labels of 1 were answered at or below the threshold.

    >>> float(FalseNegatives()([0, 1, 1, 1], [0.0, 1.0, 0.0, 0.0]))
    2.0
    """

    counted = "false_negatives"


class RatioMetric(ThresholdMetric):
    """Base of precision and recall: the true positives among some others.

    With `top_k` the k strongest answers of a sample are its yes; `class_id` looks at one column.
    """

    others: ClassVar[str]

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(check_thresholds(thresholds, 0.5 if top_k is None else LOWEST), name, dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        self.add_batch(y_true, y_pred, sample_weight, self.top_k, self.class_id)

    def result(self) -> torch.Tensor:
        """Compute the share, one a threshold if there are several."""
        return self.one_or_all(self.ratio("true_positives", self.others))

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Precision(RatioMetric):
    """Of those answered yes, the share that is: TP / (TP + FP); 0 where nothing was answered yes.

    >>> round(float(Precision()([0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0])), 4)
    0.6667
    """

    others = "false_positives"


class Recall(RatioMetric):
    """Of those that are, the share answered yes: TP / (TP + FN); 0 where there are none.

    >>> round(float(Recall()([0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0])), 4)
    0.6667
    """

    others = "false_negatives"
