"""Layers are found by name, number and themselves, in networks of every make."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from striate.applications import net_c
from striate.core.errors import ArgumentError, UnknownNameError
from striate.layers import Conv2D, Dense, Flatten, Input, ReLU, TorchModule
from striate.models import Model, Sequential
from striate.visualize import find_layer, find_layers


def torch_network():
    inner = nn.Sequential(nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.ReLU(inplace=True))
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), inner, nn.Flatten(), nn.Linear(5, 2))


def nested():
    base = Sequential([Input((8, 8, 1)), Conv2D(2, 3, name="conv"), ReLU(name="relu")], name="base")
    return Sequential([Input((8, 8, 1)), base, Flatten(name="flatten"), Dense(2, name="answer")])


def test_layers_of_a_nested_model_have_dotted_names():
    assert [layer.name for layer in find_layers(nested())] == ["base.conv", "base.relu", "flatten", "answer"]


def test_layers_of_a_torch_module_are_those_without_layers_inside_with_their_layout():
    found = [(layer.name, layer.kind, layer.layout) for layer in find_layers(torch_network())]
    assert found == [
        ("0", "Conv2d", "channels_first"),
        ("1", "ReLU", "channels_first"),
        ("2.0", "Conv2d", "channels_first"),
        ("2.1", "BatchNorm2d", "channels_first"),
        ("2.2", "ReLU", "channels_first"),
        ("3", "Flatten", "channels_first"),
        ("4", "Linear", "channels_last"),
    ]


def test_a_module_inside_a_torch_module_layer_goes_by_that_layers_name():
    trunk = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    wrapped = TorchModule(trunk, data_format="channels_first", name="trunk")
    model = Sequential([Input((8, 8, 3)), wrapped, TorchModule(nn.Tanh(), name="tanh"), ReLU(name="relu")])
    found = [(layer.name, layer.kind, layer.layout) for layer in find_layers(model)]
    assert found == [
        ("trunk.0", "Conv2d", "channels_first"),
        ("trunk.1", "ReLU", "channels_first"),
        ("tanh", "Tanh", "channels_last"),
        ("relu", "ReLU", "channels_last"),
    ]
    assert find_layer(model, "trunk").layout == "channels_last"
    assert find_layer(model, trunk[0]).name == "trunk.0"
    assert find_layer(model, model.get_layer("tanh")).kind == "Tanh"


def test_a_module_with_weights_of_its_own_is_listed_beside_what_is_inside():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.zeros(1, 4))
            self.inner = nn.Linear(4, 4)

    assert [layer.name for layer in find_layers(nn.Sequential(Tokens()))] == ["0", "0.inner"]


def test_a_layer_alone_is_its_own_only_layer():
    assert [(layer.name, layer.kind) for layer in find_layers(nn.Conv2d(1, 2, 3))] == [("conv2d", "Conv2d")]
    assert [layer.name for layer in find_layers(Dense(2, name="alone"))] == ["alone"]


def test_a_module_used_twice_is_listed_once():
    shared = nn.ReLU()
    assert len(find_layers(nn.Sequential(nn.Linear(2, 2), shared, nn.Linear(2, 2), shared))) == 3


def test_numbers_count_the_layers_that_the_model_shows():
    inputs = Input((8, 8, 1), name="pixels")
    model = Model(inputs, Flatten(name="flat")(Conv2D(2, 3, name="conv")(inputs)))
    assert find_layer(model, 1).name == "conv"
    assert find_layer(model, -1).name == "flat"
    assert find_layer(torch_network(), 2).name == "2.0"
    assert find_layer(nested(), 0).kind == "Sequential"


def test_a_layer_is_found_by_itself_and_by_the_end_of_its_name():
    model = nested()
    assert find_layer(model, model.layers[1]).name == "flatten"
    assert find_layer(model, find_layers(model)[0]).name == "base.conv"
    assert find_layer(model, "conv").name == "base.conv"
    assert find_layer(torch_network(), "2").kind == "Sequential"


def test_what_is_not_there_is_refused_in_words():
    model = net_c()
    with pytest.raises(UnknownNameError, match=r"no layer called 'conv9'\. Did you mean .*'conv"):
        find_layer(model, "conv9")
    with pytest.raises(ArgumentError, match="there are 8 layers, counted from 0; there is no layer 8"):
        find_layer(model, 8)
    with pytest.raises(ArgumentError, match="this Linear is no layer of the model"):
        find_layer(model, nn.Linear(1, 1))
    with pytest.raises(ArgumentError, match=r"by its name, its number or itself; got float 1\.5"):
        find_layer(model, 1.5)
    with pytest.raises(ArgumentError, match="expected a model or a torch module; got dict"):
        find_layers({})
    inputs = Input((4,), name="numbers")
    with pytest.raises(ArgumentError, match=r"layer 0 is the input 'numbers' itself.*the first .* is 1"):
        find_layer(Model(inputs, Dense(2)(inputs)), 0)
