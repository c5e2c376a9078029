"""ResNet18 and ResNet50: sizes and names, and which form of the two is built."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.applications import ResNet18, ResNet50, resnet50
from striate.applications.resnet import Form, resnet_body
from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Dense, GlobalAveragePooling2D, Input
from striate.models import Model
from tests.reference.imagenet_networks import TorchResNet


def learning(model):
    return sum(weight.numel() for weight in model.trainable_weights)


def test_resnet18_is_torchvisions():
    model = ResNet18()
    assert learning(model) == 11_689_512
    assert ResNet18(include_top=False)(np.zeros((1, 64, 96, 3), np.float32)).shape == (1, 2, 3, 512)


def test_resnet50_is_kerass_unless_told():
    model = ResNet50()
    assert (model.count_params(), learning(model)) == (25_636_712, 25_583_592)
    assert ResNet50(include_top=False).count_params() == 23_587_712
    names = [layer.name for layer in model.layers]
    assert names[1:6] == ["conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu", "pool1_pad"]
    assert {"conv2_block1_0_conv", "conv3_block4_3_bn", "conv5_block3_out"} <= set(names)
    assert names[-2:] == ["avg_pool", "predictions"]
    strides = [model.get_layer(f"conv3_block1_{number}_conv").strides for number in (1, 2, 3)]
    assert strides == [(2, 2), (1, 1), (1, 1)]
    assert resnet50.ResNet50 is ResNet50


def test_torchvisions_form_of_resnet50_has_no_biases_and_steps_in_the_middle():
    model = ResNet50(variant="torchvision")
    assert learning(model) == 25_557_032
    strides = [model.get_layer(f"conv3_block1_{number}_conv").strides for number in (1, 2, 3)]
    assert strides == [(1, 1), (2, 2), (1, 1)]


def test_pooling_ends_in_one_value_a_map():
    assert ResNet18(include_top=False, pooling="avg").output.shape == (None, 512)


def test_the_form_follows_from_the_weights(tmp_path):
    reference = TorchResNet((3, 4, 6, 3), True, classes=1000)
    torch.save(reference.state_dict(), tmp_path / "resnet50.pth")
    path = tmp_path / "resnet50.pth"
    model = ResNet50(weights=path, input_shape=(64, 64, 3), classifier_activation=None)
    assert learning(model) == 25_557_032
    images = np.random.default_rng(0).normal(size=(1, 64, 64, 3)).astype(np.float32)
    with torch.no_grad():
        wanted = reference.eval()(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(model(images).numpy(), wanted, rtol=1e-3, atol=1e-5)


def test_odd_sizes_are_halved_as_torch_halves_them():
    inputs = Input((45, 39, 3))
    outputs = GlobalAveragePooling2D()(resnet_body(inputs, Form((1, 1), True, "torchvision", 4)))
    model = Model(inputs, Dense(2)(outputs))
    reference = TorchResNet((1, 1), True, width=4, classes=2).eval()
    images = np.zeros((1, 45, 39, 3), np.float32)
    body = Model(inputs, model.layers[-3].output)
    assert body(images).shape[1:3] == (6, 5)
    assert reference.layer2(reference.layer1(torch.zeros(1, 4, 12, 10))).shape[2:] == (6, 5)


def test_another_form_and_small_images_are_refused():
    with pytest.raises(ArgumentError, match="variant must be one of 'keras', 'torchvision'; got 'v2'"):
        ResNet50(variant="v2")
    with pytest.raises(ShapeError, match=r"resnet18 needs at least 32 pixels a side; got \(31, 32, 3\)"):
        ResNet18(input_shape=(31, 32, 3))
    with pytest.raises(
        ArgumentError, match=r"resnet18 takes weights=None for random ones, 'imagenet', .*got 7"
    ):
        ResNet18(weights=7)
