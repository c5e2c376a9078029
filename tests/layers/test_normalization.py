"""Batch normalisation against plain loops, in training, in inference and at the edges."""

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.layers import BatchNormalization
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.normalization import batch_statistics, normalized


def with_weights(axis, channels, random, **options):
    layer = BatchNormalization(axis=axis, **options)
    gamma, beta, mean = random.normal(size=(3, channels))
    variance = random.uniform(0.2, 2, channels)
    return layer, [gamma, beta, mean, variance]


@pytest.mark.parametrize("seed", range(100))
def test_each_channel_is_normalised_and_the_moving_statistics_follow(seed):
    random = np.random.default_rng(seed)
    inputs = random.normal(2, 3, size=random.integers(2, 5, random.integers(2, 6))).astype(np.float32)
    axis = int(random.choice([-1, 1]))
    last = np.moveaxis(inputs, axis, -1)
    momentum, epsilon = float(random.uniform()), float(random.choice([1e-3, 1e-5]))
    layer, weights = with_weights(axis, last.shape[-1], random, momentum=momentum, epsilon=epsilon)
    layer.build(inputs.shape)
    layer.set_weights(weights)
    gamma, beta, mean, variance = weights
    in_inference = normalized(last, gamma, beta, mean, variance, epsilon)
    assert largest_difference(np.moveaxis(layer(inputs).numpy(), axis, -1), in_inference) < 1e-5

    batch_mean, batch_variance = batch_statistics(last)
    in_training = normalized(last, gamma, beta, batch_mean, batch_variance, epsilon)
    found = np.moveaxis(layer(inputs, training=True).numpy(), axis, -1)
    assert largest_difference(found, in_training) < 1e-5
    _, _, moved_mean, moved_variance = layer.get_weights()
    assert largest_difference(moved_mean, mean * momentum + batch_mean * (1 - momentum)) < 1e-5
    assert largest_difference(moved_variance, variance * momentum + batch_variance * (1 - momentum)) < 1e-5


def test_the_numbers_of_a_small_batch_are_worked_out_by_hand():
    # Mean 2, biased variance (4 + 0 + 4) / 3; the unbiased one would be 4.
    layer = BatchNormalization(momentum=0.9)
    outputs = layer(np.array([[0.0], [2.0], [4.0]]), training=True)
    expected = 2 / np.sqrt(8 / 3 + 1e-3)
    np.testing.assert_allclose(outputs.flatten(), [-expected, 0, expected], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(np.concatenate(layer.get_weights()), [1, 0, 0.2, 0.9 + 0.8 / 3], rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 3), (3, 2, 3), (2, 2, 2, 3), (2, 1, 2, 2, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_the_gradient_is_that_of_finite_differences(shape, training):
    layer = BatchNormalization(dtype="float64", momentum=1.0)
    layer.build((None, *shape[1:]))
    layer.train(training)
    inputs = torch.randn(shape, dtype=torch.float64)
    assert gradients_are_right(layer, inputs)


def test_a_frozen_layer_stays_in_inference():
    layer = BatchNormalization(trainable=False)
    inputs = np.random.default_rng(0).normal(5, 1, size=(8, 3)).astype(np.float32)
    assert torch.equal(layer(inputs, training=True), layer(inputs, training=False))
    assert layer.get_weights()[2].tolist() == [0, 0, 0]
    layer.trainable = True
    layer(inputs, training=True)
    assert (layer.get_weights()[2] > 0).all()


def test_a_batch_of_one_example_gives_its_own_mean_and_no_variance():
    layer = BatchNormalization(momentum=0.0)
    np.testing.assert_allclose(layer(np.array([[3.0, -2.0]]), training=True), [[0, 0]], atol=1e-5)
    np.testing.assert_allclose(layer.get_weights()[2], [3, -2])
    np.testing.assert_allclose(layer.get_weights()[3], [0, 0], atol=1e-9)


@pytest.mark.parametrize(("momentum", "mean"), [(1.0, 0.0), (0.0, 4.0)])
def test_the_extremes_of_momentum_keep_all_or_nothing(momentum, mean):
    layer = BatchNormalization(momentum=momentum)
    layer(np.array([[3.0], [5.0]]), training=True)
    assert layer.get_weights()[2].tolist() == [mean]


def test_without_scale_and_shift_only_the_statistics_are_weights():
    layer = BatchNormalization(center=False, scale=False)
    outputs = layer(np.array([[0.0], [2.0]]), training=True)
    assert outputs.mean().item() == pytest.approx(0, abs=1e-6)
    assert len(layer.get_weights()) == 2


def test_what_is_not_a_number_marks_its_channel_and_no_other():
    inputs = np.ones((4, 2), np.float32)
    inputs[1, 0] = np.nan
    outputs = BatchNormalization()(inputs, training=True)
    assert outputs.isnan().all(0).tolist() == [True, False]


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3), (4, 5, 5, 3), (2, 3, 4, 5, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_memory_stays_channels_last_forward_and_backward(shape, training):
    inputs = torch.randn(shape, requires_grad=True)
    outputs = BatchNormalization()(inputs, training=training)
    outputs.square().sum().backward()
    assert outputs.is_contiguous()
    assert inputs.grad.is_contiguous()


def test_autocast_keeps_the_statistics_in_single_precision():
    layer = BatchNormalization()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = layer(torch.randn(8, 4, 4, 3).bfloat16(), training=True)
    assert outputs.dtype == torch.bfloat16
    assert layer.moving_mean.dtype == torch.float32


def test_the_axis_may_stand_in_a_list():
    assert BatchNormalization(axis=[1]).axis == 1


@pytest.mark.parametrize("axis", [1.5, "channels", [1, 2], True])
def test_an_axis_that_is_no_whole_number_is_refused(axis):
    with pytest.raises(
        ArgumentError, match=r"layer 'b' \(BatchNormalization\): axis is one whole number; got "
    ):
        BatchNormalization(axis=axis, name="b")


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_a_momentum_outside_0_to_1_is_refused(momentum):
    with pytest.raises(ArgumentError, match=rf"'b' \(.*\): momentum lies from 0 to 1; got {momentum}\."):
        BatchNormalization(momentum=momentum, name="b")


def test_an_axis_that_the_input_does_not_have_is_refused():
    with pytest.raises(ArgumentError, match=r"'b' \(.*\): axis 3 is not in \(None, 4\)\."):
        BatchNormalization(axis=3, name="b").build((None, 4))


def test_an_unknown_number_of_channels_is_refused():
    with pytest.raises(
        ShapeError, match=r"'b' \(.*\) must know the size of axis -1; got \(None, 4, None\)\."
    ):
        BatchNormalization(name="b").build((None, 4, None))


def test_another_number_of_channels_is_refused_by_name():
    layer = BatchNormalization(name="b")
    layer.build((None, 4))
    with pytest.raises(
        ShapeError, match=r"'b' \(BatchNormalization\) was built for 4 channels but got 3: \(2, 3\)"
    ):
        layer(np.zeros((2, 3)))


def test_joined_statistics_are_part_of_the_config_where_they_are_asked_for():
    assert "synchronized" not in BatchNormalization().get_config()
    layer = BatchNormalization(synchronized=True)
    assert BatchNormalization.from_config(layer.get_config()).synchronized
