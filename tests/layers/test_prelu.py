"""The rectifier with a learned slope."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.closeness import gradients_are_right


@pytest.mark.parametrize("shared", [None, 1, [1, 2], [3], [1, 2, 3]])
def test_the_slope_below_zero_is_learned_for_each_place_that_is_not_shared(shared):
    inputs = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    layer = layers.PReLU("random_normal", shared_axes=shared)
    outputs = layer(inputs)
    (alpha,) = layer.get_weights()
    named = [shared] if isinstance(shared, int) else shared or []
    assert alpha.shape == tuple(1 if axis in named else size for axis, size in ((1, 3), (2, 4), (3, 5)))
    np.testing.assert_allclose(outputs, np.where(inputs > 0, inputs, alpha * inputs), rtol=1e-6)


def test_the_gradient_is_that_of_finite_differences():
    layer = layers.PReLU("random_normal", shared_axes=[1], dtype="float64")
    layer.build((None, 3, 2))
    assert gradients_are_right(layer, torch.randn(2, 3, 2, dtype=torch.float64))


def test_shared_axes_that_are_not_there_are_refused():
    with pytest.raises(ArgumentError, match=r"shared_axes are axes from 1 to 2 here; got \[0\]"):
        layers.PReLU(shared_axes=0)(np.zeros((1, 3, 2)))


def test_an_axis_of_unknown_size_is_refused():
    with pytest.raises(
        ShapeError, match=r"must know the sizes of all axes that are not shared; got \(None, None, 2\)"
    ):
        layers.PReLU().build((None, None, 2))


def test_another_size_than_it_was_built_for_is_refused():
    layer = layers.PReLU()
    layer(np.zeros((1, 3)))
    with pytest.raises(ShapeError, match=r"was built for slopes of shape \(3,\) but got \(1, 4\)"):
        layer(np.zeros((1, 4)))
