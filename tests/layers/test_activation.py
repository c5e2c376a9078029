"""Activations as layers; the functions themselves are tested in tests/test_activations.py."""

import numpy as np
import pytest
import torch

from striate import activations
from striate.core.errors import ArgumentError, UnknownNameError
from striate.layers import ELU, Activation, LeakyReLU, ReLU, Softmax

VALUES = np.array([[-2.0, -0.5, 0.0, 1.0, 8.0]], np.float32)


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (ReLU(), [0, 0, 0, 1, 8]),
        (ReLU(6.0, 0.5, 0.0), [-1, -0.25, 0, 1, 6]),
        (ReLU(threshold=2), [0, 0, 0, 0, 8]),
        (LeakyReLU(), [-0.6, -0.15, 0, 1, 8]),
        (LeakyReLU(0.001), [-0.002, -0.0005, 0, 1, 8]),
        (LeakyReLU(alpha=0.5), [-1, -0.25, 0, 1, 8]),
        (ELU(2.0), [2 * (np.exp(-2) - 1), 2 * (np.exp(-0.5) - 1), 0, 1, 8]),
        (Activation("relu"), [0, 0, 0, 1, 8]),
        (Activation(None), [-2, -0.5, 0, 1, 8]),
        (Activation(torch.abs), [2, 0.5, 0, 1, 8]),
    ],
)
def test_each_value_is_worked_out_by_hand(layer, wanted):
    np.testing.assert_allclose(layer(VALUES).numpy()[0], wanted, rtol=1e-6, atol=1e-7)


def test_softmax_sums_to_one_along_its_axis():
    images = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(Softmax()(images).sum(-1), 1, rtol=1e-6)
    np.testing.assert_allclose(Softmax(axis=1)(images).sum(1), 1, rtol=1e-6)


def test_a_layer_and_its_function_agree():
    assert torch.equal(Activation("gelu")(VALUES), activations.gelu(torch.from_numpy(VALUES)))


@pytest.mark.parametrize(
    "layer", [ReLU(), ReLU(6.0), LeakyReLU(), ELU(), Activation("relu"), Activation("tanh")]
)
def test_what_is_not_a_number_stays_so(layer):
    assert layer(np.array([np.nan, 1.0])).isnan().tolist() == [True, False]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"max_value": -1}, "max_value"),
        ({"negative_slope": -0.1}, "negative_slope"),
        ({"threshold": None}, "threshold"),
    ],
)
def test_a_parameter_below_zero_is_refused(arguments, name):
    with pytest.raises(ArgumentError, match=rf"layer 'r' \(ReLU\): {name} is a number from 0 up; got "):
        ReLU(**arguments, name="r")


def test_an_unknown_activation_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"there is no activation .*'rleu'\. Did you mean .*'relu'"):
        Activation("rleu")
