"""The losses of regression, and two that compare distributions."""

from __future__ import annotations

from typing import Any

from striate.losses.base import FunctionLoss
from striate.ops import distances


class MeanSquaredError(FunctionLoss):
    """The mean of (y - p)^2.

    >>> MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]])
    tensor(0.5000)
    """

    function = staticmethod(distances.mean_squared_error)


class MeanAbsoluteError(FunctionLoss):
    """The mean of |y - p|.

    >>> MeanAbsoluteError()([[0.0, 2.0]], [[3.0, 2.0]])
    tensor(1.5000)
    """

    function = staticmethod(distances.mean_absolute_error)


class MeanAbsolutePercentageError(FunctionLoss):
    """The mean of |y - p| / |y|, in percent.

    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    tensor(25.)
    """

    function = staticmethod(distances.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionLoss):
    """The mean of (log(1 + y) - log(1 + p))^2: counts ratios, for values from 0 up.

    >>> MeanSquaredLogarithmicError()([[0.0]], [[1.0]])
    tensor(0.4805)
    """

    function = staticmethod(distances.mean_squared_logarithmic_error)


class LogCosh(FunctionLoss):
    """The mean of log(cosh(p - y)): a square near 0, a line far out.

    >>> LogCosh()([[0.0]], [[1.0]])
    tensor(0.4338)
    """

    function = staticmethod(distances.log_cosh)


class Huber(FunctionLoss):
    """A square for errors up to `delta`, a line beyond.

    >>> Huber()([[0.0, 0.0]], [[1.0, 3.0]])
    tensor(1.5000)
    """

    function = staticmethod(distances.huber)
    delta: float

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, delta=delta)


class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between y and p, from -1 (same direction) to 1.

    >>> CosineSimilarity()([[0.0, 1.0]], [[1.0, 1.0]])
    tensor(-0.7071)
    """

    function = staticmethod(distances.cosine_similarity)
    axis: int

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, axis=axis)


class Poisson(FunctionLoss):
    """The mean of p - y log(p), for counts.

    >>> Poisson()([[2.0]], [[1.0]])
    tensor(1.0000)
    """

    function = staticmethod(distances.poisson)


class KLDivergence(FunctionLoss):
    """The sum of y log(y / p), between two distributions.

    >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])
    tensor(0.1438)
    """

    function = staticmethod(distances.kl_divergence)
    default_name = "kl_divergence"
