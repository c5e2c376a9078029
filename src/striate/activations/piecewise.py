"""Activations put together from straight or simple pieces: the hard, the shrinking and the sparse ones."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate.activations.inputs import as_floating
from striate.core.arrays import as_tensor
from striate.ops import activation as formulas


def linear(x: Any) -> torch.Tensor:
    """Hand the values on as they are.

    Shape:
        in and out the same.

    >>> linear([-1.0, 2.0])
    tensor([-1.,  2.])
    """
    return as_tensor(x)


def hard_sigmoid(x: Any) -> torch.Tensor:
    """Follow the sigmoid by three straight lines: `x / 6 + 1/2`, kept between 0 and 1.

    Shape:
        in and out the same; out 0 to 1.

    >>> hard_sigmoid([-3.0, 0.0, 1.5])
    tensor([0.0000, 0.5000, 0.7500])
    """
    return F.hardsigmoid(as_floating(x))


def hard_silu(x: Any) -> torch.Tensor:
    """Weigh each value by its hard sigmoid, also called hard swish.

    (Howard et al., "Searching for MobileNetV3", 2019, section 5.2.)

    Shape:
        in and out the same.

    >>> hard_silu([0.0, 1.5, 3.0])
    tensor([0.0000, 1.1250, 3.0000])
    """
    return F.hardswish(as_floating(x))


def hard_tanh(x: Any) -> torch.Tensor:
    """Keep values between -1 and 1 and cut the rest off.

    Shape:
        in and out the same; out -1 to 1.

    >>> hard_tanh([-2.0, 0.5, 2.0])
    tensor([-1.0000,  0.5000,  1.0000])
    """
    return F.hardtanh(as_floating(x))


def hard_shrink(x: Any, threshold: float = 0.5) -> torch.Tensor:
    """Set what is no further from zero than the threshold to zero and keep the rest.

    Shape:
        in and out the same.

    >>> hard_shrink([-2.0, 0.5, 0.75])
    tensor([-2.0000,  0.0000,  0.7500])
    """
    return F.hardshrink(as_floating(x), threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> torch.Tensor:
    """Move every value towards zero by the threshold; what would cross zero becomes zero.

    Shape:
        in and out the same.

    Raises:
        ArgumentError: a threshold below 0.

    >>> soft_shrink([-2.0, 0.5, 0.75])
    tensor([-1.5000,  0.0000,  0.2500])
    """
    return formulas.soft_shrink(as_floating(x), threshold)


def threshold(x: Any, threshold: float, default_value: float) -> torch.Tensor:
    """Keep what lies above the threshold and put a fixed value in place of the rest.

    Shape:
        in and out the same.

    >>> threshold([0.5, 1.0, 2.0], 1.0, -7.0)
    tensor([-7., -7.,  2.])
    """
    return F.threshold(as_floating(x), threshold, default_value)


def sparse_plus(x: Any) -> torch.Tensor:
    """Follow the softplus, but with exactly 0 up to -1 and exactly x from 1 on.

    Shape:
        in and out the same; out from 0 up.

    >>> sparse_plus([-2.0, 0.0, 3.0])
    tensor([0.0000, 0.2500, 3.0000])
    """
    return formulas.sparse_plus(as_floating(x))


def sparse_sigmoid(x: Any) -> torch.Tensor:
    """Follow the sigmoid by a straight line from 0 at -1 to 1 at 1.

    Shape:
        in and out the same; out 0 to 1.

    >>> sparse_sigmoid([-2.0, 0.0, 0.5])
    tensor([0.0000, 0.5000, 0.7500])
    """
    return formulas.sparse_sigmoid(as_floating(x))


hard_swish = hard_silu
