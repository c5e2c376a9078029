"""Intersection over union: how well marked regions cover the right ones, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from striate.core.allowance import take
from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.metrics.base import Metric, precise
from striate.ops.scores import align_weights, divide_or_zero


class ConfusionMatrixMetric(Metric):
    """Base of the IoU family: a matrix of right class by answered class, TP / (TP + FP + FN) from it.

    Labels outside 0 to num_classes - 1 and those equal to `ignore_class` do not count. The result
    is the mean over the target classes that occur at all.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None,
        dtype: Any,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(dtype, name)
        if min(target_class_ids) < 0 or max(target_class_ids) >= num_classes:
            raise ArgumentError(
                f"target_class_ids must lie from 0 to {num_classes - 1}; got {list(target_class_ids)}."
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.matrix = self.add_variable((num_classes, num_classes), "total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        answers = as_tensor(y_pred).detach()
        targets = as_tensor(y_true).to(answers.device)
        answers = answers if self.sparse_y_pred else answers.argmax(self.axis)
        targets = targets if self.sparse_y_true else targets.argmax(self.axis)
        if targets.numel() != answers.numel():
            raise ShapeError(
                f"{self.name} compares class numbers one by one; got {format_shape(targets.shape)} labels "
                f"and {format_shape(answers.shape)} answers. Answers with an axis of classes need "
                "sparse_y_pred=False."
            )
        self.add_classes(targets.long(), answers.long().reshape(targets.shape), sample_weight)

    def add_classes(self, targets: torch.Tensor, answers: torch.Tensor, sample_weight: Any) -> None:
        """Add class numbers of equal shape to the matrix."""
        wide, size = precise(answers.device), self.num_classes
        weights = torch.ones(targets.shape, dtype=wide, device=targets.device)
        if sample_weight is not None:
            weights = align_weights(sample_weight, weights).expand_as(weights)
        counts = (targets >= 0) & (targets < size) & (answers >= 0) & (answers < size)
        if self.ignore_class is not None:
            counts &= targets != self.ignore_class
        cells = (targets * size + answers).where(counts, 0).flatten()
        sums = torch.zeros(size * size, dtype=wide, device=cells.device)
        sums = sums.scatter_add(0, cells, weights.where(counts, 0).flatten())
        self.matrix.assign_add(sums.reshape(size, size))

    def result(self) -> torch.Tensor:
        """Compute the mean over the target classes that occur."""
        matrix = self.matrix.value
        both = matrix.diagonal()
        either = matrix.sum(0) + matrix.sum(1) - both
        both, either = both[self.target_class_ids], either[self.target_class_ids]
        occurring = (either > 0).sum().to(either.dtype)
        return self.finished(divide_or_zero(divide_or_zero(both, either).sum(), occurring))

    def config_of(self, *names: str) -> dict[str, Any]:
        """Describe the metric by the named arguments."""
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class IoU(ConfusionMatrixMetric):
    """The mean intersection over union of chosen classes; labels and answers are class numbers.

    >>> round(float(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return self.config_of(
            "num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis"
        )


class MeanIoU(ConfusionMatrixMetric):
    """The mean intersection over union of all classes; labels and answers are class numbers.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        everything = _all_classes(num_classes)
        super().__init__(
            num_classes, everything, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return self.config_of("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class BinaryIoU(ConfusionMatrixMetric):
    """The mean intersection over union for yes or no; an answer from `threshold` up is a yes.

    >>> round(float(BinaryIoU()([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.5833
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        super().update_state(y_true, as_tensor(y_pred) >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return self.config_of("target_class_ids", "threshold")


class OneHotIoU(ConfusionMatrixMetric):
    """The mean intersection over union of chosen classes; labels are one-hot, answers scores.

    >>> float(OneHotIoU(num_classes=2, target_class_ids=[1])([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return self.config_of("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")


class OneHotMeanIoU(ConfusionMatrixMetric):
    """The mean intersection over union of all classes; labels are one-hot, answers scores.

    >>> float(OneHotMeanIoU(num_classes=2)([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]))
    0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        everything = _all_classes(num_classes)
        super().__init__(num_classes, everything, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return self.config_of("num_classes", "ignore_class", "sparse_y_pred", "axis")


def _all_classes(count: int) -> range:
    # Before the numbers are gone through one by one, which a file can make last for ever.
    take(count, "a metric's classes")
    return range(count)
