from __future__ import annotations

import numpy as np
import pytest

from striate import losses
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(5)
SIGNS = np.sign(DRAW.normal(size=(8, 3)))
SCORES = DRAW.normal(size=(8, 3))


@pytest.mark.parametrize("name", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("labels", [SIGNS, (SIGNS + 1) / 2])
def test_a_hinge_reads_labels_of_0_and_1_as_minus_1_and_1(name, labels):
    expected = by_hand.rows(getattr(by_hand, name), SIGNS, SCORES)
    loss = {"hinge": losses.Hinge, "squared_hinge": losses.SquaredHinge}[name]()
    assert np.allclose(getattr(losses, name)(labels, SCORES), expected)
    assert loss(labels, SCORES).item() == pytest.approx(expected.mean())


def test_the_categorical_hinge_compares_with_the_best_wrong_score():
    columns = np.eye(3)[DRAW.integers(0, 3, 8)]
    expected = by_hand.rows(by_hand.categorical_hinge, columns, SCORES)
    assert np.allclose(losses.categorical_hinge(columns, SCORES), expected)
    assert losses.CategoricalHinge()(columns, SCORES).item() == pytest.approx(expected.mean())
