"""The overlap losses, for marking regions of an image."""

from __future__ import annotations

from typing import Any

from striate.losses.base import FunctionLoss
from striate.ops import distances


class Dice(FunctionLoss):
    """One minus the Dice overlap 2 |y p| / (|y| + |p|), over everything or along `axis`.

    (Milletari et al., "V-Net", arXiv:1606.04797.)

    >>> Dice()([[1.0, 0.0]], [[1.0, 1.0]])
    tensor(0.3333)
    """

    function = staticmethod(distances.dice)
    axis: distances.Axes

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: distances.Axes = None,
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, axis=axis)


class Tversky(FunctionLoss):
    """An overlap in which alpha weighs what was missed and beta what was answered too much.

    With 0.5 and 0.5 it is `Dice`. (Salehi et al., arXiv:1706.05721.)

    >>> Tversky(alpha=0.0, beta=1.0)([[1.0, 0.0]], [[1.0, 1.0]])
    tensor(0.5000)
    """

    function = staticmethod(distances.tversky)
    alpha: float
    beta: float
    axis: distances.Axes

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: distances.Axes = None,
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
