from __future__ import annotations

import numpy as np
import pytest

from striate.augment import (
    Augment,
    Chance,
    RandomBrightness,
    RandomColorJitter,
    RandomContrast,
    RandomFlip,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPosterization,
    RandomSaturation,
    example_keys,
)
from striate.core.errors import ArgumentError, ShapeError

KEYS = example_keys(0, 0, np.arange(500))
COLOURS = np.array([[[255, 0, 0], [0, 200, 100], [30, 60, 90], [7, 7, 7]]], np.uint8)[None]


def changed(change, image=COLOURS, keys=KEYS[:1]):
    return Augment(change)(np.repeat(image, len(keys), axis=0), keys)


def test_brightness_adds_a_part_of_the_range_and_stops_at_its_ends():
    assert changed(RandomBrightness((0.2, 0.2)))[0, 0].tolist() == [
        [255, 51, 51], [51, 251, 151], [81, 111, 141], [58, 58, 58]
    ]  # fmt: skip
    assert changed(RandomBrightness((-1, -1))).max() == 0
    floats = np.array([0.0, 0.5, 0.9], np.float32).reshape(1, 1, 1, 3)
    lighter = changed(RandomBrightness((0.2, 0.2), (0, 1)), floats)
    np.testing.assert_allclose(lighter.ravel(), [0.2, 0.7, 1.0], atol=1e-6)


def test_contrast_multiplies_distances_from_each_channels_mean():
    halved = changed(RandomContrast((0.5, 0.0)), keys=KEYS)
    means = COLOURS.reshape(-1, 3).mean(0)
    gain = RandomContrast((0.5, 0.0)).draw(Chance(KEYS, 0), (1, 4, 3))["gain"]
    assert gain.min() == pytest.approx(0.5, abs=0.01)
    assert gain.max() == pytest.approx(1.0, abs=0.01)
    wanted = (COLOURS - means) * gain[:, None, None, None] + means
    np.testing.assert_allclose(halved, wanted, atol=0.51)


def test_inverting_measures_from_the_other_end():
    np.testing.assert_array_equal(changed(RandomInvert((1.0, 1.0))), 255 - COLOURS)
    floats = np.array([[-1.0, 0.25, 1.0]], np.float32).reshape(1, 1, 1, 3)
    np.testing.assert_allclose(changed(RandomInvert((1, 1), (-1, 1)), floats), -floats, atol=1e-6)
    happened = RandomInvert((0.3, 0.3)).draw(Chance(KEYS, 0), (1, 4, 3))["inverted"]
    assert happened.mean() == pytest.approx(0.3, abs=0.06)


def test_greyscale_weighs_the_three_colours_as_the_eye_does():
    grey = changed(RandomGrayscale(1.0))[0, 0]
    assert grey.tolist() == [[76] * 3, [129] * 3, [54] * 3, [7] * 3]
    np.testing.assert_array_equal(changed(RandomGrayscale(0.0)), COLOURS)


def test_a_third_of_the_circle_turns_red_into_green_or_blue():
    red = np.array([255, 0, 0], np.uint8).reshape(1, 1, 1, 3)
    turned = changed(RandomHue((2 / 3, 2 / 3)), red, KEYS)[:, 0, 0]
    found, counts = np.unique(turned, axis=0, return_counts=True)
    assert found.tolist() == [[0, 0, 255], [0, 255, 0]]
    assert counts.min() > 200


def test_saturation_of_a_half_changes_nothing_and_none_is_as_grey_as_its_lightest_colour():
    np.testing.assert_allclose(changed(RandomSaturation((0.5, 0.5))), COLOURS, atol=1)
    paled = changed(RandomSaturation((0.0, 0.0)))
    np.testing.assert_array_equal(paled, np.repeat(COLOURS.max(-1, keepdims=True), 3, axis=-1))
    # 0.6 multiplies by 1.5: 60 of 90 lies a third below the top, now a half.
    stronger = changed(RandomSaturation((0.6, 0.6)))[0, 0, 2]
    np.testing.assert_allclose(stronger, [0, 45, 90], atol=1)


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterization_keeps_the_upper_bits(bits):
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    mask = 256 - 2 ** (8 - bits)
    np.testing.assert_array_equal(changed(RandomPosterization((bits, bits)), levels), levels & mask)
    floats = (levels / 255).astype(np.float32)
    fewer = changed(RandomPosterization((bits, bits), (0, 1)), floats)
    assert len(np.unique(fewer)) == 2**bits


def test_posterization_draws_every_number_of_bits_in_its_range():
    bits = RandomPosterization(3).draw(Chance(KEYS, 0), (4, 4, 1))["bits"]
    assert np.unique(bits).tolist() == [1, 2, 3]


def test_jitter_does_what_its_four_parts_do_in_order():
    factors = {"brightness": (0.1, 0.1), "contrast": (0.0, 0.0), "saturation": (0.4, 0.4), "hue": (0.0, 0.0)}
    jittered = changed(RandomColorJitter(**{f"{name}_factor": value for name, value in factors.items()}))
    parts = Augment(RandomBrightness((0.1, 0.1)), RandomSaturation((0.4, 0.4)))
    np.testing.assert_allclose(jittered, parts(COLOURS, KEYS[:1]), atol=1)


def test_jitter_with_nothing_given_changes_nothing():
    np.testing.assert_array_equal(changed(RandomColorJitter()), COLOURS)


def test_contrast_after_brightness_sees_the_lighter_mean():
    image = np.array([10.0, 30.0], np.float32).reshape(1, 1, 2, 1)
    both = Augment(RandomBrightness((0.1, 0.1)), RandomContrast((0.5, 0.0)))(image, KEYS[:1])
    gain = RandomContrast((0.5, 0.0)).draw(Chance(KEYS[:1], 1), (1, 2, 1))["gain"][0]
    np.testing.assert_allclose(both.ravel(), 45.5 + gain * np.array([-10, 10]), atol=1e-4)


@pytest.mark.parametrize("change", [RandomHue(0.1), RandomSaturation(0.5), RandomGrayscale()])
def test_changes_of_colour_need_three_channels(change):
    message = (
        rf"{type(change).__name__} needs 3 channels \(red, green, blue\); got examples of shape \(4, 4, 1\)"
    )
    with pytest.raises(ShapeError, match=message):
        changed(change, np.zeros((1, 4, 4, 1), np.uint8))
    with pytest.raises(ShapeError, match="RandomHue needs 3 channels"):
        changed(RandomColorJitter(hue_factor=0.1), np.zeros((1, 4, 4, 1), np.uint8))


def test_a_change_of_images_refuses_signals():
    with pytest.raises(ShapeError, match=r"RandomFlip changes images \(height, width, channels\); got"):
        Augment(RandomFlip())(np.zeros((2, 10, 1), np.float32), KEYS[:2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomBrightness(1.5), "RandomBrightness: factor must lie from -1 to 1, both included"),
        (lambda: RandomBrightness(0.1, (1, 0)), "from low to high"),
        (lambda: RandomBrightness(0.1, 255), "RandomBrightness: value_range is two numbers, the lower first"),
        (lambda: RandomContrast(2), "RandomContrast: factor is a number from 0 to 1, or two"),
        (lambda: RandomGrayscale(-1), "RandomGrayscale: factor is a probability from 0 to 1; got -1"),
        (lambda: RandomHue(1.2), "RandomHue: factor must lie from 0 to 1"),
        (lambda: RandomSaturation((-1, 0.5)), "RandomSaturation: factor must lie from 0 to 1"),
        (lambda: RandomInvert(3), "RandomInvert: factor must lie from 0 to 1"),
        (lambda: RandomPosterization(9), "RandomPosterization: factor is a whole number of bits from 1 to 8"),
    ],
)
def test_a_value_that_cannot_work_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_changes_say_what_they_do():
    assert RandomBrightness(0.1).describe() == "brightness -10% to +10%"
    assert RandomContrast((0.2, 0.4)).describe() == "contrast 80% to 140%"
