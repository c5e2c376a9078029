"""The look-up of vectors, its gradient and its errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, DataError, ShapeError


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.float32])
def test_each_number_gets_its_row(dtype):
    matrix = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    numbers = np.array([[0, 4, 2], [1, 1, 3]])
    layer = layers.Embedding(5, 3, weights=matrix, input_length=3)
    np.testing.assert_array_equal(layer(numbers.astype(dtype)), matrix[numbers])
    assert layer.compute_output_shape((None, 7)) == (None, 7, 3)


def test_the_gradient_adds_up_over_places_with_the_same_number():
    layer = layers.Embedding(4, 2)
    layer(torch.tensor([[1, 1, 3]])).sum().backward()
    assert layer.embeddings.grad.tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]


@pytest.mark.parametrize("number", [-1, 5])
def test_a_number_without_a_row_is_refused(number):
    with pytest.raises(
        DataError, match=r"knows the numbers 0 to 4 but got -?\d to \d\. Choose input_dim above"
    ):
        layers.Embedding(5, 3)(np.array([[2, number]]))


def test_masks_are_refused_in_words():
    with pytest.raises(
        ArgumentError, match=r"mask_zero=True would tell later layers to skip steps, and none here"
    ):
        layers.Embedding(5, 3, mask_zero=True)


def test_a_matrix_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"weight 'embeddings' has shape \(5, 3\) but got \(3, 5\)"):
        layers.Embedding(5, 3, weights=[np.zeros((3, 5))])


def test_sizes_below_one_are_refused():
    with pytest.raises(ArgumentError, match=r"output_dim takes one whole number, at least 1; got 0"):
        layers.Embedding(5, 0)
