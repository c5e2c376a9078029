"""Pretrained networks made ready for other classes: they prepare images as their weights want them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.applications import EfficientNetLite0, ResNet18, build_pretrained, preprocess_input, transfer
from striate.applications.choose import build
from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Conv2D, GlobalAveragePooling2D, Input
from striate.models import Model
from striate.models.saving import load
from tests.reference.imagenet_networks import TorchResNet, lite_state, spread

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def resnet_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(spread(TorchResNet((2, 2, 2, 2), False)).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def lite_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "lite0.pth"
    torch.save(lite_state(torch.Generator().manual_seed(0)), path)
    return path


def features(model):
    """What goes into the new last layer."""
    return Model(model.input, model.get_layer("global_pool").nodes[0].outputs)


@pytest.mark.parametrize(("rescale", "highest"), [(1 / 255, 255), (None, 1)])
def test_pixels_are_prepared_as_the_weights_want_them(resnet_file, rescale, highest):
    model = build_pretrained("resnet18", (48, 64, 3), 4, rescale, resnet_file)
    base = ResNet18(include_top=False, pooling="avg", weights=resnet_file)
    wanted = base(preprocess_input(PIXELS, mode="torch")).numpy()
    found = features(model)(PIXELS.astype(np.float32) * (highest / 255)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
    assert model(PIXELS.astype(np.float32)).shape == (2, 4)
    assert model.layers[-1].name == transfer.HEAD


def test_efficientnet_lite_has_a_preparation_of_its_own(lite_file):
    model = build("efficientnet_lite0", (48, 64, 3), 4, 1 / 255, weights=lite_file)
    base = EfficientNetLite0(include_top=False, pooling="avg", weights=lite_file)
    wanted = base(preprocess_input(PIXELS, mode="lite")).numpy()
    np.testing.assert_allclose(features(model)(PIXELS).numpy(), wanted, rtol=1e-3, atol=1e-4)


def test_kerass_weights_see_blue_green_red_though_pixels_come_in_red_green_blue(tmp_path, monkeypatch):
    h5py = pytest.importorskip("h5py")

    def tiny(include_top, weights, input_tensor=None, pooling=None):
        inputs = Input((48, 64, 3)) if input_tensor is None else input_tensor
        outputs = GlobalAveragePooling2D(name="global_pool")(Conv2D(5, 3, name="conv")(inputs))
        model = Model(inputs, outputs)
        with h5py.File(weights) as file:
            model.set_weights([file["conv/kernel:0"][()], file["conv/bias:0"][()]])
        return model

    generator = np.random.default_rng(1)
    with h5py.File(tmp_path / "tiny.h5", "w") as file:
        file.attrs["layer_names"] = [b"conv"]
        file["conv/kernel:0"] = generator.normal(size=(3, 3, 3, 5)).astype(np.float32)
        file["conv/bias:0"] = np.ones(5, np.float32)
        file["conv"].attrs["weight_names"] = [b"kernel:0", b"bias:0"]
    monkeypatch.setitem(transfer.PRETRAINED, "vgg16", transfer.Pretrained(tiny, "torch", "conv"))
    model = build_pretrained("vgg16", (48, 64, 3), 2, 1 / 255, tmp_path / "tiny.h5")
    wanted = tiny(False, tmp_path / "tiny.h5")(preprocess_input(PIXELS, mode="caffe")).numpy()
    np.testing.assert_allclose(features(model)(PIXELS).numpy(), wanted, rtol=1e-3, atol=1e-2)


def test_grey_images_go_in_three_times(resnet_file):
    model = build_pretrained("resnet18", (48, 64, 1), 2, 1 / 255, resnet_file)
    colour = build_pretrained("resnet18", (48, 64, 3), 2, 1 / 255, resnet_file)
    grey = PIXELS[..., :1]
    np.testing.assert_array_equal(
        features(model)(grey).numpy(), features(colour)(np.repeat(grey, 3, axis=-1)).numpy()
    )


def test_it_comes_back_from_a_file(resnet_file, tmp_path):
    model = build_pretrained("resnet18", (48, 64, 1), 2, 1 / 255, resnet_file)
    model.save(tmp_path / "model.striate")
    grey = PIXELS[..., :1]
    np.testing.assert_array_equal(load(tmp_path / "model.striate")(grey).numpy(), model(grey).numpy())


def test_what_cannot_be_had_is_refused(resnet_file):
    with pytest.raises(
        ArgumentError, match=r"no pretrained weights for 'net_c'; there are for vgg16, vgg19, r"
    ):
        build("net_c", (48, 64, 3), 2, weights="imagenet")
    with pytest.raises(ShapeError, match=r"resnet18 takes grey or colour images, of 1 or 3 channels; got"):
        build_pretrained("resnet18", (48, 64, 4), 2, weights=resnet_file)
    with pytest.raises(ShapeError, match=r"resnet18 needs at least 32 pixels a side; got \(28, 28, 1\)"):
        build_pretrained("resnet18", (28, 28, 1), 2, weights=resnet_file)
    with pytest.raises(ArgumentError, match="resnet18 takes classes as a whole number, at least 2; got 1"):
        build_pretrained("resnet18", (48, 64, 3), 1, weights=resnet_file)
