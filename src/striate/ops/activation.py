"""Activation functions whose mathematics is more than one call of torch.

All of them work on each value alone, keep NaN, and can be differentiated everywhere they are smooth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional as F

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape


def rectify(
    inputs: torch.Tensor, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> torch.Tensor:
    """Pass what lies above the threshold, up to a ceiling; below it, a line of the given slope.

    `min(x, max_value)` where x > threshold, else `negative_slope * (x - threshold)`.

    Shape:
        in and out the same.

    >>> rectify(torch.tensor([-2.0, 0.5, 3.0, 9.0]), negative_slope=0.1, max_value=6.0, threshold=1.0)
    tensor([-0.3000, -0.0500,  3.0000,  6.0000])
    """
    if threshold == 0 and max_value is None and negative_slope:
        return F.leaky_relu(inputs if inputs.is_floating_point() else inputs.float(), negative_slope)
    # Asked this way round, NaN counts as passed and is kept.
    passed = torch.relu(inputs) if threshold == 0 else torch.where(inputs <= threshold, 0, inputs)
    if max_value is not None:
        passed = passed.clamp(0, max_value)
    if not negative_slope:
        return passed
    return passed - negative_slope * torch.relu(threshold - inputs)


def square_plus(inputs: torch.Tensor, b: float = 4.0) -> torch.Tensor:
    """Compute `(x + sqrt(x * x + b)) / 2`, a smooth ReLU without exponentials.

    (Barron, "Squareplus: a softplus-like algebraic rectifier", 2021, equation 1.) Below zero the
    equal `b / (2 * (sqrt(x * x + b) - x))` is taken, which subtracts nothing and so loses no digits.

    Shape:
        in and out the same; out above 0.

    Raises:
        ArgumentError: b below 0.

    >>> square_plus(torch.tensor([0.0, 1.5, -1.5]))
    tensor([1.0000, 2.0000, 0.5000])
    """
    if b < 0:
        raise ArgumentError(f"squareplus takes b from 0 up, so that the root exists; got {b!r}.")
    if b == 0:
        return torch.relu(inputs)
    # Not `abs`: torch gives it the gradient 0 at 0, and the right one here is 1.
    magnitude = torch.where(inputs < 0, -inputs, inputs)
    total = magnitude + torch.hypot(inputs, inputs.new_full((), math.sqrt(b)))
    return torch.where(inputs < 0, b / (2 * total), total / 2)


def soft_shrink(inputs: torch.Tensor, threshold: float = 0.5) -> torch.Tensor:
    """Move every value towards zero by the threshold; what would cross zero becomes zero.

    Shape:
        in and out the same.

    Raises:
        ArgumentError: a threshold below 0.

    >>> soft_shrink(torch.tensor([-2.0, 0.25, 0.75]))
    tensor([-1.5000,  0.0000,  0.2500])
    """
    if threshold < 0:
        raise ArgumentError(f"soft_shrink takes a threshold from 0 up; got {threshold!r}.")
    return F.softshrink(inputs, threshold)


def sparse_plus(inputs: torch.Tensor) -> torch.Tensor:
    """Compute 0 up to -1, `(x + 1)**2 / 4` between, x from 1 on: a softplus that reaches zero.

    (Martins and Astudillo, "From softmax to sparsemax", 2016; it is the integral of `sparse_sigmoid`.)

    Shape:
        in and out the same; out from 0 up.

    >>> sparse_plus(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([0.0000, 0.2500, 3.0000])
    """
    # The square only ever sees -1 to 1: a huge x cannot overflow in the branch not taken.
    return (inputs.clamp(-1, 1) + 1).square() / 4 + torch.relu(inputs - 1)


def sparse_sigmoid(inputs: torch.Tensor) -> torch.Tensor:
    """Compute 0 up to -1, `(x + 1) / 2` between, 1 from 1 on: a sigmoid that reaches both ends.

    Shape:
        in and out the same; out 0 to 1.

    >>> sparse_sigmoid(torch.tensor([-2.0, 0.0, 0.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    return ((inputs + 1) / 2).clamp(0, 1)


def sparsemax(inputs: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """Turn values into probabilities of which the small ones are exactly zero.

    The nearest point of the probability simplex: `max(x - tau, 0)` with the one tau that makes
    the sum 1. (Martins and Astudillo, "From softmax to sparsemax", 2016, algorithm 1.)
    Keras 3.15 adds up the running sums instead of taking the last one that counts, so that its
    answers need not sum to 1; here they do.

    Shape:
        in and out the same; out 0 to 1, sum 1 along the axis.

    >>> sparsemax(torch.tensor([1.0, 0.5, -1.0]))
    tensor([0.7500, 0.2500, 0.0000])
    """
    # A shift changes nothing in the answer and keeps the running sums small.
    shifted = inputs - inputs.amax(axis, keepdim=True).detach()
    ordered = shifted.sort(dim=axis, descending=True).values.movedim(axis, -1)
    sums = ordered.cumsum(-1)
    counts = torch.arange(1, ordered.shape[-1] + 1, device=inputs.device, dtype=inputs.dtype)
    # The largest value always belongs to the support; `clamp` says so where NaN makes every test false.
    support = (counts * ordered > sums - 1).sum(-1, keepdim=True).clamp(min=1)
    tau = (sums.gather(-1, support - 1) - 1) / support
    return torch.relu(shifted - tau.movedim(-1, axis))


def _wide(inputs: torch.Tensor) -> torch.dtype:
    # Probabilities near 1 keep only three digits in bf16: they would not sum to 1, and a loss
    # would see a certainty that is not there.
    return torch.float32 if inputs.dtype in (torch.bfloat16, torch.float16) else inputs.dtype


def sigmoid(inputs: torch.Tensor) -> torch.Tensor:
    """Squeeze values between 0 and 1; from half-precision input in float32, as `softmax`.

    Shape:
        in and out the same; out 0 to 1.

    >>> sigmoid(torch.tensor(8.0, dtype=torch.bfloat16)) < 1
    tensor(True)
    """
    return torch.sigmoid(inputs.to(_wide(inputs)))


def softmax(inputs: torch.Tensor, axis: int | Sequence[int] = -1) -> torch.Tensor:
    """Turn values into probabilities that sum to 1 along an axis, or over several axes together.

    Shape:
        in and out the same; out 0 to 1.

    >>> softmax(torch.zeros(2, 4), axis=(0, 1))[0, 0]
    tensor(0.1250)
    """
    if isinstance(axis, int):
        return torch.softmax(inputs, axis, dtype=_wide(inputs))
    return log_softmax(inputs, axis).exp()


def log_softmax(inputs: torch.Tensor, axis: int | Sequence[int] = -1) -> torch.Tensor:
    """Compute the logarithm of `softmax` without leaving the range of the numbers on the way.

    Shape:
        in and out the same; out 0 and below.

    >>> log_softmax(torch.tensor([0.0, 1000.0]))
    tensor([-1000.,     0.])
    """
    inputs = inputs.to(_wide(inputs))
    if isinstance(axis, int):
        return torch.log_softmax(inputs, axis)
    return inputs - torch.logsumexp(inputs, dim=tuple(axis), keepdim=True)


def gated_linear(inputs: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """Cut an axis in two halves and let the second one, through a sigmoid, gate the first.

    (Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", 2017.)

    Shape:
        in (..., 2 * size, ...), out (..., size, ...).

    Raises:
        ShapeError: an axis of odd length.

    >>> gated_linear(torch.tensor([3.0, 5.0, 0.0, 0.0]))
    tensor([1.5000, 2.5000])
    """
    if inputs.shape[axis] % 2:
        raise ShapeError(
            f"glu halves axis {axis}, so its length must be even; got shape {format_shape(inputs.shape)}."
        )
    return F.glu(inputs, axis)
