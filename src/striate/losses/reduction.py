"""From one value a sample to one number: the reductions."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.errors import ArgumentError
from striate.ops.scores import align_weights, divide_or_zero

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
REDUCTIONS = (*MEANS, "sum", "none")


def check_reduction(reduction: str | None) -> str | None:
    """Hand back a reduction that exists.

    Raises:
        ArgumentError: anything else.
    """
    if reduction is not None and reduction not in REDUCTIONS:
        raise ArgumentError(
            f"reduction must be one of {', '.join(map(repr, REDUCTIONS))} or None; got {reduction!r}."
        )
    return reduction


def reduce_values(
    values: torch.Tensor,
    sample_weight: Any = None,
    mask: torch.Tensor | None = None,
    reduction: str | None = "sum_over_batch_size",
) -> torch.Tensor:
    """Weigh values and reduce them to one number.

    'sum_over_batch_size' and 'mean' divide the weighted sum by how many values there are (of
    those that `mask` lets count), 'mean_with_sample_weight' divides it by the sum of the
    weights, 'sum' does not divide, 'none' and None keep every weighted value. A mean over
    nothing is 0.
    """
    weights = None if sample_weight is None else align_weights(sample_weight, values)
    if mask is not None:
        weights = mask.to(values.dtype) if weights is None else weights * mask
    weighted = values if weights is None else values * weights
    if reduction in (None, "none") or values.ndim == 0:
        return weighted
    total = weighted.sum()
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weights is not None:
        return divide_or_zero(total, weights.expand_as(values).sum())
    if mask is not None:
        return divide_or_zero(total, mask.sum().to(total.dtype))
    return total / max(values.numel(), 1)
