"""The ReLU and its relatives: the value itself above zero, something smaller below."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate.activations.inputs import as_floating
from striate.core.arrays import as_tensor
from striate.ops.activation import rectify


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> torch.Tensor:
    """Keep what is above zero and cut the rest off: `max(x, 0)`.

    With its parameters: `min(x, max_value)` where x > threshold, else `negative_slope * (x - threshold)`.
    NaN stays NaN.

    Shape:
        in and out the same.

    >>> relu([-1.0, 0.0, 2.0])
    tensor([0., 0., 2.])
    """
    return rectify(as_tensor(x), negative_slope, max_value, threshold)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> torch.Tensor:
    """Keep what is above zero and multiply the rest by a small slope.

    (Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.)

    Shape:
        in and out the same.

    >>> leaky_relu([-1.0, 2.0], negative_slope=0.25)
    tensor([-0.2500,  2.0000])
    """
    return F.leaky_relu(as_floating(x), negative_slope)


def relu6(x: Any) -> torch.Tensor:
    """Cut values off below 0 and above 6.

    (Howard et al., "MobileNets", 2017.)

    Shape:
        in and out the same; out 0 to 6.

    >>> relu6([-1.0, 2.0, 9.0])
    tensor([0., 2., 6.])
    """
    return F.relu6(as_tensor(x))


def elu(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """Keep what is above zero; below, bend towards -alpha: `alpha * (exp(x) - 1)`.

    (Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by ELUs", 2016.)

    Shape:
        in and out the same; out above -alpha.

    >>> elu([-100.0, 2.0])
    tensor([-1.,  2.])
    """
    return F.elu(as_floating(x), alpha)


def selu(x: Any) -> torch.Tensor:
    """Apply the ELU at the scale that keeps mean 0 and variance 1 from layer to layer.

    `1.0507 * elu(x, alpha=1.6733)`; made for weights drawn by `LecunNormal`.
    (Klambauer et al., "Self-normalizing neural networks", 2017.)

    Shape:
        in and out the same.

    >>> selu([0.0, 1.0])
    tensor([0.0000, 1.0507])
    """
    return F.selu(as_floating(x))


def celu(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """Keep what is above zero; below, `alpha * (exp(x / alpha) - 1)`, whose slope at zero is 1 for any alpha.

    (Barron, "Continuously differentiable exponential linear units", 2017.)

    Shape:
        in and out the same; out above -alpha.

    >>> celu([-100.0, 2.0], alpha=0.5)
    tensor([-0.5000,  2.0000])
    """
    return F.celu(as_floating(x), alpha)
