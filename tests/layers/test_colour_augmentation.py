"""Layers that change light and colour: each against its formula."""

import colorsys

import numpy as np

from striate import layers


def draw(count=12, low=60, high=190, channels=3):
    return np.random.default_rng(0).uniform(low, high, (count, 5, 4, channels)).astype(np.float32)


def changed(layer, images):
    return layer(images, training=True).numpy()


def test_brightness_adds_a_share_of_the_range():
    np.testing.assert_allclose(changed(layers.RandomBrightness((0.1, 0.1)), draw()), draw() + 25.5, rtol=1e-5)
    unit = draw() / 255
    lighter = changed(layers.RandomBrightness((0.9, 0.9), (0, 1)), unit)
    np.testing.assert_allclose(lighter, np.minimum(unit + 0.9, 1), rtol=1e-5)
    deltas = changed(layers.RandomBrightness(0.2), draw()) - draw()
    assert (np.abs(deltas) <= 51.01).all()
    assert np.ptp(deltas, axis=(1, 2, 3)).max() < 1e-3


def test_contrast_multiplies_distances_from_the_channels_mean():
    images = draw(60, 100, 150)
    found, means = changed(layers.RandomContrast((0.5, 0.25)), images), images.mean((1, 2), keepdims=True)
    gains = (found - means) / (images - means)
    assert np.ptp(gains, axis=(1, 2, 3)).max() < 0.05
    assert gains.min() > 0.49
    assert gains.max() < 1.26
    assert gains.min() < 0.65
    assert gains.max() > 1.1


def test_inverting_measures_from_the_other_end():
    np.testing.assert_allclose(changed(layers.RandomInvert((1.0, 1.0)), draw()), 255 - draw(), rtol=1e-5)
    np.testing.assert_allclose(
        changed(layers.RandomInvert((1, 1), value_range=(-1, 1)), draw() / 255), -draw() / 255, atol=1e-5
    )
    some = changed(layers.RandomInvert((0.5, 0.5)), draw(200))
    kept = np.isclose(some, draw(200)).all((1, 2, 3)).mean()
    assert 0.35 < kept < 0.65


def test_grey_is_the_weighted_sum_in_all_channels():
    grey = draw() @ np.array([0.2989, 0.587, 0.114], np.float32)
    found = changed(layers.RandomGrayscale(1.0), draw())
    np.testing.assert_allclose(found, np.repeat(grey[..., None], 3, -1), rtol=1e-3)
    assert np.array_equal(changed(layers.RandomGrayscale(0.0), draw()), draw())


def test_posterization_keeps_the_upper_bits():
    images = draw().astype(np.uint8)
    assert np.array_equal(changed(layers.RandomPosterization((3, 3)), images), images & 0b11100000)


def test_saturation_nought_is_grey_and_a_half_changes_nothing():
    assert np.ptp(changed(layers.RandomSaturation((0.0, 0.0)), draw()), axis=-1).max() < 1.5
    np.testing.assert_allclose(changed(layers.RandomSaturation((0.5, 0.5)), draw()), draw(), atol=1.5)


def test_hue_turns_by_half_the_circle_at_most():
    found = changed(layers.RandomHue((1.0, 1.0)), draw(4)).reshape(-1, 3)
    for before, after in zip(draw(4).reshape(-1, 3), found, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(before / 255))
        wanted = np.array(colorsys.hsv_to_rgb((hue + 0.5) % 1, saturation, value)) * 255
        np.testing.assert_allclose(after, wanted, atol=2.5)


def test_jitter_does_what_is_asked_for_and_no_more():
    images = draw()
    assert np.array_equal(changed(layers.RandomColorJitter(), images), images)
    only = changed(layers.RandomColorJitter(brightness_factor=(0.1, 0.1)), images)
    np.testing.assert_allclose(only, images + 25.5, rtol=1e-5)
    assert np.abs(changed(layers.RandomColorJitter((0, 255), 0.2, 0.2, 0.4, 0.1), images) - images).max() > 1
