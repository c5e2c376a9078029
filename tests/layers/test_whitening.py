"""ZCA whitening: its formula, learning in parts, the way back, files and errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, DataError, ShapeError
from striate.models import Sequential, load_model
from tests.reference.closeness import largest_difference


def draw(count=200, shape=(3, 3, 2), seed=0):
    """Images whose neighbouring pixels go together, far from 0."""
    random = np.random.default_rng(seed)
    return (random.normal(3, 1, (count, *shape)).cumsum(1) + random.normal(size=(count, 1, 1, 1))).astype(
        np.float32
    )


def by_numpy(data, epsilon):
    rows = data.reshape(len(data), -1).astype(np.float64)
    centred = rows - rows.mean(0)
    directions, scales, _ = np.linalg.svd(centred.T @ centred / len(rows))
    matrix = directions @ np.diag(1 / np.sqrt(scales + epsilon)) @ directions.T
    return (centred @ matrix).reshape(data.shape)


@pytest.mark.parametrize("epsilon", [1e-6, 0.1])
def test_it_is_the_formula_written_in_numpy(epsilon):
    data, layer = draw(), layers.ZCAWhitening(epsilon)
    layer.adapt(data)
    assert largest_difference(layer(data), by_numpy(data, epsilon)) < 1e-4


def test_whitened_features_have_variance_one_and_do_not_depend_on_each_other():
    data, layer = draw(), layers.ZCAWhitening()
    layer.adapt(data)
    whitened = layer(data).flatten(1).numpy().astype(np.float64)
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(18), atol=1e-3)
    np.testing.assert_allclose(whitened.mean(0), 0, atol=1e-4)


@pytest.mark.parametrize("wrap", [list, iter, lambda parts: ((part, 0) for part in parts)])
def test_batches_of_any_sizes_give_the_matrix_of_the_whole(wrap):
    data = draw()
    whole, parts = layers.ZCAWhitening(), layers.ZCAWhitening()
    whole.adapt(torch.from_numpy(data))
    parts.adapt(wrap([data[:3], data[3:4], data[4:4], data[4:]]))
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_before_it_has_learned_it_hands_on():
    data = draw(4)
    assert largest_difference(layers.ZCAWhitening()(data), data) == 0


def test_inverting_goes_the_way_back():
    data, there, back = draw(), layers.ZCAWhitening(1e-3), layers.ZCAWhitening(1e-3, invert=True)
    there.adapt(data)
    back.adapt(data)
    np.testing.assert_allclose(back(there(data)), data, atol=2e-3)


def test_what_was_learned_is_saved(tmp_path):
    layer = layers.ZCAWhitening()
    layer.adapt(draw())
    model = Sequential([layers.Input((3, 3, 2)), layer, layers.Flatten(), layers.Dense(2)])
    assert not layer.trainable_weights
    model.save(tmp_path / "model.striate")
    assert torch.equal(load_model(tmp_path / "model.striate")(draw()), model(draw()))


@pytest.mark.parametrize("epsilon", [-1.0, "small", True, float("nan")])
def test_an_epsilon_that_is_none_is_refused(epsilon):
    with pytest.raises(ArgumentError, match=r"epsilon is a number from 0 up; got "):
        layers.ZCAWhitening(epsilon)


def test_images_that_are_too_large_are_refused_in_words():
    layer = layers.ZCAWhitening(name="white")
    with pytest.raises(ArgumentError, match=r"layer 'white' \(ZCAWhitening\): .*at most 4,096 .*got 67,500"):
        layer.adapt(np.zeros((2, 150, 150, 3)))


@pytest.mark.parametrize("shape", [(None, None, 3), (5,)])
def test_sizes_that_are_not_known_are_refused(shape):
    with pytest.raises(ShapeError, match=r"must know all sizes after the batch; got \("):
        layers.ZCAWhitening().build(shape)


def test_data_of_another_size_are_refused():
    layer = layers.ZCAWhitening()
    layer.adapt(draw())
    with pytest.raises(ShapeError, match=r"was built for 18 features but got 27: \(4, 3, 3, 3\)"):
        layer(draw(4, (3, 3, 3)))


@pytest.mark.parametrize("data", [[], np.zeros((0, 3))])
def test_adapting_to_nothing_is_refused(data):
    with pytest.raises(DataError, match=r"cannot adapt to no data: the array or the iterable is empty"):
        layers.ZCAWhitening().adapt(data)
