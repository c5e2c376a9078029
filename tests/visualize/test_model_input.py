"""What a model takes is read off its graph, its layers and its training."""

from __future__ import annotations

import torch
from torch import nn

from striate.applications import net_c, net_e
from striate.layers import Conv1D, Conv2D, Dense, Flatten, Input, Rescaling
from striate.models import Sequential
from striate.visualize.model_input import input_of


def test_a_graph_knows_its_inputs_shape():
    found = input_of(net_c())
    assert (found.shape, found.channels, found.layout) == ((32, 32, 3), 3, "channels_last")
    assert (found.dtype, found.value_range) == (torch.float32, (0.0, 1.0))
    assert input_of(net_e()).shape == (64, 100)


def test_the_range_is_that_of_training_or_of_the_rescaling_in_front():
    model = net_c(rescale=1 / 255)
    assert input_of(model).value_range == (0.0, 255.0)
    model.input_range = (0.0, 16.0)
    assert input_of(model).value_range == (0.0, 16.0)
    centred = Sequential([Input((4, 4, 1)), Rescaling(1 / 127.5, offset=-1.0), Flatten()])
    assert input_of(centred).value_range == (0.0, 255.0)


def test_signals_go_below_zero_as_well():
    def net(*front):
        return Sequential([Input((9, 1)), *front, Conv1D(2, 3), Flatten()])

    assert input_of(net()).value_range == (-1.0, 1.0)
    assert input_of(net(Rescaling(1 / 500))).value_range == (-500.0, 500.0)
    assert input_of(net(Rescaling(0.5, offset=0.5))).value_range == (-1.0, 1.0)
    known = net()
    known.preprocessing = {"pixel_range": [-3, 7]}
    assert input_of(known).value_range == (-3.0, 7.0)
    known.preprocessing = {"pixel_range": None}
    assert input_of(known).value_range == (-1.0, 1.0)


def test_a_torch_network_takes_channels_first_and_its_first_layer_says_how_many():
    found = input_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2)))
    assert (found.shape, found.layout) == ((None, None, 3), "channels_first")
    found = input_of(nn.Sequential(nn.Linear(7, 2)))
    assert (found.shape, found.layout) == ((7,), "channels_last")


def test_striates_own_channels_first_is_known():
    model = Sequential([Input((3, 8, 9)), Conv2D(2, 3, data_format="channels_first"), Flatten(), Dense(2)])
    found = input_of(model)
    assert (found.shape, found.layout) == ((8, 9, 3), "channels_first")


def test_a_model_without_a_graph_is_known_by_its_first_weights():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = Conv1D(4, 3)
            self.conv.build((None, 10, 6))

    assert input_of(Own()).shape == (None, 6)
    dense = Dense(2)
    dense.build((None, 5))
    assert input_of(dense).shape == (5,)
    assert input_of(nn.Sequential(nn.Flatten())).shape == ()
