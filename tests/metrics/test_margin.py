from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(5)
SIGNS = np.sign(DRAW.normal(size=(8, 3)))
COLUMNS = np.eye(3)[DRAW.integers(0, 3, 8)]
SCORES = DRAW.normal(size=(8, 3))


@pytest.mark.parametrize(
    ("metric", "formula", "labels"),
    [
        (metrics.Hinge(), by_hand.hinge, SIGNS),
        (metrics.SquaredHinge(), by_hand.squared_hinge, SIGNS),
        (metrics.CategoricalHinge(), by_hand.categorical_hinge, COLUMNS),
    ],
)
def test_a_hinge_is_the_mean_of_its_formula(metric, formula, labels):
    assert metric(labels, SCORES).item() == pytest.approx(by_hand.rows(formula, labels, SCORES).mean())
