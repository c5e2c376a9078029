from __future__ import annotations

import numpy as np
import pytest

from striate import losses
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(6)
Y = DRAW.integers(0, 2, (4, 6)).astype("float64")
P = DRAW.random((4, 6))


def test_dice_over_everything_is_the_formula():
    assert losses.Dice()(Y, P).item() == pytest.approx(by_hand.dice(Y.ravel().tolist(), P.ravel().tolist()))


@pytest.mark.parametrize("axis", [1, (1,), [1]])
def test_dice_along_an_axis_gives_one_value_a_row(axis):
    assert np.allclose(losses.Dice(reduction=None, axis=axis)(Y, P), by_hand.rows(by_hand.dice, Y, P))


def test_tversky_weighs_what_was_missed_and_what_was_too_much():
    expected = by_hand.rows(by_hand.tversky, Y, P, alpha=0.3, beta=0.8)
    assert np.allclose(losses.Tversky(alpha=0.3, beta=0.8, axis=1, reduction="none")(Y, P), expected)
    assert losses.Tversky()(Y, P).item() == pytest.approx(losses.Dice()(Y, P).item(), abs=1e-6)
