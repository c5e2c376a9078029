"""The F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.metrics.base import Metric, precise
from striate.ops.scores import align_weights, divide_or_zero, pair

AVERAGES = (None, "micro", "macro", "weighted")


class FScore(Metric):
    """Base of the F-scores: (1 + b^2) P R / (b^2 P + R) for each class, and averages of these.

    `average=None` gives one score a class; 'micro' counts over all classes, 'macro' is the mean
    over classes, 'weighted' the mean weighted by how often a class is the right one. Without a
    `threshold` the strongest answer of a sample is its yes.

    Shape:
        y_true (one-hot or several-hot) and y_pred (batch, classes).
    """

    beta: float

    def __init__(
        self, average: str | None, beta: float, threshold: float | None, name: str | None, dtype: Any
    ):
        super().__init__(dtype, name)
        if average not in AVERAGES:
            raise ArgumentError(f"average must be one of {', '.join(map(repr, AVERAGES))}; got {average!r}.")
        if beta <= 0:
            raise ArgumentError(f"beta must be above 0; got {beta!r}.")
        if threshold is not None and not 0 < threshold <= 1:
            raise ArgumentError(f"threshold must be above 0 and at most 1, or None; got {threshold!r}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.true_positives = self.add_variable(name="true_positives")
        self.false_positives = self.add_variable(name="false_positives")
        self.false_negatives = self.add_variable(name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        targets, scores = (side.detach() for side in pair(y_true, y_pred, self.name))
        if scores.ndim != 2:
            raise ShapeError(
                f"{self.name} takes (batch, classes); got y_true and y_pred of {scores.ndim} axes, "
                f"{format_shape(scores.shape)}."
            )
        if self.threshold is None:
            answers = (scores >= scores.amax(-1, keepdim=True)) & (scores.abs() > 1e-9)
        else:
            answers = scores > self.threshold
        wide = precise(scores.device)
        answers, targets = answers.to(wide), targets.to(wide)
        weights = torch.ones_like(targets)
        if sample_weight is not None:
            weights = align_weights(sample_weight, targets)
        self.true_positives.assign_add((weights * answers * targets).sum(0))
        self.false_positives.assign_add((weights * answers * (1 - targets)).sum(0))
        self.false_negatives.assign_add((weights * (1 - answers) * targets).sum(0))

    def result(self) -> torch.Tensor:
        """Compute the score, one a class if `average` is None."""
        found, extra, missed = (state.value for state in self.variables)
        if self.average == "micro":
            found, extra, missed = found.sum(), extra.sum(), missed.sum()
        precision = divide_or_zero(found, found + extra)
        recall = divide_or_zero(found, found + missed)
        weight = self.beta**2
        scores = divide_or_zero((1 + weight) * precision * recall, weight * precision + recall)
        if self.average == "weighted":
            share = divide_or_zero(found + missed, (found + missed).sum())
            scores = (scores * share).sum()
        return self.finished(scores if self.average is None else scores.mean() if scores.ndim else scores)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return {**super().get_config(), "average": self.average, "threshold": self.threshold}


class FBetaScore(FScore):
    """The F-score in which recall counts `beta` times as much as precision.

    >>> FBetaScore(beta=2.0, threshold=0.5)([[1, 1], [0, 1]], [[0.9, 0.2], [0.6, 0.9]])
    tensor([0.8333, 0.5556], dtype=torch.float64)
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ):
        super().__init__(average, beta, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return {**super().get_config(), "beta": self.beta}


class F1Score(FScore):
    """The harmonic mean of precision and recall.

    >>> F1Score(threshold=0.5)([[1, 1], [0, 1]], [[0.9, 0.2], [0.6, 0.9]])
    tensor([0.6667, 0.6667], dtype=torch.float64)
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ):
        super().__init__(average, 1.0, threshold, name, dtype)
