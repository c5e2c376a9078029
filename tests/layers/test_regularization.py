"""Dropout: what is dropped, when, and from which source of chance."""

import copy

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Dropout

ONES = torch.ones(100, 100)


def test_in_training_a_share_is_dropped_and_the_rest_scaled_up():
    outputs = Dropout(0.3, seed=0)(ONES, training=True)
    assert sorted(outputs.unique().tolist()) == pytest.approx([0, 1 / 0.7])
    # Ten thousand draws: five standard deviations are 0.023.
    assert (outputs == 0).float().mean().item() == pytest.approx(0.3, abs=0.023)


def test_in_inference_nothing_is_dropped():
    assert Dropout(0.9)(ONES) is ONES


@pytest.mark.parametrize(("rate", "value"), [(0, 1), (1, 0)])
def test_the_extremes_drop_nothing_or_all(rate, value):
    assert (Dropout(rate)(ONES, training=True) == value).all()


def test_each_call_draws_anew():
    layer = Dropout(0.5, seed=0)
    assert not torch.equal(layer(ONES, training=True), layer(ONES, training=True))


def test_a_seed_fixes_the_draws_of_a_layer_alone():
    first, second = Dropout(0.5, seed=3), Dropout(0.5, seed=3)
    one = first(ONES, training=True)
    torch.rand(1)
    assert torch.equal(one, second(ONES, training=True))
    assert not torch.equal(one, Dropout(0.5, seed=4)(ONES, training=True))


def test_without_a_seed_the_draws_follow_torchs_own():
    torch.manual_seed(0)
    one = Dropout(0.5)(ONES, training=True)
    torch.manual_seed(0)
    assert torch.equal(one, Dropout(0.5)(ONES, training=True))


def test_a_copy_goes_on_where_the_layer_was():
    layer = Dropout(0.5, seed=0)
    layer(ONES, training=True)
    other = copy.deepcopy(layer)
    assert torch.equal(layer(ONES, training=True), other(ONES, training=True))


def test_axes_of_size_one_in_the_noise_drop_together():
    outputs = Dropout(0.5, noise_shape=(None, 1, None), seed=0)(torch.ones(4, 6, 8), training=True)
    assert torch.equal(outputs, outputs[:, :1].expand(4, 6, 8))
    assert len(outputs.unique()) == 2


def test_what_is_dropped_gets_no_gradient():
    inputs = torch.ones(50, requires_grad=True)
    outputs = Dropout(0.5, seed=0)(inputs, training=True)
    outputs.sum().backward()
    assert torch.equal(inputs.grad, outputs.detach())


@pytest.mark.parametrize("rate", [-0.1, 1.5, "half", None, 30])
def test_what_is_no_share_is_refused(rate):
    with pytest.raises(ArgumentError, match=r"layer 'd' \(Dropout\): rate is a share from 0 to 1; got "):
        Dropout(rate, name="d")


def test_noise_of_other_axes_than_the_input_is_refused():
    layer = Dropout(0.5, noise_shape=(None, 1), name="d")
    text = r"'d' \(Dropout\): noise_shape \(None, 1\) has 2 axes but the input 3: \(4, 6, 8\)\."
    with pytest.raises(ShapeError, match=text):
        layer(np.zeros((4, 6, 8)), training=True)
