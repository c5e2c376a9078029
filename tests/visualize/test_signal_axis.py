"""A map's values stand at the middle of their windows on the signal."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from striate.applications import net_e
from striate.layers import Add, Conv1D, Input, MaxPooling1D
from striate.models import Model
from striate.visualize.layer_search import find_layer
from striate.visualize.signal_axis import axis_of


def middle_by_gradient(model, layer_count, steps, channels, place):
    """The middle of all steps that a value depends on."""
    x = torch.rand(1, steps, channels, requires_grad=True)
    values = x
    for layer in model.layers[:layer_count]:
        values = layer(values)
    (gradient,) = torch.autograd.grad(values[0, place].sum(), x)
    touched = torch.nonzero(gradient[0].abs().sum(dim=1)).ravel()
    return float(touched[0] + touched[-1]) / 2


def test_the_axis_is_where_the_gradient_says():
    model = net_e()
    for number in (1, 2):
        layer = find_layer(model, number - 1)
        axis = axis_of(model, layer, 64 - 2 * number, np.zeros((64, 100), np.float32))
        for place in (0, 7, len(axis) - 1):
            assert axis[place] == middle_by_gradient(model, number, 64, 100, place)


def test_padding_and_strides_count():
    model = nn.Sequential(nn.Conv1d(1, 2, 3, stride=2, padding=1), nn.MaxPool1d(2))
    axis = axis_of(model, find_layer(model, 1), 2, np.zeros((8, 1), np.float32))
    assert axis.tolist() == [1.0, 5.0]


def test_with_branches_the_map_is_stretched_evenly():
    inputs = Input((8, 1))
    left = Conv1D(1, 3, padding="same")(inputs)
    model = Model(inputs, MaxPooling1D(2, name="end")(Add()([left, inputs])))
    axis = axis_of(model, find_layer(model, "end"), 4, np.zeros((8, 1), np.float32))
    assert axis.tolist() == [0.5, 2.5, 4.5, 6.5]
