"""Layers that disturb values in training: their statistics, their seeds and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError
from striate.layers.noise import SELU_ALPHA, SELU_SCALE

SHAPES = {1: (6, 9, 50), 2: (6, 4, 5, 50), 3: (6, 2, 3, 4, 50)}


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_spatial_dropout_drops_whole_maps_and_scales_the_rest(rank):
    outputs = getattr(layers, f"SpatialDropout{rank}D")(0.25, seed=1)(np.ones(SHAPES[rank]), training=True)
    maps = outputs.numpy().reshape(6, -1, 50)
    assert (maps == maps[:, :1]).all()
    np.testing.assert_allclose(np.unique(maps), [0, 4 / 3], rtol=1e-6)
    assert 0.15 < (maps[:, 0] == 0).mean() < 0.35


def test_spatial_dropout_knows_where_the_channels_are():
    layer = layers.SpatialDropout2D(0.5, "channels_first", seed=1)
    maps = layer(np.ones((6, 50, 4, 5)), training=True).numpy()
    assert (maps == maps[:, :, :1, :1]).all()
    assert set(layer.get_config()) >= {"rate", "data_format", "seed"}
    assert "noise_shape" not in layer.get_config()


def test_alpha_dropout_keeps_mean_and_variance():
    values = torch.randn(400, 400, generator=torch.Generator().manual_seed(0))
    outputs = layers.AlphaDropout(0.2, seed=0)(values, training=True)
    assert abs(outputs.mean()) < 0.02
    assert abs(outputs.var() - 1) < 0.02
    limit, rate = -SELU_ALPHA * SELU_SCALE, 0.2
    scale = ((1 - rate) * (1 + rate * limit**2)) ** -0.5
    dropped = scale * limit * (1 - rate)
    share = torch.isclose(outputs, torch.tensor(dropped)).float().mean()
    assert abs(share - rate) < 0.01


def test_dropping_everything_leaves_zeros():
    assert not layers.AlphaDropout(1.0)(np.ones((2, 3)), training=True).any()


def test_gaussian_noise_has_the_deviation_asked_for():
    outputs = layers.GaussianNoise(0.3, seed=0)(np.zeros((400, 400)), training=True)
    assert abs(outputs.mean()) < 0.01
    assert abs(outputs.std() - 0.3) < 0.01


def test_gaussian_dropout_has_the_variance_of_a_dropout():
    outputs = layers.GaussianDropout(0.2, seed=0)(np.full((400, 400), 2.0), training=True)
    assert abs(outputs.mean() - 2) < 0.02
    assert abs(outputs.var() / 4 - 0.25) < 0.01


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        (layers.AlphaDropout, 0.5),
        (layers.GaussianDropout, 0.5),
        (layers.GaussianNoise, 0.5),
        (layers.Dropout, 0.5),
    ],
)
def test_one_seed_gives_one_sequence_of_draws(kind, argument):
    values = np.ones((4, 5))
    one, other = kind(argument, seed=7), kind(argument, seed=7)
    first = one(values, training=True)
    assert torch.equal(first, other(values, training=True))
    assert not torch.equal(first, one(values, training=True))
    torch.manual_seed(3)
    without = kind(argument)(values, training=True)
    torch.manual_seed(3)
    assert torch.equal(kind(argument)(values, training=True), without)


@pytest.mark.parametrize("kind", [layers.AlphaDropout, layers.GaussianDropout, layers.GaussianNoise])
def test_nothing_happens_with_nothing_to_do(kind):
    values = torch.ones(2, 3)
    assert torch.equal(kind(0)(values, training=True), values)
    assert torch.equal(kind(0.5)(values), values)


def test_the_penalty_of_an_activity_is_kept():
    layer = layers.ActivityRegularization(l1=0.5, l2=0.25)
    values = torch.tensor([[1.0, -2.0]])
    assert torch.equal(layer(values), values)
    assert [penalty.item() for penalty in layer.activity_losses] == [0.5 * 3 + 0.25 * 5]
    assert "activity_regularizer" not in layer.get_config()


@pytest.mark.parametrize("stddev", [-0.1, 1.5, "0.1"])
def test_a_deviation_outside_0_to_1_is_refused(stddev):
    with pytest.raises(ArgumentError, match=r"stddev is a number from 0 to 1; got"):
        layers.GaussianNoise(stddev)


@pytest.mark.parametrize("rate", [-0.1, 1, "0.1"])
def test_a_rate_without_a_variance_is_refused(rate):
    with pytest.raises(ArgumentError, match=r"rate is a share from 0 to below 1; got"):
        layers.GaussianDropout(rate)
