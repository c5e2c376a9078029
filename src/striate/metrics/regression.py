"""The errors of regression as metrics."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.metrics.base import Averaging, FunctionMetric, Metric, precise
from striate.ops import distances
from striate.ops.scores import align_weights, pair


class MeanSquaredError(FunctionMetric):
    """The mean of (y - p)^2.

    >>> float(MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    function = staticmethod(distances.mean_squared_error)


class MeanAbsoluteError(FunctionMetric):
    """The mean of |y - p|.

    >>> float(MeanAbsoluteError()([[0.0, 2.0]], [[3.0, 2.0]]))
    1.5
    """

    function = staticmethod(distances.mean_absolute_error)


class MeanAbsolutePercentageError(FunctionMetric):
    """The mean of |y - p| / |y|, in percent.

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    function = staticmethod(distances.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionMetric):
    """The mean of (log(1 + y) - log(1 + p))^2.

    >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    function = staticmethod(distances.mean_squared_logarithmic_error)


class LogCoshError(FunctionMetric):
    """The mean of log(cosh(p - y)).

    >>> round(float(LogCoshError()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    function = staticmethod(distances.log_cosh)
    default_name = "logcosh"


class CosineSimilarity(FunctionMetric):
    """The mean cosine between y and p: 1 is the same direction (the loss has the other sign).

    >>> round(float(CosineSimilarity()([[0.0, 1.0]], [[1.0, 1.0]])), 4)
    0.7071
    """

    function = staticmethod(distances.cosine_between)
    axis: int

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1):
        super().__init__(name, dtype, axis=axis)


class RootMeanSquaredError(Averaging):
    """The root of the mean of (y - p)^2 over all batches.

    >>> float(RootMeanSquaredError()([[0.0, 0.0]], [[3.0, 3.0]]))
    3.0
    """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        with torch.no_grad():
            targets, answers = pair(y_true, y_pred, self.name)
            self.add_values((targets - answers).square(), sample_weight)

    def result(self) -> torch.Tensor:
        """Compute the root of the mean."""
        return self.finished(self.mean().sqrt())


AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The share of the labels' variance that the answers explain: 1 - residual / variance.

    `num_regressors` above 0 asks for the adjusted score; as in Keras its n counts every value of
    a batch, not every row. An output whose labels do not vary scores 0.

    Shape:
        y_true and y_pred (batch, outputs).

    >>> round(float(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
    0.5714
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ):
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            raise ArgumentError(
                f"class_aggregation must be one of {', '.join(map(repr, AGGREGATIONS))}; "
                f"got {class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ArgumentError(f"num_regressors must be 0 or more; got {num_regressors!r}.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.total = self.add_variable(name="total")
        self.squares = self.add_variable(name="squares")
        self.residual = self.add_variable(name="residual")
        self.count = self.add_variable(name="count")
        self.num_samples = self.add_variable(name="num_samples")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        targets, answers = (
            side.detach().to(precise(side.device)) for side in pair(y_true, y_pred, self.name)
        )
        if targets.ndim != 2:
            raise ShapeError(
                f"{self.name} takes (batch, outputs); got y_true and y_pred of {targets.ndim} axes, "
                f"{format_shape(targets.shape)}."
            )
        weights = torch.ones_like(targets)
        if sample_weight is not None:
            weights = align_weights(sample_weight, targets).expand_as(targets)
        self.total.assign_add((targets * weights).sum(0))
        self.squares.assign_add((targets.square() * weights).sum(0))
        self.residual.assign_add(((targets - answers).square() * weights).sum(0))
        self.count.assign_add(weights.sum(0))
        self.num_samples.assign_add(targets.numel())

    def result(self) -> torch.Tensor:
        """Compute the score over all batches."""
        variance = self.squares.value - self.total.value.square() / self.count.value
        each = 1 - self.residual.value / variance
        each = each.where(~each.isinf(), 0.0)
        if self.class_aggregation == "uniform_average":
            each = each.mean()
        elif self.class_aggregation == "variance_weighted_average":
            each = (each * variance).sum() / variance.sum()
        return self.finished(self._adjusted(each))

    def _adjusted(self, score: torch.Tensor) -> torch.Tensor:
        if self.num_regressors == 0:
            return score
        samples = self.num_samples.value
        freedom = float(samples) - self.num_regressors - 1
        if freedom <= 0:
            warnings.warn(
                f"the adjusted R2 score needs more than {self.num_regressors + 1} values, there are "
                f"{int(samples)}: this is the score without adjustment.",
                stacklevel=3,
            )
            return score
        return 1 - (1 - score) * (samples - 1) / freedom

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
