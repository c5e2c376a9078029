"""Dropout drawn anew at each step."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError
from striate.visualize import show_dropout


def test_other_units_are_off_at_each_step_and_none_in_inference():
    *training, inference = show_dropout(0.25, units=(20, 30), steps=3, seed=0).frames
    masks = [frame.panels[0].values for frame in training]
    for mask in masks:
        assert set(np.unique(mask.round(5))) == {0.0, np.float32(1 / 0.75).round(5)}
        assert (mask == 0).mean() == pytest.approx(0.25, abs=0.06)
    assert not np.array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(inference.panels[0].values, np.ones((20, 30)))
    assert inference.caption == "0 of 600 units are off; the values add up to 600."


def test_a_seed_gives_the_same_steps_and_a_rate_of_1_turns_all_off():
    one, other = (show_dropout(seed=3).frames[0].panels[0].values for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert not show_dropout(1.0, steps=1).frames[0].panels[0].values.any()


def test_wrong_numbers_are_refused():
    with pytest.raises(ArgumentError, match="rate is a share from 0 to 1"):
        show_dropout(1.5)
    with pytest.raises(ArgumentError, match="at least one step; got 0"):
        show_dropout(steps=0)
    with pytest.raises(ArgumentError, match="units takes one whole number or 2"):
        show_dropout(units=(0, 3))
