"""A person's example gets the axes that the model wants, and becomes pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError
from striate.visualize.example import bands_in_words, one_example, pixels_of, with_bands
from striate.visualize.model_input import ModelInput


def takes(*shape):
    return ModelInput(
        shape, shape[-1] if shape else None, (0.0, 1.0), "channels_last", torch.float32, torch.device("cpu")
    )


@pytest.mark.parametrize(
    ("given", "wanted", "result"),
    [
        ((4, 5, 3), (4, 5, 3), (1, 4, 5, 3)),
        ((1, 4, 5, 3), (4, 5, 3), (1, 4, 5, 3)),
        ((4, 5), (4, 5, 1), (1, 4, 5, 1)),
        ((9,), (9, 1), (1, 9, 1)),
        ((7, 8, 3), (None, None, 3), (1, 7, 8, 3)),
        ((7, 8), (), (1, 7, 8)),
    ],
)
def test_missing_axes_are_added(given, wanted, result):
    assert one_example(np.zeros(given), takes(*wanted)).shape == result


@pytest.mark.parametrize("given", [(2, 4, 5, 3), (5, 4, 3), (4, 5)])
def test_another_shape_is_refused(given):
    with pytest.raises(ArgumentError, match=r"one example of shape \(4, 5, 3\), channels last; got \("):
        one_example(np.zeros(given), takes(4, 5, 3))


def test_values_are_brought_to_0_to_1_by_the_models_range_or_their_own():
    values = np.array([0.0, 0.5, 1.0]).reshape(1, 3, 1)
    np.testing.assert_allclose(pixels_of(values, (0.0, 1.0)), values)
    np.testing.assert_allclose(pixels_of(values * 2 - 1, (-1.0, 1.0)), values)
    np.testing.assert_allclose(pixels_of(values * 255, (0.0, 1.0)), values)
    np.testing.assert_allclose(pixels_of(values * 8 - 4, (0.0, 1.0)), values)
    # Digits of 0 to 16 are bytes that end far below 255.
    np.testing.assert_allclose(pixels_of((values * 16).astype(np.uint8), (0.0, 1.0)), values)
    assert pixels_of(np.zeros((2, 2, 5)), (0.0, 1.0)).shape == (2, 2, 3)
    assert pixels_of(np.zeros((2, 2, 2)), (0.0, 1.0)).shape == (2, 2, 1)


def test_a_caption_says_which_bands_are_shown():
    assert bands_in_words(1) == bands_in_words(3) == ""
    assert with_bands("Two.", (4, 4, 2)) == "Two. Of the 2 bands the mean is shown."
    assert with_bands("A signal.", (9, 5)) == "A signal."
