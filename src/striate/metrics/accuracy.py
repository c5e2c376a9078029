"""How often the answer is right."""

from __future__ import annotations

from typing import Any

import torch

from striate.metrics.base import FunctionMetric
from striate.ops.scores import as_scores, class_numbers, pair


def exact_match(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Say of each value whether it equals the label."""
    targets, answers = pair(y_true, y_pred, "accuracy")
    return (targets == answers).to(answers.dtype)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> torch.Tensor:
    """Say of each answer whether it lies on the label's side of `threshold` (above it means 1).

    >>> binary_accuracy([[1.0], [0.0]], [[0.7], [0.6]])
    tensor([[1.],
            [0.]])
    """
    return _on_the_right_side(y_true, y_pred, threshold).to(as_scores(y_pred).dtype)


def _on_the_right_side(y_true: Any, y_pred: Any, threshold: float) -> torch.Tensor:
    targets, answers = pair(y_true, y_pred, "binary_accuracy")
    return (answers > threshold) == targets


def categorical_accuracy(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Say of each sample whether the strongest answer stands where the largest label is."""
    return _same_class(y_true, y_pred).to(as_scores(y_pred).dtype)


def _same_class(y_true: Any, y_pred: Any) -> torch.Tensor:
    targets, answers = pair(y_true, y_pred, "categorical_accuracy")
    return targets.argmax(-1) == answers.argmax(-1)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Say of each sample whether the strongest answer is the one that the class number names.

    >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    tensor([1., 0.])
    """
    return _named_class(y_true, y_pred).to(as_scores(y_pred).dtype)


def _named_class(y_true: Any, y_pred: Any) -> torch.Tensor:
    answers = as_scores(y_pred)
    return class_numbers(y_true, answers) == answers.argmax(-1)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> torch.Tensor:
    """Say of each sample whether the class of its one-hot label is among the k strongest answers."""
    targets, answers = pair(y_true, y_pred, "top_k_categorical_accuracy")
    return sparse_top_k_categorical_accuracy(targets.argmax(-1), answers, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> torch.Tensor:
    """Say of each sample whether its class number is among the k strongest answers.

    Answers as strong as the k-th count too. With `from_sorted_ids` the answers are themselves
    class numbers, the best first.
    """
    answers = as_scores(y_pred)
    labels = class_numbers(y_true, answers).unsqueeze(-1)
    if from_sorted_ids:
        return (answers[..., :k] == labels).any(-1).to(answers.dtype)
    known = (labels >= 0) & (labels < answers.shape[-1])
    right = answers.gather(-1, labels.where(known, 0))
    found = known.squeeze(-1) & ((answers > right).sum(-1) < k) & ~right.isnan().squeeze(-1)
    return found.to(answers.dtype)


class Accuracy(FunctionMetric):
    """The share of values that equal their label.

    >>> float(Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]))
    0.75
    """

    function = staticmethod(exact_match)


class BinaryAccuracy(FunctionMetric):
    """The share of answers on the right side of `threshold`, which is a probability, or 0 for logits.

    >>> float(BinaryAccuracy()([[1], [0]], [[0.7], [0.6]]))
    0.5
    """

    function = staticmethod(_on_the_right_side)
    threshold: float

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5):
        super().__init__(name, dtype, threshold=threshold)


class CategoricalAccuracy(FunctionMetric):
    """The share of samples whose strongest answer is the right class; labels are one-hot.

    >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """

    function = staticmethod(_same_class)


class SparseCategoricalAccuracy(FunctionMetric):
    """The share of samples whose strongest answer is the right class; labels are class numbers.

    >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """

    function = staticmethod(_named_class)


class TopKCategoricalAccuracy(FunctionMetric):
    """The share of samples whose class is among the k strongest answers; labels are one-hot.

    >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.6, 0.1, 0.3]]))
    1.0
    """

    function = staticmethod(top_k_categorical_accuracy)
    k: int

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None):
        super().__init__(name, dtype, k=k)


class SparseTopKCategoricalAccuracy(FunctionMetric):
    """The share of samples whose class is among the k strongest answers; labels are class numbers.

    >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.6, 0.1, 0.3]]))
    1.0
    """

    function = staticmethod(sparse_top_k_categorical_accuracy)
    k: int
    from_sorted_ids: bool

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ):
        super().__init__(name, dtype, k=k, from_sorted_ids=from_sorted_ids)
