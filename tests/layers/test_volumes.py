"""Convolution and pooling of volumes, and the one-window cases in which oneDNN answers wrong numbers."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ShapeError
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.convolution import convolution
from tests.reference.pooling import global_pooling, pooling

POOLS = {"max": layers.MaxPooling3D, "average": layers.AveragePooling3D, "sum": layers.SumPooling3D}
GLOBAL_POOLS = {"max": layers.GlobalMaxPooling3D, "average": layers.GlobalAveragePooling3D}


def put(inputs, data_format):
    return np.moveaxis(inputs, -1, 1) if data_format == "channels_first" else inputs


@pytest.mark.parametrize("seed", range(30))
def test_a_convolution_is_the_sum_of_products_in_each_window(seed):
    random = np.random.default_rng(seed)
    groups, window = int(random.choice([1, 2])), random.integers(1, 4, 3).tolist()
    strides, dilation = [1] * 3, [1] * 3
    chosen = strides if random.random() < 0.6 else dilation
    chosen[:] = random.integers(1, 4, 3).tolist()
    data_format = str(random.choice(["channels_last", "channels_first"]))
    padding = str(random.choice(["valid", "same"]))
    lengths = [
        (size - 1) * gap + 1 + int(random.integers(0, 3)) for size, gap in zip(window, dilation, strict=True)
    ]
    inputs = random.normal(size=(2, *lengths, groups)).astype(np.float32)
    layer = layers.Conv3D(
        2 * groups, window, strides, padding, data_format, dilation, groups, bias_initializer="random_normal"
    )
    outputs = layer(put(inputs, data_format)).numpy()
    wanted = convolution(inputs, *layer.get_weights(), strides, padding, dilation, groups)
    assert largest_difference(outputs, put(wanted, data_format)) < 1e-5
    assert layer.compute_output_shape(put(inputs, data_format).shape) == outputs.shape


@pytest.mark.parametrize(
    ("kind", "lengths", "window", "strides"),
    [
        (layers.Conv1D, (3,), (2,), (2,)),
        (layers.Conv2D, (5, 4), (3, 3), (1, 2)),
        (layers.Conv2D, (6, 3), (3, 3), (1, 2)),
        (layers.Conv3D, (5, 3, 3), (2, 2, 2), (1, 1, 3)),
        (layers.Conv3D, (4, 7, 3), (1, 3, 3), (3, 1, 2)),
    ],
)
@pytest.mark.parametrize("filters", [1, 2, 3])
def test_one_channel_and_one_window_along_the_last_axis_give_the_right_numbers(
    kind, lengths, window, strides, filters
):
    inputs = np.random.default_rng(0).normal(size=(2, *lengths, 1)).astype(np.float32)
    layer = kind(filters, window, strides)
    outputs = layer(inputs).numpy()
    wanted = convolution(inputs, *layer.get_weights(), strides, "valid", (1,) * len(window))
    assert largest_difference(outputs, wanted) < 1e-5


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", POOLS)
def test_pooling_reduces_the_values_of_each_window(kind, seed):
    random = np.random.default_rng(seed)
    window = random.integers(1, 4, 3).tolist()
    strides = random.integers(1, 4, 3).tolist()
    padding = str(random.choice(["valid", "same"]))
    data_format = str(random.choice(["channels_last", "channels_first"]))
    lengths = [size + int(random.integers(0, 4)) for size in window]
    inputs = random.normal(size=(2, *lengths, 2)).astype(np.float32)
    layer = POOLS[kind](window, strides, padding, data_format)
    outputs = layer(put(inputs, data_format)).numpy()
    assert (
        largest_difference(outputs, put(pooling(kind, inputs, window, strides, padding), data_format)) < 1e-5
    )
    assert layer.compute_output_shape(put(inputs, data_format).shape) == outputs.shape


@pytest.mark.parametrize("kind", GLOBAL_POOLS)
def test_global_pooling_reduces_each_map_to_one_value(kind):
    inputs = np.random.default_rng(0).normal(size=(2, 3, 4, 2, 3)).astype(np.float32)
    assert largest_difference(GLOBAL_POOLS[kind]()(inputs), global_pooling(kind, inputs)) < 1e-5


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv3D(2, 2, dtype="float64"),
        layers.Conv3D(2, 2, strides=2, padding="same", dtype="float64"),
        layers.MaxPooling3D(2, padding="same", dtype="float64"),
        layers.AveragePooling3D(2, padding="same", dtype="float64"),
        layers.SumPooling3D(2, dtype="float64"),
    ],
)
def test_the_gradient_is_that_of_finite_differences(layer):
    inputs = torch.randn(1, 3, 3, 2, 2, dtype=torch.float64)
    layer.build(tuple(inputs.shape))
    assert gradients_are_right(layer, inputs)


def test_the_short_and_long_names_are_the_same_classes():
    assert layers.Convolution3D is layers.Conv3D
    assert layers.Convolution1D is layers.Conv1D
    assert layers.Convolution2D is layers.Conv2D
    assert layers.MaxPool3D is layers.MaxPooling3D
    assert layers.AvgPool3D is layers.AveragePooling3D
    assert layers.GlobalMaxPool3D is layers.GlobalMaxPooling3D
    assert layers.GlobalAvgPool3D is layers.GlobalAveragePooling3D


def test_a_volume_without_its_batch_is_refused():
    with pytest.raises(ShapeError, match=r"takes 5 axes \(batch, depth, height, width, channels\) but got 4"):
        layers.Conv3D(2, 2)(np.zeros((3, 3, 3, 1)))
