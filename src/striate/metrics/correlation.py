"""How well answers rise and fall with the labels."""

from __future__ import annotations

from typing import Any

import torch

from striate.metrics.base import FunctionMetric
from striate.ops.scores import EPSILON, pair


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> torch.Tensor:
    """Measure Pearson's correlation along `axis`, from -1 to 1; NaN where one side is constant."""
    targets, answers = pair(y_true, y_pred, "pearson_correlation")
    targets = targets - targets.mean(axis, keepdim=True)
    answers = answers - answers.mean(axis, keepdim=True)
    spread = (targets.square().mean(axis) * answers.square().mean(axis)).sqrt()
    return (targets * answers).mean(axis) / spread


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> torch.Tensor:
    """Measure Lin's concordance along `axis`: correlation that also asks for equal mean and spread.

    (Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989.)
    """
    targets, answers = pair(y_true, y_pred, "concordance_correlation")
    target_mean, answer_mean = targets.mean(axis, keepdim=True), answers.mean(axis, keepdim=True)
    together = ((targets - target_mean) * (answers - answer_mean)).mean(axis)
    spread = targets.var(axis, correction=0) + answers.var(axis, correction=0)
    apart = (target_mean - answer_mean).squeeze(axis).square()
    return 2 * together / (spread + apart + EPSILON)


class PearsonCorrelation(FunctionMetric):
    """The mean over samples of Pearson's correlation between labels and answers.

    >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])), 4)
    1.0
    """

    function = staticmethod(pearson_correlation)
    axis: int

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1):
        super().__init__(name, dtype, axis=axis)


class ConcordanceCorrelation(FunctionMetric):
    """The mean over samples of Lin's concordance between labels and answers.

    >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]])), 4)
    0.5714
    """

    function = staticmethod(concordance_correlation)
    axis: int

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1):
        super().__init__(name, dtype, axis=axis)
