"""A plain torch module as a layer."""

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.layers import Input, TorchModule


def test_a_channels_first_convolution_gives_what_torch_gives():
    module = nn.Conv2d(3, 5, 3, stride=2)
    images = torch.randn(2, 9, 9, 3, requires_grad=True)
    outputs = TorchModule(module, data_format="channels_first")(images)
    wanted = module(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    torch.testing.assert_close(outputs, wanted)
    assert outputs.shape == (2, 4, 4, 5)


def test_its_shape_is_found_by_trying():
    layer = TorchModule(nn.Conv1d(3, 5, 3), data_format="channels_first")
    assert layer(Input((9, 3))).shape == (None, 7, 5)


def test_vectors_are_not_turned():
    module = nn.Linear(4, 3)
    vectors = np.ones((2, 4), np.float32)
    wanted = module(torch.ones(2, 4))
    assert torch.equal(TorchModule(module, data_format="channels_first")(vectors), wanted)
    assert torch.equal(TorchModule(module)(vectors), wanted)


def test_maps_that_become_vectors_are_not_turned_back():
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    layer = TorchModule(module, data_format="channels_first")
    images = np.arange(24, dtype=np.float32).reshape(1, 2, 4, 3)
    np.testing.assert_allclose(layer(images), images.mean((1, 2)))


def test_it_is_born_in_inference_and_told_when_to_train():
    layer = TorchModule(nn.Dropout(0.5))
    ones = np.ones(1000, np.float32)
    assert not layer.module.training
    assert (layer(ones) == 1).all()
    assert (layer(ones, training=True) == 0).any()


def test_its_weights_can_be_frozen_got_and_set():
    layer = TorchModule(nn.Linear(4, 3), trainable=False)
    assert layer.trainable_weights == []
    layer.set_weights([np.ones((3, 4)), np.zeros(3)])
    assert layer(np.ones((1, 4))).tolist() == [[4, 4, 4]]


def test_what_is_no_torch_module_is_refused():
    with pytest.raises(ArgumentError, match=r"TorchModule takes a torch\.nn\.Module; got function\."):
        TorchModule(lambda values: values)


def test_a_config_is_refused_with_what_to_do():
    layer = TorchModule(nn.Linear(4, 3), name="t")
    with pytest.raises(
        ArgumentError, match=r"layer 't' \(TorchModule\) holds a Linear, whose code cannot be saved\."
    ):
        layer.get_config()
