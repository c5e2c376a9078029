"""The best of one rate while another is kept: sensitivity at a given specificity, and the like."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate.core.allowance import take
from striate.core.errors import ArgumentError
from striate.metrics.confusion import ThresholdMetric

RATES = {
    "sensitivity": ("true_positives", "false_negatives"),
    "recall": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
    "precision": ("true_positives", "false_positives"),
}


def even_thresholds(count: int) -> list[float]:
    """List `count` thresholds spread evenly from 0 to 1; a single one is 0.5.

    Raises:
        ArgumentError: fewer than one.
    """
    if count < 1:
        raise ArgumentError(f"num_thresholds must be 1 or more; got {count!r}.")
    take(count, "a metric's thresholds")
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]


class TradeOff(ThresholdMetric):
    """Base of the metrics that take the best `wanted` rate among thresholds where `kept` is high enough."""

    wanted: ClassVar[str]
    kept: ClassVar[str]

    def __init__(self, least: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any):
        if not 0 <= least <= 1:
            raise ArgumentError(f"{self.kept} is a share from 0 to 1; got {least!r}.")
        super().__init__(even_thresholds(num_thresholds), name, dtype)
        self.least = least
        self.num_thresholds = num_thresholds
        self.class_id = class_id

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        self.add_batch(y_true, y_pred, sample_weight, class_id=self.class_id)

    def result(self) -> torch.Tensor:
        """Compute the best rate; 0 if no threshold keeps the other high enough."""
        enough = self.ratio(*RATES[self.kept]) >= self.least
        return self.finished(self.ratio(*RATES[self.wanted]).where(enough, 0).amax())

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        own = {self.kept: self.least, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(TradeOff):
    """The best sensitivity, TP / (TP + FN), where the specificity is at least what was asked for.

    >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    wanted, kept = "sensitivity", "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(TradeOff):
    """The best specificity, TN / (TN + FP), where the sensitivity is at least what was asked for.

    >>> round(float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.6667
    """

    wanted, kept = "specificity", "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(TradeOff):
    """The best precision where the recall is at least what was asked for.

    >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    wanted, kept = "precision", "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(TradeOff):
    """The best recall where the precision is at least what was asked for.

    >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]))
    0.5
    """

    wanted, kept = "recall", "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
