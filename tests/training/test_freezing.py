"""Layers that learn nothing for a while."""

from __future__ import annotations

import torch
from torch import nn

from striate.layers import BatchNormalization, Conv2D, Dense, Input
from striate.models import Sequential
from striate.training.freezing import flags_kept, hold, hold_norms, quieten_held_norms


def network():
    return Sequential([Input((8, 8, 1)), Conv2D(2, 3), BatchNormalization(), Dense(1)])


def learning(model):
    return [name.rpartition(".")[2] for name, weight in model.named_parameters() if weight.requires_grad]


def test_what_is_held_learns_nothing_and_comes_back_as_it_was():
    model = network()
    model.layers[0].trainable = False
    with flags_kept(model):
        hold(model)
        assert learning(model) == []
        assert not any(layer.trainable for layer in model.layers)
    assert [layer.trainable for layer in model.layers] == [False, True, True]
    assert learning(model) == ["gamma", "beta", "kernel", "bias"]


def test_it_comes_back_after_an_error_too():
    model = network()
    try:
        with flags_kept(model):
            hold(model)
            raise RuntimeError
    except RuntimeError:
        assert all(layer.trainable for layer in model.layers)


def test_normalisation_alone_can_be_held():
    model = network()
    hold_norms(model)
    assert learning(model) == ["kernel", "bias", "kernel", "bias"]


def test_torchs_normalisation_is_put_into_inference_where_it_is_held():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.BatchNorm1d(2), nn.BatchNorm1d(2, affine=False))
    model.train()
    hold_norms(model[0])
    quieten_held_norms(model)
    assert [inner.training for inner in model] == [False, True, True]
    before = model[0].running_mean.clone()
    model(torch.randn(8, 2))
    assert torch.equal(model[0].running_mean, before)
    assert not torch.equal(model[1].running_mean, before)
