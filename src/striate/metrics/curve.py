"""The area under the ROC or the precision-recall curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import check_choice, format_shape
from striate.metrics.confusion import Counts, ThresholdMetric, check_thresholds, count_at
from striate.metrics.trade_off import even_thresholds
from striate.ops.scores import EPSILON, as_scores, divide_or_zero


class AUC(ThresholdMetric):
    """The area under a curve, from counts at `num_thresholds` thresholds.

    `curve` is 'ROC', 'PR' or 'PRGAIN'; `summation_method` is 'interpolation', 'majoring' or
    'minoring'. For 'PR' the interpolation follows the true curve between two thresholds, which
    is no straight line (Davis and Goadrich, "The relationship between precision-recall and ROC
    curves", 2006). 'PRGAIN' rescales both axes (Flach and Kull, "Precision-recall-gain curves",
    2015). With `multi_label` each column has its curve, and the areas are averaged by
    `label_weights`. The more thresholds, the nearer to the exact area.

    Shape:
        y_true and y_pred (batch,), (batch, 1), or (batch, labels); probabilities, or logits
        with `from_logits`.

    >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]))
    0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ):
        if num_labels and not multi_label:
            raise ArgumentError("num_labels says how many curves there are and needs multi_label=True.")
        self.own_thresholds = thresholds
        super().__init__(_with_ends(thresholds, num_thresholds), name, dtype, num_labels)
        self.num_thresholds = len(self.thresholds)
        self.curve = check_choice(curve, ("roc", "pr", "prgain"), "curve").upper()
        methods = ("interpolation", "majoring", "minoring")
        self.summation_method = check_choice(summation_method, methods, "summation_method")
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else [float(weight) for weight in label_weights]
        self.from_logits = from_logits

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        scores = as_scores(as_tensor(y_pred).detach())
        if self.multi_label and scores.ndim != 2:
            raise ShapeError(
                "multi_label=True takes answers of shape (samples, labels); "
                f"got {format_shape(scores.shape)}."
            )
        self.add_batch(y_true, scores.sigmoid() if self.from_logits else scores.clamp(0, 1), sample_weight)

    def add_counts(self, positive: torch.Tensor, scores: torch.Tensor, weights: torch.Tensor) -> None:
        """Add the counts over all values, or for each label."""
        if not self.multi_label:
            if self.label_weights is not None:
                weights = weights * self._label_weights(weights)
            super().add_counts(positive, scores, weights)
            return
        for name, amount in zip(
            Counts._fields, count_at(positive, scores, weights, self.thresholds), strict=True
        ):
            state = getattr(self, name)
            if state.value.ndim == 1:
                # How many labels there are is known with the first batch.
                state.value = state.value.unsqueeze(1)
            state.assign_add(amount)

    def _label_weights(self, like: torch.Tensor) -> torch.Tensor:
        return torch.tensor(self.label_weights, dtype=like.dtype, device=like.device)

    def result(self) -> torch.Tensor:
        """Compute the area over all batches."""
        precise_pr = self.curve == "PR" and self.summation_method == "interpolation"
        pieces = self._interpolated_pieces() if precise_pr else self._pieces()
        area = pieces.sum(0)
        if self.multi_label and self.label_weights is not None:
            weights = self._label_weights(area)
            area = divide_or_zero((area * weights).sum(), weights.sum())
        return self.finished(area.mean())

    def _pieces(self) -> torch.Tensor:
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        elif self.summation_method == "minoring":
            heights = torch.minimum(y[:-1], y[1:])
        else:
            heights = torch.maximum(y[:-1], y[1:])
        return (x[:-1] - x[1:]) * heights

    def _points(self) -> tuple[torch.Tensor, torch.Tensor]:
        recall = self.ratio("true_positives", "false_negatives")
        if self.curve == "ROC":
            return self.ratio("false_positives", "true_negatives"), recall
        if self.curve == "PR":
            return recall, self.ratio("true_positives", "false_positives")
        found, extra = self.true_positives.value, self.false_positives.value
        missed, rejected = self.false_negatives.value, self.true_negatives.value
        odds = divide_or_zero(found + missed, rejected + extra)
        nothing = found == 0
        recall_gain = (1 - odds * divide_or_zero(missed, found)).where(~nothing, 0.0).clamp(min=0)
        return recall_gain, (1 - odds * divide_or_zero(extra, found)).where(~nothing, 1.0)

    def _interpolated_pieces(self) -> torch.Tensor:
        found = self.true_positives.value
        answered = found + self.false_positives.value
        slope = divide_or_zero(found[:-1] - found[1:], (answered[:-1] - answered[1:]).clamp(min=0))
        start = found[1:] - slope * answered[1:]
        both = (answered[:-1] > 0) & (answered[1:] > 0)
        growth = torch.where(both, divide_or_zero(answered[:-1], answered[1:]), 1)
        gained = slope * (found[:-1] - found[1:] + start * growth.log())
        return divide_or_zero(gained, found[1:] + self.false_negatives.value[1:])

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        if self.own_thresholds is not None:
            own["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **own}


def _with_ends(thresholds: Sequence[float] | None, count: int) -> list[float]:
    if thresholds is not None:
        inside = sorted(check_thresholds(thresholds, 0.5))
    elif count < 2:
        raise ArgumentError(f"num_thresholds of a curve must be 2 or more; got {count!r}.")
    else:
        inside = even_thresholds(count)[1:-1]
    # A little outside, so that the first threshold lets every answer pass and the last one none.
    return [-EPSILON, *inside, 1 + EPSILON]
