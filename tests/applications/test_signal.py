"""The fully convolutional network for signals: its layers as published, and how it is trained."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from striate.applications import fcn1d, recommended_for_signals
from striate.core.errors import ArgumentError, ShapeError


@pytest.mark.parametrize("shape", [(4, 1), (24, 1), (150, 1), (64, 100)], ids=str)
def test_signals_of_any_length_come_out_as_probabilities(shape):
    outputs = fcn1d(shape, 3)(np.ones((2, *shape), np.float32)).numpy()
    assert outputs.shape == (2, 3)
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-5)


def test_the_blocks_are_those_of_the_paper():
    model = fcn1d((150, 1), 2)
    convolutions = [model.get_layer(f"block{number}_conv") for number in (1, 2, 3)]
    assert [(layer.filters, layer.kernel_size) for layer in convolutions] == [
        (128, (8,)),
        (256, (5,)),
        (128, (3,)),
    ]
    assert {layer.output.shape[1] for layer in convolutions} == {150}
    # Kernels without bias, four numbers a channel to normalise, the mean of 128 channels into two classes.
    kernels = 8 * 1 * 128 + 5 * 128 * 256 + 3 * 256 * 128
    assert model.count_params() == kernels + 4 * (128 + 256 + 128) + (128 + 1) * 2


def test_rescaling_in_front_multiplies_what_goes_in():
    plain, scaled = fcn1d((20, 2), 3), fcn1d((20, 2), 3, rescale=1 / 8)
    scaled.set_weights(plain.get_weights())
    values = np.random.default_rng(0).normal(size=(2, 20, 2)).astype(np.float32)
    np.testing.assert_allclose(scaled(values).numpy(), plain(values / 8).numpy(), rtol=1e-4)


@pytest.mark.parametrize(("shape", "error"), [((3, 1), ShapeError), ((8, 8, 1), ShapeError), ((8, 1), None)])
def test_other_data_are_refused(shape, error):
    if error is None:
        with pytest.raises(ArgumentError, match="classes as a whole number, at least 2"):
            fcn1d(shape, 1)
        return
    with pytest.raises(error, match="the fully convolutional network for signals"):
        fcn1d(shape, 2)


def test_a_bump_and_a_dent_are_told_apart_wherever_they_are():
    random, steps = np.random.default_rng(0), np.arange(40)
    labels = np.arange(48) % 2
    places = random.integers(8, 32, (48, 1))
    bumps = np.exp(-((steps - places) ** 2) / 8) * np.where(labels, 1, -1)[:, None]
    series = torch.from_numpy((bumps + random.normal(0, 0.1, bumps.shape)).astype(np.float32)[..., None])
    torch.manual_seed(0)
    model = fcn1d((40, 1), 2)
    optimizer = recommended_for_signals(32).optimizer()
    optimizer.build(list(model.parameters()))
    model.train()
    for places in torch.cat([torch.randperm(32) for _ in range(40)]).split(16):
        optimizer.zero_grad()
        F.nll_loss(torch.log(model(series[places]) + 1e-7), torch.from_numpy(labels[places])).backward()
        optimizer.step()
    model.eval()
    assert (model(series[32:].numpy()).numpy().argmax(axis=1) == labels[32:]).all()


@pytest.mark.parametrize("examples", [1, 36, 50, 67, 200, 1_000, 10_000, 100_000])
def test_every_training_has_steps_enough_and_its_rate_ends_at_zero(examples):
    advice = recommended_for_signals(examples)
    assert advice.steps == advice.epochs * math.ceil(examples / advice.batch_size)
    assert advice.steps >= 2000 or advice.epochs == 1000
    assert 30 <= advice.epochs <= 1000
    rate = advice.optimizer().get_config()["learning_rate"]["config"]
    assert (rate["initial_learning_rate"], rate["decay_steps"]) == (0.001, advice.steps)


@pytest.mark.parametrize("examples", [0, -1, 2.5, True])
def test_no_examples_are_refused(examples):
    with pytest.raises(ArgumentError, match="examples is the number of training examples, at least 1"):
        recommended_for_signals(examples)
