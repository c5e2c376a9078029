"""Activations that look along an axis, not at each value alone: softmax and its relatives, and the gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from striate.activations.inputs import as_floating
from striate.ops import activation as formulas


def softmax(x: Any, axis: int | Sequence[int] = -1) -> torch.Tensor:
    """Turn values into probabilities: `exp(x) / sum(exp(x))` along an axis, or over several together.

    Shape:
        in and out the same; out 0 to 1, sum 1 along the axis.

    >>> softmax([1.0, 1.0])
    tensor([0.5000, 0.5000])
    """
    return formulas.softmax(as_floating(x), axis)


def log_softmax(x: Any, axis: int | Sequence[int] = -1) -> torch.Tensor:
    """Compute the logarithm of the softmax without overflow.

    Shape:
        in and out the same; out 0 and below.

    >>> log_softmax([0.0, 1000.0])
    tensor([-1000.,     0.])
    """
    return formulas.log_softmax(as_floating(x), axis)


def sparsemax(x: Any, axis: int = -1) -> torch.Tensor:
    """Turn values into probabilities of which the small ones are exactly zero.

    (Martins and Astudillo, "From softmax to sparsemax", 2016, algorithm 1.)

    Shape:
        in and out the same; out 0 to 1, sum 1 along the axis.

    >>> sparsemax([1.0, 0.5, -1.0])
    tensor([0.7500, 0.2500, 0.0000])
    """
    return formulas.sparsemax(as_floating(x), axis)


def glu(x: Any, axis: int = -1) -> torch.Tensor:
    """Cut an axis in two halves and let the second one, through a sigmoid, gate the first.

    (Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", 2017.)

    Shape:
        in (..., 2 * size, ...), out (..., size, ...).

    Raises:
        ShapeError: an axis of odd length.

    >>> glu([3.0, 5.0, 0.0, 0.0])
    tensor([1.5000, 2.5000])
    """
    return formulas.gated_linear(as_floating(x), axis)
