from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import losses
from striate.core.errors import ShapeError
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(4)
Y = DRAW.normal(size=(7, 5))
P = DRAW.normal(size=(7, 5))
POSITIVE = {"poisson", "kl_divergence", "mean_squared_logarithmic_error"}

FAMILY = {
    "mean_squared_error": losses.MeanSquaredError,
    "mean_absolute_error": losses.MeanAbsoluteError,
    "mean_absolute_percentage_error": losses.MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": losses.MeanSquaredLogarithmicError,
    "huber": losses.Huber,
    "log_cosh": losses.LogCosh,
    "cosine_similarity": losses.CosineSimilarity,
    "poisson": losses.Poisson,
    "kl_divergence": losses.KLDivergence,
}


@pytest.mark.parametrize("name", FAMILY)
def test_a_loss_of_the_family_is_its_formula(name):
    y, p = (np.abs(Y), np.abs(P)) if name in POSITIVE else (Y, P)
    expected = by_hand.rows(getattr(by_hand, name), y, p)
    assert np.allclose(getattr(losses, name)(y, p), expected, rtol=1e-6, atol=1e-7)
    assert FAMILY[name]()(y, p).item() == pytest.approx(expected.mean(), rel=1e-6)


@pytest.mark.parametrize("name", FAMILY)
def test_the_class_has_the_name_that_keras_gives_it(name):
    assert FAMILY[name]().name == {"huber": "huber_loss"}.get(name, name)


def test_the_bend_of_huber_can_be_moved():
    expected = by_hand.rows(by_hand.huber, Y, P, delta=0.3).mean()
    assert losses.Huber(delta=0.3)(Y, P).item() == pytest.approx(expected)


def test_log_cosh_of_a_huge_error_is_the_error_less_log_2():
    assert losses.log_cosh([[0.0, 0.0]], [[200.0, -200.0]]).item() == pytest.approx(200 - np.log(2))


def test_the_cosine_can_be_taken_along_another_axis():
    expected = by_hand.rows(by_hand.cosine_similarity, Y.T, P.T).mean()
    assert losses.CosineSimilarity(axis=0)(Y, P).item() == pytest.approx(expected)


@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (4, 1)), ((4,), (4,))])
def test_a_last_axis_of_one_makes_no_difference(shapes):
    y = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(shapes[0])
    p = torch.tensor([1.0, 2.0, 3.0, 8.0]).reshape(shapes[1])
    assert losses.MeanSquaredError()(y, p).item() == 4.0


def test_maps_without_their_last_axis_of_one_are_compared_place_by_place():
    y = torch.arange(8.0).reshape(2, 2, 2)
    assert losses.MeanAbsoluteError()(y, y.unsqueeze(-1) + 1).item() == 1.0
    assert losses.MeanAbsoluteError()(y.unsqueeze(-1), y + 1).item() == 1.0


def test_shapes_that_differ_are_not_broadcast():
    with pytest.raises(ShapeError, match=r"y_true \(7, 5\) and y_pred \(7, 1\).*1 units for 5 columns"):
        losses.MeanSquaredError()(Y, P[:, :1])
    with pytest.raises(ShapeError, match=r"y_true \(5,\) and y_pred \(7, 5\)\.$"):
        losses.MeanSquaredError()(Y[0], P)
