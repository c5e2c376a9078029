"""Resizing and cropping of images against plain loops, their gradients and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.resizing import resized


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("size", [(3, 4), (9, 12), (5, 7), (1, 1), (12, 2)])
def test_a_new_pixel_is_a_weighted_mean_of_old_ones(size, interpolation, antialias):
    images = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    layer = layers.Resizing(*size, interpolation, antialias=antialias)
    wanted = resized(images, size, interpolation, antialias)
    assert largest_difference(layer(images), wanted) < 1e-5


def test_channels_can_come_first():
    images = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    for kind in (layers.Resizing, layers.CenterCrop):
        wanted = np.moveaxis(kind(4, 3)(images).numpy(), -1, 1)
        layer = kind(4, 3, data_format="channels_first")
        np.testing.assert_allclose(layer(np.moveaxis(images, -1, 1)), wanted, rtol=1e-5, atol=1e-6)
        assert layer.compute_output_shape((None, 3, None, None)) == (None, 3, 4, 3)


def test_proportions_are_kept_by_cutting_the_middle_out():
    images = np.random.default_rng(0).normal(size=(1, 4, 10, 1)).astype(np.float32)
    outputs = layers.Resizing(2, 2, crop_to_aspect_ratio=True)(images)
    assert largest_difference(outputs, resized(images[:, :, 3:7], (2, 2), "bilinear")) < 1e-5


@pytest.mark.parametrize(("shape", "border"), [((2, 6), (2, 0)), ((6, 2), (0, 2)), ((6, 6), (0, 0))])
def test_proportions_are_kept_by_a_border(shape, border):
    images = np.random.default_rng(0).normal(size=(1, *shape, 1)).astype(np.float32)
    outputs = layers.Resizing(3, 3, pad_to_aspect_ratio=True, fill_value=7)(images)
    padded = np.pad(images, [(0, 0), *((steps, steps) for steps in border), (0, 0)], constant_values=7)
    assert largest_difference(outputs, resized(padded, (3, 3), "bilinear")) < 1e-5


def test_whole_numbers_stay_whole_and_in_their_range():
    images = np.array([[0, 255, 0, 255]], np.uint8).reshape(1, 1, 4, 1)
    outputs = layers.Resizing(1, 8, "bicubic")(images)
    assert outputs.dtype == torch.uint8
    wanted = resized(images.astype(np.float64), (1, 8), "bicubic").round().clip(0, 255)
    np.testing.assert_array_equal(outputs, wanted)


@pytest.mark.parametrize(("interpolation", "antialias"), [("bilinear", True), ("bicubic", False)])
def test_the_gradient_is_that_of_finite_differences(interpolation, antialias):
    layer = layers.Resizing(3, 5, interpolation, antialias=antialias, dtype="float64")
    assert gradients_are_right(layer, torch.randn(1, 4, 4, 2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("size", "first"), [((2, 2), (1, 1)), ((3, 4), (0, 0)), ((4, 5), (0, 0)), ((1, 3), (1, 1))]
)
def test_the_middle_is_cut_out(size, first):
    images = np.arange(40, dtype=np.float32).reshape(1, 4, 5, 2)
    top, left = first
    wanted = images[:, top : top + size[0], left : left + size[1]]
    np.testing.assert_array_equal(layers.CenterCrop(*size)(images), wanted)


def test_an_image_too_small_is_cut_to_proportions_and_enlarged():
    images = np.random.default_rng(0).normal(size=(1, 4, 8, 1)).astype(np.float32)
    wanted = resized(images[:, :, 2:6], (6, 6), "bilinear")
    assert largest_difference(layers.CenterCrop(6, 6)(images), wanted) < 1e-5


def test_two_ways_to_keep_proportions_are_refused():
    with pytest.raises(
        ArgumentError, match=r"by crop_to_aspect_ratio or by pad_to_aspect_ratio, not by both"
    ):
        layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"interpolation": "area"}, r"interpolation must be one of 'nearest', .*; got 'area'"),
        ({"fill_mode": "reflect"}, r"fill_mode must be one of 'constant'; got 'reflect'"),
        ({"height": 0}, r"height takes one whole number, at least 1; got 0"),
    ],
)
def test_arguments_that_cannot_work_are_refused(arguments, text):
    with pytest.raises(ArgumentError, match=text):
        layers.Resizing(**{"height": 3, "width": 3, **arguments})
