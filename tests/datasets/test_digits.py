"""The digits of scikit-learn, as bytes, with a fixed test part."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError
from striate.datasets import digits


def test_shapes_and_values_are_as_promised():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8, 1)
    assert x_test.shape == (360, 8, 8, 1)
    assert y_train.shape == (1437,)
    assert y_test.shape == (360,)
    assert {part.dtype for part in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert (x_train.min(), x_train.max()) == (0, 16)
    assert set(y_test.tolist()) == set(range(10))


def test_the_split_is_the_same_each_time_and_another_with_another_seed():
    first, again, other = (digits.load_data(seed=seed)[1][1].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_the_bundle_holds_all_images_says_their_range_and_has_no_test_part():
    bundle = digits.load_bundle()
    assert bundle.pixel_range == (0, 16)
    assert bundle.class_names == list("0123456789")
    assert (len(bundle.train), bundle.test) == (1797, None)
    assert bundle.origin.startswith("1,797 handwritten digits")


def test_a_test_size_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match=r"lies between 0 and 1, as 0\.2; got 2"):
        digits.load_data(test_size=2)
