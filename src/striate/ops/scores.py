"""How far answers are from labels: what losses and metrics share, and the cross-entropies.

Every function takes tensors or arrays, computes in float32 or, where the answers are float64,
in float64, and returns one value a sample (all axes but the last, or but `axis`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate.core.arrays import as_tensor
from striate.core.errors import LabelError, ShapeError
from striate.core.shapes import format_shape

EPSILON = 1e-7


def as_scores(values: Any, dtype: torch.dtype | None = None) -> torch.Tensor:
    """See values as a tensor that is precise enough to measure with: float32, or float64 if it is that."""
    tensor = as_tensor(values)
    if dtype is not None:
        return tensor.to(dtype)
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()


def same_rank(y_true: torch.Tensor, y_pred: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Give both the same number of axes where they differ by a last axis of one.

    A vector is expanded to (batch, 1); anything with more axes loses its last one.

    >>> [tuple(t.shape) for t in same_rank(torch.zeros(4), torch.zeros(4, 1))]
    [(4, 1), (4, 1)]
    """
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        return (y_true, y_pred.unsqueeze(-1)) if y_pred.ndim == 1 else (y_true.squeeze(-1), y_pred)
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        return (y_true.unsqueeze(-1), y_pred) if y_true.ndim == 1 else (y_true, y_pred.squeeze(-1))
    return y_true, y_pred


def pair(y_true: Any, y_pred: Any, measure: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Bring labels and answers to one type, device and shape.

    Raises:
        ShapeError: shapes that still differ. They are not broadcast: (batch, 1) against
            (batch, 3) is nearly always a mistake that would otherwise train on quietly.
    """
    predictions = as_scores(y_pred)
    targets = as_tensor(y_true).to(predictions.device, predictions.dtype)
    targets, predictions = same_rank(targets, predictions)
    if targets.shape != predictions.shape:
        raise ShapeError(
            f"{measure} compares value by value and needs y_true and y_pred of one shape; got y_true "
            f"{format_shape(targets.shape)} and y_pred {format_shape(predictions.shape)}."
            + _advice(targets, predictions)
        )
    return targets, predictions


def _advice(targets: torch.Tensor, predictions: torch.Tensor) -> str:
    if targets.ndim == predictions.ndim == 2 and targets.shape[1] == 1:
        return " Class numbers become columns with striate.utils.to_categorical(y_true)."
    if targets.ndim == predictions.ndim and targets.shape[0] == predictions.shape[0]:
        return f" The network's last layer has {predictions.shape[-1]} units for {targets.shape[-1]} columns."
    return ""


def align_weights(weights: Any, values: torch.Tensor) -> torch.Tensor:
    """Shape sample weights so that they multiply `values`: one a sample, or one a value.

    Weights with fewer axes belong to the first axes, so (batch,) weighs whole samples of
    (batch, height, width); otherwise they broadcast.

    Raises:
        ShapeError: weights that fit neither way.
    """
    weights = as_tensor(weights).to(values.device, values.dtype)
    if values.ndim == 0 and weights.numel() > 1:
        raise ShapeError(
            "sample_weight needs one value a sample to weigh, but there is one value for the whole batch. "
            "Sum over the axes of a sample only, as in Dice(axis=(1, 2, 3))."
        )
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = weights.squeeze(-1)
    missing = values.ndim - weights.ndim
    if weights.ndim and missing > 0 and weights.shape == values.shape[: weights.ndim]:
        weights = weights.reshape(*weights.shape, *(1,) * missing)
    sizes = zip(weights.shape[::-1], values.shape[::-1], strict=False)
    if missing < 0 or not all(size in (1, whole) for size, whole in sizes):
        raise ShapeError(
            f"sample_weight needs one weight a sample (or one a value): there are values of shape "
            f"{format_shape(values.shape)}, but sample_weight has shape {format_shape(weights.shape)}."
        )
    return weights


def divide_or_zero(numerator: torch.Tensor, denominator: torch.Tensor) -> torch.Tensor:
    """Divide, and answer 0 where the denominator is 0."""
    empty = denominator == 0
    return torch.where(empty, torch.zeros_like(numerator), numerator / torch.where(empty, 1, denominator))


def class_numbers(y_true: Any, scores: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """See labels as whole class numbers, one for each row of `scores`, whose last axis holds the classes.

    Shape:
        y_true (batch, ...) or with an axis of one where `axis` was; out as scores without its last axis.

    Raises:
        ShapeError: not one number a row.
    """
    labels = as_tensor(y_true).to(scores.device)
    if labels.ndim == scores.ndim and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    if labels.ndim == 2 and scores.ndim == 2 and labels.shape == scores.shape:
        raise ShapeError(
            f"expected one class number a sample; got y_true of shape {format_shape(labels.shape)}, which "
            "looks one-hot. Use categorical_crossentropy for it, or y_true.argmax(axis=-1)."
        )
    if labels.shape != scores.shape[:-1]:
        raise ShapeError(
            f"expected one class number for each answer: y_true {format_shape(scores.shape[:-1])}; got "
            f"{format_shape(labels.shape)} for answers of shape {format_shape(scores.shape)} (classes last)."
        )
    return labels.long()


def labels_out_of_range(low: int, high: int, classes: int) -> LabelError:
    """Make the error for class numbers that the network has no unit for."""
    if low == 1 and high == classes:
        return LabelError(
            f"labels run from 1 to {high} but the network answers {classes} classes, counted from 0: "
            "subtract 1."
        )
    advice = f"Give the last layer {high + 1} units" if low >= 0 else "Remove or renumber the negative ones"
    if classes == 1 and low == 0 and high == 1:
        advice = "For two classes and one unit use loss='binary_crossentropy', or give the last layer 2 units"
    return LabelError(
        f"labels run from {low} to {high} but the network answers {classes} "
        f"class{'es' if classes > 1 else ''}: 0 to {classes - 1} can be told apart. {advice}."
    )


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> torch.Tensor:
    """Measure -(y log p + (1 - y) log(1 - p)), the mean over `axis`.

    Probabilities are kept 1e-7 away from 0 and 1; logits are measured without forming them.
    Label smoothing s makes 0 and 1 into s/2 and 1 - s/2.

    >>> binary_crossentropy([[1.0], [0.0]], [[0.5], [0.5]])
    tensor([0.6931, 0.6931])
    """
    targets, scores = pair(y_true, y_pred, "binary_crossentropy")
    return _each_binary(smooth_binary(targets, label_smoothing), scores, from_logits).mean(axis)


def _each_binary(targets: torch.Tensor, scores: torch.Tensor, from_logits: bool) -> torch.Tensor:
    if from_logits:
        return F.binary_cross_entropy_with_logits(scores, targets, reduction="none")
    scores = scores.clamp(EPSILON, 1 - EPSILON)
    return -(targets * scores.log() + (1 - targets) * (1 - scores).log())


def smooth_binary(targets: torch.Tensor, amount: float) -> torch.Tensor:
    """Pull 0 and 1 towards one half: y (1 - s) + s / 2."""
    return targets * (1 - amount) + 0.5 * amount if amount else targets


def log_probabilities(scores: torch.Tensor, from_logits: bool, axis: int = -1) -> torch.Tensor:
    """Turn logits or probabilities into log probabilities that sum to one along `axis`.

    Probabilities are divided by their sum and kept 1e-7 away from 0 and 1.
    """
    if from_logits:
        return F.log_softmax(scores, dim=axis)
    return (scores / scores.sum(axis, keepdim=True)).clamp(EPSILON, 1 - EPSILON).log()


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> torch.Tensor:
    """Measure -sum(y log p) over the classes along `axis`, for one-hot or soft labels.

    Label smoothing s spreads the share s evenly over all classes.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.75, 0.25]])
    tensor([1.3863])
    """
    targets, scores = pair(y_true, y_pred, "categorical_crossentropy")
    targets = smooth_categorical(targets, label_smoothing, axis)
    return -(targets * log_probabilities(scores, from_logits, axis)).sum(axis)


def smooth_categorical(targets: torch.Tensor, amount: float, axis: int = -1) -> torch.Tensor:
    """Spread the share `amount` of one-hot labels evenly over the classes."""
    return targets * (1 - amount) + amount / targets.shape[axis] if amount else targets


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> torch.Tensor:
    """Measure -log p of the right class, for labels that are class numbers.

    Where the label is `ignore_class` the value is 0.

    Shape:
        y_true (batch, ...) or (batch, ..., 1); y_pred with the classes along `axis`; out (batch, ...).

    Raises:
        LabelError: a number without a class. On a GPU this would wait for the device, so there
            the check of all labels before training has to find it.

    >>> sparse_categorical_crossentropy([1], [[0.75, 0.25]])
    tensor([1.3863])
    """
    scores = as_scores(y_pred).movedim(axis, -1)
    labels = class_numbers(y_true, scores, axis)
    valid = None if ignore_class is None else labels != ignore_class
    if valid is not None:
        labels = labels.where(valid, 0)
        scores = scores.where(valid.unsqueeze(-1), 1)
    check_range(labels, scores.shape[-1])
    logs = log_probabilities(scores, from_logits)
    values = -logs.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    return values if valid is None else values.where(valid, 0)


def check_range(labels: torch.Tensor, classes: int) -> None:
    """Refuse class numbers without a class, where looking does not wait for a device.

    Raises:
        LabelError: a number below 0 or from `classes` on.
    """
    if labels.device.type != "cpu" or not labels.numel():
        return
    low, high = (int(edge) for edge in labels.aminmax())
    if low < 0 or high >= classes:
        raise labels_out_of_range(low, high, classes)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> torch.Tensor:
    """Measure (1 - p_t)^gamma times the binary cross-entropy: easy samples count less.

    With `apply_class_balancing` class 1 weighs alpha and class 0 weighs 1 - alpha.
    (Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.)
    """
    targets, scores = pair(y_true, y_pred, "binary_focal_crossentropy")
    targets = smooth_binary(targets, label_smoothing)
    scores = scores.sigmoid() if from_logits else scores
    right = targets * scores + (1 - targets) * (1 - scores)
    values = (1 - right) ** gamma * _each_binary(targets, scores, from_logits=False)
    if apply_class_balancing:
        values = values * (targets * alpha + (1 - targets) * (1 - alpha))
    return values.mean(axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> torch.Tensor:
    """Measure -sum(alpha (1 - p)^gamma y log p) over the classes; alpha is one number or one a class.

    (Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.)
    """
    targets, scores = pair(y_true, y_pred, "categorical_focal_crossentropy")
    targets = smooth_categorical(targets, label_smoothing, axis)
    scores = scores.softmax(axis) if from_logits else scores
    chances = (scores / scores.sum(axis, keepdim=True)).clamp(EPSILON, 1 - EPSILON)
    weight = torch.as_tensor(alpha, dtype=scores.dtype, device=scores.device)
    return (-targets * chances.log() * (1 - chances) ** gamma * weight).sum(axis)
