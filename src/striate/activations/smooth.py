"""Activations without corners: sigmoid, tanh and the smooth relatives of the ReLU."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate.activations.inputs import as_floating
from striate.ops import activation as formulas


def sigmoid(x: Any) -> torch.Tensor:
    """Squeeze values between 0 and 1: `1 / (1 + exp(-x))`.

    Shape:
        in and out the same; out 0 to 1.

    >>> sigmoid(0.0)
    tensor(0.5000)
    """
    return formulas.sigmoid(as_floating(x))


def log_sigmoid(x: Any) -> torch.Tensor:
    """Compute the logarithm of the sigmoid; far below zero it is x itself, not the logarithm of nothing.

    Shape:
        in and out the same; out 0 and below.

    >>> log_sigmoid(-1000.0)
    tensor(-1000.)
    """
    return F.logsigmoid(as_floating(x))


def tanh(x: Any) -> torch.Tensor:
    """Squeeze values between -1 and 1: the hyperbolic tangent.

    Shape:
        in and out the same; out -1 to 1.

    >>> tanh([-100.0, 0.0])
    tensor([-1.,  0.])
    """
    return torch.tanh(as_floating(x))


def tanh_shrink(x: Any) -> torch.Tensor:
    """Take from each value its hyperbolic tangent: `x - tanh(x)`.

    Shape:
        in and out the same.

    >>> tanh_shrink([0.0, 100.0])
    tensor([ 0., 99.])
    """
    return F.tanhshrink(as_floating(x))


def softsign(x: Any) -> torch.Tensor:
    """Squeeze values between -1 and 1, slowly: `x / (1 + |x|)`.

    Shape:
        in and out the same; out -1 to 1.

    >>> softsign([-1.0, 3.0])
    tensor([-0.5000,  0.7500])
    """
    return F.softsign(as_floating(x))


def exponential(x: Any) -> torch.Tensor:
    """Raise e to each value.

    Shape:
        in and out the same; out above 0.

    >>> exponential(0.0)
    tensor(1.)
    """
    return torch.exp(as_floating(x))


def softplus(x: Any) -> torch.Tensor:
    """Compute `log(1 + exp(x))`, a ReLU with its corner rounded off.

    (Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001.)

    Shape:
        in and out the same; out above 0.

    >>> softplus(0.0)
    tensor(0.6931)
    """
    # From 40 on the answer is x in float64 as well; torch's own limit of 20 is seen in float64.
    return F.softplus(as_floating(x), threshold=40)


def squareplus(x: Any, b: float = 4.0) -> torch.Tensor:
    """Compute `(x + sqrt(x * x + b)) / 2`, a ReLU rounded off without exponentials.

    (Barron, "Squareplus: a softplus-like algebraic rectifier", 2021.)

    Shape:
        in and out the same; out above 0.

    Raises:
        ArgumentError: b below 0.

    >>> squareplus([0.0, 1.5])
    tensor([1., 2.])
    """
    return formulas.square_plus(as_floating(x), b)


def gelu(x: Any, approximate: bool = False) -> torch.Tensor:
    """Weigh each value by the chance that a standard normal number lies below it.

    `approximate` takes a formula with tanh in place of the normal distribution.
    (Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2.)

    Shape:
        in and out the same.

    >>> gelu([0.0, 1.0])
    tensor([0.0000, 0.8413])
    """
    return F.gelu(as_floating(x), approximate="tanh" if approximate else "none")


def silu(x: Any) -> torch.Tensor:
    """Weigh each value by its sigmoid: `x * sigmoid(x)`, also called swish.

    (Ramachandran, Zoph and Le, "Searching for activation functions", 2017.)

    Shape:
        in and out the same.

    >>> silu([0.0, 100.0])
    tensor([  0., 100.])
    """
    return F.silu(as_floating(x))


def mish(x: Any) -> torch.Tensor:
    """Weigh each value by the tanh of its softplus: `x * tanh(softplus(x))`.

    (Misra, "Mish: a self regularized non-monotonic activation function", 2019.)

    Shape:
        in and out the same.

    >>> mish([0.0, 100.0])
    tensor([  0., 100.])
    """
    return F.mish(as_floating(x))


swish = silu
