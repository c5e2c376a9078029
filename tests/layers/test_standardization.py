"""Normalisation by statistics of the training data, given or learned, and its errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, DataError, ShapeError
from striate.models import Sequential, load_model
from tests.reference.closeness import largest_difference


def draw(shape=(20, 3, 4), seed=0):
    return np.random.default_rng(seed).normal(5, 2, shape).astype(np.float32)


@pytest.mark.parametrize(("axis", "others"), [(-1, (0, 1)), (1, (0, 2)), ((1, 2), (0,)), (None, (0, 1, 2))])
def test_it_learns_mean_and_variance_along_its_axes(axis, others):
    data = draw()
    layer = layers.Normalization(axis)
    layer.adapt(data)
    wanted = (data - data.mean(others, keepdims=True)) / data.std(others, keepdims=True)
    assert largest_difference(layer(data), wanted) < 1e-5
    assert [weight.shape for weight in layer.get_weights()] == [data.mean(others).shape] * 2 + [()]


@pytest.mark.parametrize("wrap", [list, iter, lambda parts: ((part, 0) for part in parts)])
def test_batches_of_any_sizes_give_the_statistics_of_the_whole(wrap):
    data = draw()
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(torch.from_numpy(data))
    parts.adapt(wrap([data[:3], data[3:4], data[4:4], data[4:]]))
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_adapting_again_starts_anew():
    layer = layers.Normalization()
    layer.adapt(draw(seed=1))
    layer.adapt(draw())
    np.testing.assert_allclose(layer.get_weights()[0], draw().mean((0, 1)), rtol=1e-5)


def test_statistics_can_be_given():
    layer = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
    assert layer(np.array([[3.0, 5.0]])).tolist() == [[1, 1]]
    assert layer.get_weights() == []
    assert layers.Normalization(mean=1.0, variance=4.0)(np.array([[3.0, 5.0]])).tolist() == [[1, 2]]


def test_inverting_goes_the_way_back():
    data = draw()
    there = layers.Normalization(mean=5.0, variance=4.0)
    back = layers.Normalization(mean=5.0, variance=4.0, invert=True)
    np.testing.assert_allclose(back(there(data)), data, rtol=1e-5)


def test_constant_values_become_zero():
    layer = layers.Normalization()
    layer.adapt(np.full((4, 2), 3.0))
    assert layer(np.full((1, 2), 3.0)).tolist() == [[0, 0]]


def test_what_was_learned_is_saved(tmp_path):
    layer = layers.Normalization()
    layer.adapt(draw())
    model = Sequential([layers.Input((3, 4)), layer])
    model.save(tmp_path / "model.striate")
    assert torch.equal(load_model(tmp_path / "model.striate")(draw()), model(draw()))


@pytest.mark.parametrize(
    "arguments", [{"mean": 1.0}, {"variance": 1.0}, {"mean": [1.0], "variance": [1.0, 2.0]}]
)
def test_one_statistic_without_the_other_is_refused(arguments):
    with pytest.raises(
        ArgumentError, match=r"mean and variance are given together and of one shape; got mean="
    ):
        layers.Normalization(**arguments)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ArgumentError, match=r"axis \(3,\) is not in \(2, 4\)"):
        layers.Normalization(3)(np.zeros((2, 4)))


def test_an_axis_of_unknown_size_is_refused():
    with pytest.raises(ShapeError, match=r"must know the sizes along axis \(-1,\); got \(None, None\)"):
        layers.Normalization().build((None, None))


@pytest.mark.parametrize(
    "layer", [layers.Normalization(), layers.Normalization(mean=[1.0] * 3, variance=[1.0] * 3)]
)
def test_data_of_another_size_are_refused(layer):
    layer(np.zeros((2, 3)))
    with pytest.raises(
        ShapeError, match=r"has statistics of shape \(3,\) along axis \(-1,\) but got \(2, 4\)"
    ):
        layer(np.zeros((2, 4)))


@pytest.mark.parametrize("data", [[], np.zeros((0, 3))])
def test_adapting_to_nothing_is_refused(data):
    with pytest.raises(DataError, match=r"cannot adapt to no data: the array or the iterable is empty"):
        layers.Normalization().adapt(data)


def test_adapting_what_was_given_is_refused():
    with pytest.raises(ArgumentError, match=r"was given its mean and variance, so it does not adapt"):
        layers.Normalization(mean=1.0, variance=1.0).adapt(draw())
