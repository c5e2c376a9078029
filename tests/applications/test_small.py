"""The small network: any size, and good enough on the digits after seconds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from striate.applications import recommended, small_cnn, small_cnn_1d
from striate.core.errors import ArgumentError, ShapeError
from striate.datasets import digits

IMAGES = [(5, 5, 1), (7, 5, 3), (8, 8, 1), (28, 28, 1), (32, 32, 3), (5, 100, 1), (70, 70, 3)]
SIGNALS = [(5, 1), (50, 1), (64, 100), (1000, 2)]


@pytest.mark.parametrize("shape", IMAGES, ids=str)
def test_images_of_any_size_come_out_as_probabilities(shape):
    outputs = small_cnn(shape, 4)(np.ones((2, *shape), np.float32)).numpy()
    assert outputs.shape == (2, 4)
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("shape", SIGNALS, ids=str)
def test_signals_of_any_length_come_out_as_probabilities(shape):
    outputs = small_cnn_1d(shape, 2)(np.ones((3, *shape), np.float32)).numpy()
    assert outputs.shape == (3, 2)
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("shape", [(5, 5, 1), (8, 8, 1), (33, 97, 3), (200, 200, 3)], ids=str)
def test_poolings_leave_two_or_three_pixels_a_side(shape):
    flatten = small_cnn(shape, 2).get_layer("flatten")
    assert all(side in (2, 3) for side in flatten.input.shape[1:-1])


def test_the_digits_network_has_the_size_worked_out_by_hand():
    # Kernels without bias, four numbers a channel to normalise, two 2x2 maps of 64 into the dense layer.
    kernels = 9 * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
    total = kernels + 4 * (32 + 32 + 64 + 64) + (2 * 2 * 64 + 1) * 10
    assert small_cnn((8, 8, 1), 10).count_params() == total


def test_rescaling_in_front_multiplies_what_goes_in():
    plain, scaled = small_cnn((8, 8, 1), 3), small_cnn((8, 8, 1), 3, rescale=1 / 16)
    scaled.set_weights(plain.get_weights())
    pixels = np.random.default_rng(0).integers(0, 17, (2, 8, 8, 1)).astype(np.float32)
    np.testing.assert_allclose(scaled(pixels).numpy(), plain(pixels / 16).numpy(), rtol=1e-5)


def test_three_epochs_on_the_digits_already_name_nine_of_ten():
    (x_train, y_train), (x_test, y_test) = digits.load_data(test_size=0.15)
    torch.manual_seed(0)
    model = small_cnn((8, 8, 1), 10, rescale=1 / 16)
    optimizer = recommended(len(x_train)).optimizer()
    optimizer.build(list(model.parameters()))
    images, labels = torch.from_numpy(x_train), torch.from_numpy(y_train).long()
    model.train()
    for places in torch.cat([torch.randperm(len(images)) for _ in range(3)]).split(64):
        optimizer.zero_grad()
        F.nll_loss(torch.log(model(images[places]) + 1e-7), labels[places]).backward()
        optimizer.step()
    model.eval()
    assert (model(x_test).numpy().argmax(axis=1) == y_test).mean() > 0.9


@pytest.mark.parametrize("examples", [1, 100, 300, 1527, 10_000, 50_000])
def test_the_recommended_rate_reaches_zero_when_the_epochs_end(examples):
    advice = recommended(examples)
    assert advice.steps == advice.epochs * math.ceil(examples / advice.batch_size)
    rate = advice.optimizer().get_config()["learning_rate"]["config"]
    assert (rate["initial_learning_rate"], rate["decay_steps"]) == (advice.learning_rate, advice.steps)


def test_fewer_examples_get_at_least_as_many_epochs_and_no_larger_batches():
    advice = [recommended(examples) for examples in (50, 500, 2_000, 10_000, 50_000)]
    assert [one.epochs for one in advice] == sorted((one.epochs for one in advice), reverse=True)
    assert [one.batch_size for one in advice] == sorted(one.batch_size for one in advice)


@pytest.mark.parametrize("examples", [0, 2.5, True])
def test_a_recommendation_without_examples_is_refused(examples):
    with pytest.raises(ArgumentError, match=rf"number of training examples, at least 1; got {examples}"):
        recommended(examples)


def test_what_is_too_small_or_of_another_kind_is_refused():
    with pytest.raises(ShapeError, match=r"small network for images needs at least 5 pixels a side; got"):
        small_cnn((4, 8, 1), 2)
    with pytest.raises(ShapeError, match=r"small network for signals needs at least 5 steps; got \(4, 1\)"):
        small_cnn_1d((4, 1), 2)
    with pytest.raises(ShapeError, match=r"takes the shape of one example, \(steps, channels\); got"):
        small_cnn_1d((8, 8, 1), 2)
    with pytest.raises(ArgumentError, match=r"classes as a whole number, at least 2; got 1\."):
        small_cnn((8, 8, 1), 1)
