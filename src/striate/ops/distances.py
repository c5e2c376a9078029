"""Distances between values: the errors of regression, hinges, overlaps and the circle loss.

Like `ops.scores`, each takes tensors or arrays and returns one value a sample, in float32 or float64.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

from striate.core.arrays import as_tensor
from striate.ops.scores import EPSILON, as_scores, pair


def mean_squared_error(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of (y - p)^2 over the last axis.

    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 2.0]])
    tensor([0.5000])
    """
    targets, predictions = pair(y_true, y_pred, "mean_squared_error")
    return (targets - predictions).square().mean(-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of |y - p| over the last axis."""
    targets, predictions = pair(y_true, y_pred, "mean_absolute_error")
    return (targets - predictions).abs().mean(-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure 100 times the mean of |y - p| / |y| over the last axis; |y| is at least 1e-7."""
    targets, predictions = pair(y_true, y_pred, "mean_absolute_percentage_error")
    return 100 * ((targets - predictions) / targets.abs().clamp(min=EPSILON)).abs().mean(-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of (log(1 + y) - log(1 + p))^2 over the last axis; both are at least 1e-7."""
    targets, predictions = pair(y_true, y_pred, "mean_squared_logarithmic_error")
    difference = (predictions.clamp(min=EPSILON) + 1).log() - (targets.clamp(min=EPSILON) + 1).log()
    return difference.square().mean(-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> torch.Tensor:
    """Measure e^2 / 2 up to `delta` and delta |e| - delta^2 / 2 beyond, the mean over the last axis.

    (Huber, "Robust estimation of a location parameter", 1964.)
    """
    targets, predictions = pair(y_true, y_pred, "huber")
    return F.huber_loss(predictions, targets, reduction="none", delta=delta).mean(-1)


def log_cosh(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of log(cosh(p - y)) over the last axis: a square near 0, a line far out."""
    targets, predictions = pair(y_true, y_pred, "log_cosh")
    error = (predictions - targets).abs()
    return (error + F.softplus(-2 * error) - math.log(2)).mean(-1)


def cosine_between(y_true: Any, y_pred: Any, axis: int = -1) -> torch.Tensor:
    """Measure the cosine of the angle between two vectors, from -1 to 1; 0 if one of them is 0."""
    targets, predictions = pair(y_true, y_pred, "cosine_similarity")
    targets = F.normalize(targets, dim=axis, eps=EPSILON)
    predictions = F.normalize(predictions, dim=axis, eps=EPSILON)
    return (targets * predictions).sum(axis)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> torch.Tensor:
    """Measure minus the cosine between two vectors: -1 is the same direction, the best."""
    return -cosine_between(y_true, y_pred, axis)


def poisson(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of p - y log(p + 1e-7) over the last axis, for counts."""
    targets, predictions = pair(y_true, y_pred, "poisson")
    return (predictions - targets * (predictions + EPSILON).log()).mean(-1)


def kl_divergence(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure sum(y log(y / p)) over the last axis, both kept between 1e-7 and 1."""
    targets, predictions = pair(y_true, y_pred, "kl_divergence")
    targets, predictions = targets.clamp(EPSILON, 1), predictions.clamp(EPSILON, 1)
    return (targets * (targets / predictions).log()).sum(-1)


def _signs(targets: torch.Tensor) -> torch.Tensor:
    # The whole batch decides, and the device decides by itself, so that nothing waits for it.
    binary = ((targets == 0) | (targets == 1)).all()
    return torch.where(binary, 2 * targets - 1, targets)


def hinge(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of max(1 - y p, 0) over the last axis, y being -1 or 1.

    A batch of nothing but 0 and 1 is read as -1 and 1.
    """
    targets, predictions = pair(y_true, y_pred, "hinge")
    return (1 - _signs(targets) * predictions).clamp(min=0).mean(-1)


def squared_hinge(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure the mean of max(1 - y p, 0)^2 over the last axis, labels as for `hinge`."""
    targets, predictions = pair(y_true, y_pred, "squared_hinge")
    return (1 - _signs(targets) * predictions).clamp(min=0).square().mean(-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> torch.Tensor:
    """Measure max(best wrong score - right score + 1, 0) along the last axis, for one-hot labels."""
    targets, predictions = pair(y_true, y_pred, "categorical_hinge")
    right = (targets * predictions).sum(-1)
    wrong = ((1 - targets) * predictions).amax(-1)
    return (wrong - right + 1).clamp(min=0)


Axes = int | tuple[int, ...] | list[int] | None


def _sum(values: torch.Tensor, axis: Axes) -> torch.Tensor:
    return values.sum() if axis is None else values.sum(axis)


def dice(y_true: Any, y_pred: Any, axis: Axes = None) -> torch.Tensor:
    """Measure 1 - 2 |y p| / (|y| + |p|), summed over `axis` or over everything.

    (Milletari et al., "V-Net", arXiv:1606.04797.)
    """
    targets, predictions = pair(y_true, y_pred, "dice")
    both = _sum(targets * predictions, axis)
    return 1 - 2 * both / (_sum(targets, axis) + _sum(predictions, axis) + EPSILON)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None
) -> torch.Tensor:
    """Measure 1 - |y p| / (|y p| + alpha |y (1 - p)| + beta |p (1 - y)|).

    As in Keras, alpha weighs what was missed and beta what was answered too much.
    (Salehi et al., arXiv:1706.05721, where the two letters stand the other way round.)
    """
    targets, predictions = pair(y_true, y_pred, "tversky")
    both = _sum(targets * predictions, axis)
    missed = _sum((1 - predictions) * targets, axis)
    extra = _sum(predictions * (1 - targets), axis)
    return 1 - both / (both + missed * alpha + extra * beta + EPSILON)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> torch.Tensor:
    """Pull embeddings of one class together and push others apart; harder pairs weigh more.

    (Sun et al., "Circle loss", arXiv:2002.10857, equation 6.)

    Shape:
        y_true (batch,) or (batch, 1) class numbers; y_pred (batch, features), each row of length 1.
    """
    embeddings = as_scores(y_pred)
    others = embeddings if ref_embeddings is None else as_scores(ref_embeddings).to(embeddings)
    labels, other_labels = (
        as_tensor(given).to(embeddings.device).reshape(-1)
        for given in (y_true, y_true if ref_labels is None else ref_labels)
    )
    distances = (1 - embeddings @ others.T).clamp(min=0)
    same = labels.unsqueeze(1) == other_labels
    different = ~same
    if remove_diagonal:
        same = same & ~torch.eye(*same.shape, dtype=torch.bool, device=same.device)
    pull = -gamma * (margin + distances) * (margin - distances)
    push = gamma * (1 + margin - distances).clamp(min=0) * (1 - margin - distances)
    nothing = float("-inf")
    near = pull.masked_fill(~same, nothing).logsumexp(1)
    far = push.masked_fill(~different, nothing).logsumexp(1)
    return F.softplus(near + far)
