from __future__ import annotations

import numpy as np
import pytest

from striate.augment import Augment, RandomErasing, example_keys
from striate.core.errors import ArgumentError

KEYS = example_keys(0, 0, np.arange(200))
IMAGES = np.full((200, 20, 30, 3), 50, np.uint8)


def test_one_rectangle_of_each_image_is_filled_and_nothing_else():
    erased = Augment(RandomErasing((1, 1), (0.1, 0.3), 9))(IMAGES, KEYS)
    for image in erased:
        assert set(np.unique(image)) == {9, 50}
        inside = (image == 9).all(axis=-1)
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        assert inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert len(rows) / 20 == pytest.approx((0.1**0.5 + 0.3**0.5) / 2, abs=0.17)
        assert len(columns) / 30 == pytest.approx((0.1**0.5 + 0.3**0.5) / 2, abs=0.17)


def test_rectangles_lie_everywhere():
    inside = (Augment(RandomErasing((1, 1), (0.1, 0.3), 9))(IMAGES, KEYS)[..., 0] == 9).mean(axis=0)
    assert (inside.any(axis=0).all(), inside.any(axis=1).all()) == (True, True)
    assert inside[8:12, 12:18].min() > inside[[0, -1]].max()


def test_it_happens_as_often_as_said():
    happened = (Augment(RandomErasing((0.3, 0.3), fill_value=9))(IMAGES, KEYS) == 9).any(axis=(1, 2, 3))
    assert happened.mean() == pytest.approx(0.3, abs=0.1)
    assert (Augment(RandomErasing((0, 0)))(IMAGES, KEYS) == IMAGES).all()


def test_a_fixed_filling_may_have_a_value_a_channel():
    erased = Augment(RandomErasing((1, 1), (1, 1), [1, 2, 300]))(IMAGES[:2], KEYS[:2])
    assert (erased == [1, 2, 255]).all()


def test_without_a_value_the_filling_is_noise_cut_off_at_the_range():
    floats = np.full((40, 20, 30, 1), 0.5, np.float32)
    erased = Augment(RandomErasing((1, 1), (1, 1), value_range=(-1, 2)))(floats, KEYS[:40])
    assert (erased.min(), erased.max()) == (-1.0, 2.0)
    inside = erased[(erased > -1) & (erased < 2)]
    # A normal distribution of spread 2 around 0 between the two ends.
    assert (erased == 2.0).mean() == pytest.approx(0.159, abs=0.02)
    assert (erased == -1.0).mean() == pytest.approx(0.309, abs=0.02)
    assert inside.mean() == pytest.approx(0.41, abs=0.05)
    assert not np.array_equal(erased[0], erased[1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomErasing(2.0), "RandomErasing: factor must lie from 0 to 1"),
        (lambda: RandomErasing(1.0, (0.1, 2)), "RandomErasing: scale must lie from 0 to 1"),
        (
            lambda: Augment(RandomErasing(fill_value=[1, 2]))(IMAGES, KEYS),
            r"RandomErasing: fill_value is one number or one for each of 3 channels; got \[1, 2\]",
        ),
    ],
)
def test_a_value_that_cannot_work_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
