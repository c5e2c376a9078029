from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from striate.core.errors import ArgumentError, ShapeError
from tests.reference import losses as by_hand
from tests.reference.metrics import r2

DRAW = np.random.default_rng(4)
Y = DRAW.normal(size=(10, 3))
P = Y + DRAW.normal(size=(10, 3)) / 3


@pytest.mark.parametrize(
    ("metric", "formula"),
    [
        (metrics.MeanSquaredError(), by_hand.mean_squared_error),
        (metrics.MeanAbsoluteError(), by_hand.mean_absolute_error),
        (metrics.MeanAbsolutePercentageError(), by_hand.mean_absolute_percentage_error),
        (metrics.MeanSquaredLogarithmicError(), by_hand.mean_squared_logarithmic_error),
        (metrics.LogCoshError(), by_hand.log_cosh),
    ],
)
def test_an_error_is_the_mean_of_its_formula(metric, formula):
    assert metric(Y, P).item() == pytest.approx(by_hand.rows(formula, Y, P).mean(), rel=1e-6)


def test_the_cosine_as_a_metric_is_better_when_it_is_larger():
    expected = -by_hand.rows(by_hand.cosine_similarity, Y, P).mean()
    assert metrics.CosineSimilarity()(Y, P).item() == pytest.approx(expected)


def test_the_root_is_taken_once_over_all_batches():
    metric = metrics.RootMeanSquaredError()
    metric.update_state([0.0, 0.0], [[1.0], [1.0]])
    assert metric([0.0], [[4.0]]).item() == pytest.approx(np.sqrt(6))


def test_r2_is_the_share_of_the_variance_that_is_explained():
    each = [r2(Y[:, k], P[:, k]) for k in range(3)]
    assert np.allclose(metrics.R2Score(class_aggregation=None)(Y, P), each)
    assert metrics.R2Score()(Y, P).item() == pytest.approx(np.mean(each))
    weighted = np.average(each, weights=Y.var(0))
    assert metrics.R2Score("variance_weighted_average")(Y, P).item() == pytest.approx(weighted)


def test_the_adjusted_r2_counts_every_value():
    score = metrics.R2Score()(Y, P).item()
    adjusted = 1 - (1 - score) * 29 / (30 - 2 - 1)
    assert metrics.R2Score(num_regressors=2)(Y, P).item() == pytest.approx(adjusted)


def test_too_few_values_for_the_adjusted_r2_are_said():
    with pytest.warns(
        UserWarning, match="needs more than 30 values, there are 30: this is the score without"
    ):
        score = metrics.R2Score(num_regressors=29)(Y, P).item()
    assert score == metrics.R2Score()(Y, P).item()


def test_an_output_that_does_not_vary_scores_zero():
    assert metrics.R2Score()([[1.0], [1.0]], [[0.0], [1.0]]).item() == 0.0


def test_arguments_that_cannot_work_are_refused():
    with pytest.raises(
        ArgumentError, match=r"class_aggregation must be one of None, 'uniform_average'.*'mean'"
    ):
        metrics.R2Score(class_aggregation="mean")
    with pytest.raises(ArgumentError, match="num_regressors must be 0 or more; got -1"):
        metrics.R2Score(num_regressors=-1)
    with pytest.raises(ShapeError, match=r"r2_score takes \(batch, outputs\); got .* 1 axes, \(10,\)"):
        metrics.R2Score()(Y[:, 0], P[:, 0])
