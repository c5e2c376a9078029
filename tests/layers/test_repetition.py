"""Layers that repeat values, against NumPy, their gradients and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.resizing import resized

EACH_RANK = pytest.mark.parametrize("rank", [1, 2, 3])


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@EACH_RANK
def test_upsampling_repeats_each_step(rank, data_format):
    inputs = wanted = np.random.default_rng(rank).normal(size=(2, *(3, 2, 4)[:rank], 2)).astype(np.float32)
    size = (2, 3, 1)[:rank]
    for axis, times in enumerate(size, start=1):
        wanted = np.repeat(wanted, times, axis=axis)
    if data_format == "channels_first":
        inputs, wanted = np.moveaxis(inputs, -1, 1), np.moveaxis(wanted, -1, 1)
    layer = getattr(layers, f"UpSampling{rank}D")(size, data_format)
    np.testing.assert_array_equal(layer(inputs), wanted)
    assert layer.compute_output_shape(inputs.shape) == wanted.shape


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_upsampling_draws_new_rows_and_columns_between_the_old(interpolation):
    images = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32)
    outputs = layers.UpSampling2D((2, 3), interpolation=interpolation)(images)
    assert largest_difference(outputs, resized(images, (10, 12), interpolation)) < 1e-5


@EACH_RANK
def test_the_gradient_is_that_of_finite_differences(rank):
    layer = getattr(layers, f"UpSampling{rank}D")(2, dtype="float64")
    assert gradients_are_right(layer, torch.randn(1, *(2,) * rank, 2, dtype=torch.float64))


def test_the_gradient_between_pixels_is_that_of_finite_differences():
    layer = layers.UpSampling2D(2, interpolation="bicubic", dtype="float64")
    assert gradients_are_right(layer, torch.randn(1, 3, 2, 2, dtype=torch.float64))


def test_a_vector_becomes_a_sequence_of_equal_steps():
    vectors = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    np.testing.assert_array_equal(layers.RepeatVector(4)(vectors), np.stack([vectors] * 4, axis=1))


def test_no_repetition_at_all_is_refused():
    with pytest.raises(ArgumentError, match=r"n takes one whole number, at least 1; got 0"):
        layers.RepeatVector(0)


def test_an_unknown_interpolation_is_refused():
    with pytest.raises(
        ArgumentError, match=r"interpolation must be one of 'nearest', 'bilinear', .*; got 'cubic'"
    ):
        layers.UpSampling2D(2, interpolation="cubic")


def test_axes_are_put_into_another_order():
    inputs = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    layer = layers.Permute((3, 1, 2))
    np.testing.assert_array_equal(layer(inputs), inputs.transpose(0, 3, 1, 2))
    assert layer.compute_output_shape((None, 3, 4, 5)) == (None, 5, 3, 4)


@pytest.mark.parametrize("dims", [(0, 1), (1, 1), (1, 3)])
def test_axes_named_twice_or_not_at_all_are_refused(dims):
    with pytest.raises(ArgumentError, match=r"dims names each axis once, from 1 to their number; got"):
        layers.Permute(dims)


def test_another_number_of_axes_than_dims_names_is_refused():
    with pytest.raises(ShapeError, match=r"dims=\(2, 1\) is for 2 axes beside the batch but got \(2, 3\)"):
        layers.Permute((2, 1))(np.zeros((2, 3)))
