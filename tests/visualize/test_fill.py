"""What stands where a part of an input is taken away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, UnknownNameError
from striate.visualize.fill import filled

X = torch.arange(24.0).reshape(2, 2, 3, 2)


def test_zero_is_zero_and_a_number_is_itself():
    assert not filled(X, "zero").any()
    assert (filled(X, 7) == 7).all()


def test_the_mean_is_each_examples_own_of_each_channel():
    np.testing.assert_allclose(filled(X, "mean")[1, 0, 0], X[1].mean((0, 1)))
    assert filled(X, "mean").shape == X.shape


def test_an_array_of_one_example_or_of_all_is_taken():
    assert torch.equal(filled(X, X[0].numpy())[1], X[0])
    assert torch.equal(filled(X, X * 2), X * 2)


def test_the_blur_keeps_what_is_flat_and_spreads_a_point_evenly():
    torch.testing.assert_close(filled(torch.full((1, 9, 9, 1), 3.0), "blur"), torch.full((1, 9, 9, 1), 3.0))
    point = torch.zeros(1, 21, 1)
    point[0, 10] = 1.0
    blurred = filled(point, "blur")[0, :, 0]
    # Deviation 0.1 * 21 = 2.1: a normal distribution at steps of 1.
    wanted = torch.exp(-(((torch.arange(21) - 10) / 2.1) ** 2) / 2)
    torch.testing.assert_close(blurred[4:17], (wanted / wanted.sum())[4:17], rtol=5e-3, atol=0)


def test_other_words_and_arrays_are_refused():
    with pytest.raises(UnknownNameError, match=r"there is no baseline called 'zeros'\. Did you mean 'zero'"):
        filled(X, "zeros", "baseline")
    with pytest.raises(ArgumentError, match=r"fill is one of 'zero'.*fits \(2, 2, 3, 2\); got one of \(5,\)"):
        filled(X, np.zeros(5))
