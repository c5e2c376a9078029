"""The three ways of preparing images for weights of ImageNet, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.applications import vgg16, vgg19
from striate.core.errors import ArgumentError, ShapeError

preprocess_input = vgg16.preprocess_input

# One pixel: red 10, green 20, blue 30.
PIXEL = np.array([[[10, 20, 30]]], np.uint8)


def test_both_networks_are_at_their_own_address():
    assert vgg19.preprocess_input is preprocess_input
    assert (vgg16.VGG16.__name__, vgg19.VGG19.__name__) == ("VGG16", "VGG19")


def test_caffe_turns_the_colours_round_and_takes_off_the_mean_pixel():
    wanted = [[[30 - 103.939, 20 - 116.779, 10 - 123.68]]]
    np.testing.assert_allclose(preprocess_input(PIXEL), wanted, rtol=1e-6)


def test_torch_standardises_shares_of_255():
    wanted = [[[(10 / 255 - 0.485) / 0.229, (20 / 255 - 0.456) / 0.224, (30 / 255 - 0.406) / 0.225]]]
    np.testing.assert_allclose(preprocess_input(PIXEL, mode="torch"), wanted, rtol=1e-5)


def test_lite_runs_from_minus_one_to_one():
    wanted = [[[(10 - 127) / 128, (20 - 127) / 128, (30 - 127) / 128]]]
    np.testing.assert_allclose(preprocess_input(PIXEL, mode="lite"), wanted, rtol=1e-6)


@pytest.mark.parametrize("mode", ["caffe", "torch", "lite"])
def test_channels_first_gives_the_same_values_in_their_places(mode):
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    turned = preprocess_input(np.moveaxis(images, -1, 1), "channels_first", mode)
    np.testing.assert_array_equal(np.moveaxis(turned, 1, -1), preprocess_input(images, mode=mode))


def test_the_input_stays_as_it_was_and_its_kind_comes_back():
    images = np.full((1, 2, 2, 3), 255.0, np.float32)
    assert preprocess_input(images).dtype == np.float32
    assert (images == 255).all()
    assert isinstance(preprocess_input(torch.from_numpy(images)), torch.Tensor)
    assert preprocess_input(PIXEL).dtype == np.float32
    assert preprocess_input(images.astype(np.float64)).dtype == np.float64


def test_grey_images_and_unknown_modes_are_refused():
    with pytest.raises(ShapeError, match=r"\(red, green, blue\), channels last; got \(1, 8, 8, 1\)"):
        preprocess_input(np.zeros((1, 8, 8, 1)))
    with pytest.raises(ArgumentError, match="mode must be one of 'caffe', 'torch', 'lite'; got 'tf'"):
        preprocess_input(PIXEL, mode="tf")
