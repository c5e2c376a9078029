"""What is done to all values comes from the training part and stays in the model."""

from __future__ import annotations

import numpy as np
import pytest

import striate
from striate.layers import Dense, Flatten, Input, Normalization
from striate.models import Model, Sequential
from striate.workbench import Recipe, actions
from striate.workbench.normalizing import make_normalization, rescales, with_front

X = np.random.default_rng(0).normal([3, -5], [2, 0.5], (2500, 4, 4, 2)).astype(np.float32)


def test_the_mean_is_taken_off_each_channel():
    out = make_normalization("mean", X)(X).numpy()
    assert np.allclose(out, X - X.mean((0, 1, 2), dtype=np.float64), atol=1e-5)


def test_channels_come_to_mean_0_and_deviation_1():
    out = make_normalization("channel", X)(X).numpy()
    assert np.allclose(out.mean((0, 1, 2)), 0, atol=1e-4)
    assert np.allclose(out.std((0, 1, 2)), 1, atol=1e-4)


def test_each_place_comes_to_mean_0_and_deviation_1():
    out = make_normalization("pixel", X)(X).numpy()
    assert np.allclose(out.mean(0), 0, atol=1e-4)
    assert np.allclose(out.std(0), 1, atol=1e-3)


def test_whitened_places_are_not_correlated():
    out = make_normalization("zca", X)(X).numpy().reshape(len(X), -1)
    assert np.allclose(np.cov(out.T), np.eye(32), atol=0.05)


def test_a_layer_goes_in_front_of_either_form_of_network():
    inputs = Input((4, 4, 2))
    graph = Model(inputs, Dense(3)(Flatten()(inputs)))
    stack = Sequential([Input((4, 4, 2)), Flatten(), Dense(3)])
    for model in (graph, stack):
        fronted = with_front(model, (4, 4, 2), make_normalization("channel", X))
        assert fronted(X[:2]).shape == (2, 3)
        assert np.allclose(
            fronted(X[:2]).numpy(), model(make_normalization("channel", X)(X[:2]).numpy()).numpy(), atol=1e-5
        )
    assert not rescales(stack)
    assert rescales(Sequential([Normalization(mean=0.0, variance=1.0), Dense(1)]))


@pytest.mark.parametrize("name", ["mean", "channel", "pixel", "zca"])
def test_a_training_keeps_it_in_the_models_file(here, name):
    lines: list[str] = []
    recipe = Recipe("toy.npz", model="networks.py:stack", epochs=2, normalize=name)
    actions.train(recipe, "clean", say=lines.append)
    assert any(line.startswith(f"normalize  {name}: ") for line in lines)
    first = striate.load("runs/clean/model.striate").layers[0]
    assert type(first).__name__ == ("ZCAWhitening" if name == "zca" else "Normalization")
    assert actions.evaluate("clean").scores.examples == 14
