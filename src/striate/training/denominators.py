"""Means over a batch that several processes hold: where a mean is not by the number of examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from striate.losses.base import Loss
from striate.losses.reduction import MEANS
from striate.ops.scores import align_weights

Sums = Callable[[list[torch.Tensor]], list[torch.Tensor]]


@torch.no_grad()
def correction(loss: Loss, y_true: Any, y_pred: torch.Tensor, weights: Any, rows: int, sums: Sums) -> Any:
    """Say by what a part's mean is multiplied, so that means weighted by examples give the whole's mean.

    A mean over what a mask lets count, or by the sum of the weights, has a denominator of its own, which
    `sums` adds up over the processes; all of them must call this. `rows` is 0 for a part that does not
    count. 1 where the mean is by the number of examples anyway.
    """
    by_weights = weights is not None and loss.reduction == "mean_with_sample_weight"
    masked = type(loss).mask is not Loss.mask
    if loss.reduction not in MEANS or not (by_weights or masked):
        return 1.0
    values = loss.call(y_true, y_pred)
    mask = loss.mask(y_true, values)
    if mask is None and not by_weights:
        return 1.0
    counted = torch.ones_like(values) if mask is None else mask.to(values.dtype)
    if by_weights:
        counted = (align_weights(weights, values) * counted).expand_as(values)
    own = counted.sum().double() if rows else values.new_zeros((), dtype=torch.float64)
    whole, examples = sums([own, torch.tensor(float(rows))])
    if not rows or not float(whole):
        return 0.0
    return (own / whole * (examples.to(own) / rows)).to(values.dtype)
