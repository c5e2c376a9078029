"""The fully connected layer against plain loops, its gradient and its errors."""

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Dense, Flatten, Input
from tests.reference.closeness import gradients_are_right, largest_difference


def connected(inputs, kernel, bias):
    """Each output is the sum over the features of input times weight, plus the unit's bias."""
    outputs = np.zeros((*inputs.shape[:-1], kernel.shape[1]))
    for place in np.ndindex(*inputs.shape[:-1]):
        for unit in range(kernel.shape[1]):
            products = [float(value) * float(kernel[at, unit]) for at, value in enumerate(inputs[place])]
            outputs[(*place, unit)] = sum(products) + (0 if bias is None else bias[unit])
    return outputs


@pytest.mark.parametrize("seed", range(100))
def test_every_unit_sums_every_input_times_its_weight(seed):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=random.integers(1, 6, random.integers(2, 5))).astype(np.float32)
    layer = Dense(int(random.integers(1, 6)), use_bias=bool(seed % 2), bias_initializer="random_normal")
    outputs = layer(inputs)
    kernel, *bias = layer.get_weights()
    assert largest_difference(outputs, connected(inputs, kernel, bias[0] if bias else None)) < 1e-5


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_the_gradient_is_that_of_finite_differences(shape, use_bias):
    layer = Dense(2, activation="tanh", use_bias=use_bias, dtype="float64")
    layer.build((None, *shape[1:]))
    assert gradients_are_right(layer, torch.randn(shape, dtype=torch.float64))


def test_flattened_maps_to_1024_units_take_9438208_weights_with_the_biases():
    # 9216 * 1024 = 9,437,184 connections and 1,024 biases; both count.
    flat = Flatten()(Input((6, 6, 256), batch_size=32))
    layer = Dense(1024, kernel_initializer="zeros")
    assert flat.shape == (32, 9216)
    assert layer(flat).shape == (32, 1024)
    assert layer.count_params() == 9_438_208


def test_input_dim_is_the_older_name_of_the_input_shape():
    assert Dense(3, input_dim=4).given_input_shape == (4,)
    assert Dense(3, input_shape=(4,)).given_input_shape == (4,)


@pytest.mark.parametrize("shape", [(4,), (2, None)])
def test_an_unknown_number_of_features_is_refused(shape):
    with pytest.raises(
        ShapeError, match=r"layer 'd' \(Dense\) takes \(batch, features\) with a known number of"
    ):
        Dense(3, name="d").build(shape)


@pytest.mark.parametrize("data", [np.zeros((2, 5)), torch.zeros(2, 5), Input((5,), batch_size=2)])
def test_another_number_of_features_is_refused_by_name(data):
    layer = Dense(3, name="d")
    layer.build((None, 4))
    with pytest.raises(
        ShapeError, match=r"^layer 'd' \(Dense\) was built for 4 features but got 5: \(2, 5\)\.$"
    ):
        layer(data)


def test_units_are_a_whole_number():
    with pytest.raises(ArgumentError, match=r"units takes one whole number, at least 1; got 0\."):
        Dense(0)
