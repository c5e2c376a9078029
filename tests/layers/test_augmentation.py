"""Layers that move, turn, cut and cover: fixed settings against NumPy, and Keras's arguments."""

import inspect

import numpy as np
import pytest

from striate import layers

# Keras 3's own order and defaults, so that code written for it means the same here.
KERAS = {
    "RandomFlip": "mode='horizontal_and_vertical', seed=None, data_format=None",
    "RandomRotation": "factor, fill_mode='reflect', interpolation='bilinear', seed=None, fill_value=0.0, "
    "data_format=None",
    "RandomZoom": "height_factor, width_factor=None, fill_mode='reflect', interpolation='bilinear', "
    "seed=None, fill_value=0.0, data_format=None",
    "RandomTranslation": "height_factor, width_factor, fill_mode='reflect', interpolation='bilinear', "
    "seed=None, fill_value=0.0, data_format=None",
    "RandomShear": "x_factor=0.0, y_factor=0.0, interpolation='bilinear', fill_mode='reflect', "
    "fill_value=0.0, data_format=None, seed=None",
    "RandomPerspective": "factor=1.0, scale=1.0, interpolation='bilinear', fill_value=0.0, seed=None, "
    "data_format=None",
    "RandomCrop": "height, width, seed=None, data_format=None, name=None",
    "RandomErasing": "factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255), seed=None, "
    "data_format=None",
    "RandomContrast": "factor, value_range=(0, 255), seed=None",
    "RandomBrightness": "factor, value_range=(0, 255), seed=None",
    "RandomColorJitter": "value_range=(0, 255), brightness_factor=None, contrast_factor=None, "
    "saturation_factor=None, hue_factor=None, seed=None, data_format=None",
    "RandomHue": "factor, value_range=(0, 255), data_format=None, seed=None",
    "RandomSaturation": "factor, value_range=(0, 255), data_format=None, seed=None",
    "RandomPosterization": "factor, value_range=(0, 255), data_format=None, seed=None",
    "RandomGrayscale": "factor=0.5, data_format=None, seed=None",
    "RandomInvert": "factor=1.0, value_range=(0, 255), seed=None, data_format=None",
    "MixUp": "alpha=0.2, data_format=None, seed=None",
    "CutMix": "factor=1.0, seed=None, data_format=None",
}


def draw(count=20, shape=(9, 9, 2)):
    return np.random.default_rng(0).uniform(0, 255, (count, *shape)).astype(np.float32)


def changed(layer, images):
    return layer(images, training=True).numpy()


@pytest.mark.parametrize("name", KERAS)
def test_arguments_are_keras_own_in_order_and_default(name):
    parameters = list(inspect.signature(getattr(layers, name).__init__).parameters.values())[1:-1]
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in parameters]
    assert ", ".join(map(str, plain)) == KERAS[name]


@pytest.mark.parametrize(
    ("mode", "flips"),
    [
        ("horizontal", [(1, 1), (1, -1)]),
        ("vertical", [(1, 1), (-1, 1)]),
        ("horizontal_and_vertical", [(1, 1), (1, -1), (-1, 1), (-1, -1)]),
    ],
)
def test_flips(mode, flips):
    images = draw(60)
    seen = set()
    for image, found in zip(images, changed(layers.RandomFlip(mode), images), strict=True):
        matching = [flip for flip in flips if np.allclose(image[:: flip[0], :: flip[1]], found, atol=1e-3)]
        seen.add(matching[0])
    assert seen == set(flips)


def test_a_quarter_turn_is_counter_clockwise():
    images = draw()
    found = changed(layers.RandomRotation((0.25, 0.25)), images)
    np.testing.assert_allclose(found, np.rot90(images, axes=(1, 2)), atol=0.05)


def test_a_shift_goes_down_and_right():
    images = draw()
    layer = layers.RandomTranslation((1 / 9, 1 / 9), (2 / 9, 2 / 9), fill_mode="constant", fill_value=7.0)
    found = changed(layer, images)
    np.testing.assert_allclose(found[:, 1:, 2:], images[:, :-1, :-2], atol=0.05)
    np.testing.assert_allclose(found[:, 0], 7, atol=0.05)
    np.testing.assert_allclose(found[:, :, :2], 7, atol=0.05)


def test_a_zoom_of_one_shows_the_image_at_half_size():
    images = draw()
    found = changed(layers.RandomZoom((1.0, 1.0), interpolation="nearest", fill_mode="constant"), images)
    np.testing.assert_allclose(found[:, 2:7, 2:7], images[:, ::2, ::2], atol=1e-3)
    np.testing.assert_allclose(found[:, 0], 0)


def test_a_slant_moves_rows_by_their_distance_from_the_middle():
    images = draw()
    layer = layers.RandomShear((0.5, 0.5), interpolation="nearest", fill_mode="wrap")
    for image, found in zip(images, changed(layer, images), strict=True):
        np.testing.assert_allclose(found[4], image[4], atol=1e-3)
        moves = [np.allclose(found[2], np.roll(image[2], step, 0), atol=1e-3) for step in (-1, 1)]
        assert sum(moves) == 1


def test_perspective_moves_corners_and_keeps_what_is_constant():
    images = draw()
    found = changed(layers.RandomPerspective(scale=0.5), images)
    assert np.abs(found - images).mean() > 10
    assert np.array_equal(changed(layers.RandomPerspective(factor=0.0), images), images)


def test_a_crop_is_a_window_of_the_image():
    images = draw()
    found = changed(layers.RandomCrop(4, 6), images)
    places = set()
    for image, window in zip(images, found, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(image, (4, 6, 2))[:, :, 0]
        same = np.argwhere(np.isclose(windows, window, atol=0.05).all((2, 3, 4)))
        places.add(tuple(same[0]))
    assert len(places) > 5


def test_outside_training_a_crop_is_the_middle_brought_to_size():
    images = draw(2, (8, 4, 1))
    found = layers.RandomCrop(2, 2)(images).numpy()
    middle = images[:, 2:6].reshape(2, 2, 2, 2, 2, 1).mean((2, 4))
    np.testing.assert_allclose(found, middle, rtol=1e-5)
    whole = layers.RandomCrop(2, 2)(images.astype(np.uint8))
    assert np.abs(whole.numpy() - middle).max() <= 1.5


def test_erasing_covers_a_rectangle_with_a_value():
    images = draw()
    found = changed(layers.RandomErasing(scale=(0.1, 0.5), fill_value=300.0), images)
    covered = found == 255
    for image, after, mask in zip(images, found, covered, strict=True):
        rows, columns = mask.any((1, 2)), mask.any((0, 2))
        assert mask[np.ix_(rows, columns)].all()
        np.testing.assert_array_equal(after[~mask], image[~mask])
    assert 0.05 < covered.mean() < 0.6
