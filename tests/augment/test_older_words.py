from __future__ import annotations

import numpy as np
import pytest

from striate.augment import (
    Augment,
    Chance,
    RandomChannelShift,
    RandomExposure,
    RandomFlip,
    RandomRotation,
    RandomShearAngle,
    RandomSideShift,
    RandomZoom,
    example_keys,
)
from striate.augment.older_words import changes_from_words
from striate.core.errors import ArgumentError

KEYS = example_keys(0, 0, np.arange(500))
IMAGE = np.arange(1, 13, dtype=np.uint8).reshape(1, 3, 4, 1)


def test_words_become_changes_in_the_older_class_s_order():
    found = changes_from_words(
        {
            "horizontal_flip": True,
            "vertical_flip": True,
            "rotation_range": 36,
            "width_shift_range": 0.2,
            "height_shift_range": 3,
            "shear_range": 10,
            "zoom_range": 0.2,
            "brightness_range": (0.5, 1.5),
            "channel_shift_range": 20.0,
        }
    )
    assert repr(found) == repr(
        [
            RandomRotation(0.1),
            RandomSideShift(3, 0.2),
            RandomShearAngle(10),
            RandomZoom((-0.2, 0.2), (-0.2, 0.2)),
            RandomFlip("horizontal"),
            RandomFlip("vertical"),
            RandomChannelShift(20.0),
            RandomExposure((0.5, 1.5)),
        ]
    )


def test_words_that_say_nothing_make_no_change():
    nothing = {"rotation_range": 0, "width_shift_range": 0.0, "zoom_range": 0, "horizontal_flip": False}
    assert changes_from_words({**nothing, "brightness_range": None, "channel_shift_range": 0}) == []


def test_two_numbers_of_zoom_are_how_much_is_seen():
    (zoom,) = changes_from_words({"zoom_range": [0.8, 1.1]})
    drawn = zoom.draw(Chance(KEYS, 0), (3, 4, 1))
    for axis in ("height", "width"):
        assert 0.8 <= drawn[axis].min() < 0.81
        assert 1.09 < drawn[axis].max() <= 1.1


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, {-2, -1, 0, 1, 2}),
        ([4, 7], {-4, -7, 4, 7}),
        ([0.1, 0.2], {-10, -20, 10, 20}),
    ],
)
def test_whole_shifts_and_lists_give_whole_pixels(value, wanted):
    drawn = RandomSideShift(value, 0.0).draw(Chance(KEYS, 0), (100, 50, 1))
    assert set(np.round(drawn["down"], 9)) == wanted
    assert (drawn["right"] == 0).all()


@pytest.mark.parametrize(("value", "most"), [(0.2, 10.0), (2.5, 2.5), (1.0, 1.0)])
def test_floats_are_fractions_below_one_and_pixels_from_one_up(value, most):
    right = RandomSideShift(0.0, value).draw(Chance(KEYS, 0), (100, 50, 1))["right"]
    assert -most <= right.min() < -0.95 * most
    assert 0.95 * most < right.max() <= most


def test_a_slant_by_an_angle_shortens_rows_and_keeps_the_middle():
    matrices = RandomShearAngle((30, 30)).matrices({"angle": np.deg2rad([30.0])}, (11, 21, 1))
    places = matrices[0] @ np.array([[10, 5, 1], [20, 5, 1], [10, 0, 1]]).T
    np.testing.assert_allclose(places[:2].T, [[10, 5], [10 + 10 * 3**0.5 / 2, 0], [10, 0]], atol=1e-12)


def test_exposure_multiplies_from_the_bottom_of_the_range():
    lighter = Augment(RandomExposure((1.5, 1.5)))(IMAGE * 20, KEYS[:1])
    np.testing.assert_array_equal(lighter, np.minimum(IMAGE.astype(int) * 30, 255))
    floats = np.array([-1.0, 0.0, 1.0], np.float32).reshape(1, 1, 3, 1)
    darker = Augment(RandomExposure((0.5, 0.5), (-1, 1)))(floats, KEYS[:1])
    np.testing.assert_allclose(darker.ravel(), [-1.0, -0.5, 0.0], atol=1e-6)


def test_a_channel_shift_adds_one_number_everywhere():
    images = np.full((500, 2, 2, 3), 100, np.uint8)
    shifted = Augment(channel_shift_range=30)(images, KEYS).astype(int) - 100
    assert (shifted == shifted[:, :1, :1, :1]).all()
    assert (shifted.min(), shifted.max()) == (-30, 30)


def test_fill_mode_and_cval_say_what_lies_outside():
    augment = Augment(width_shift_range=[4], fill_mode="constant", cval=9)
    assert (augment(IMAGE, KEYS[:1]) == 9).all()
    assert (augment.fill_mode, augment.fill_value) == ("constant", 9)


def test_what_comes_last_makes_floats():
    augment = Augment(rescale=0.5, preprocessing_function=lambda image: image + 1)
    finished = augment(IMAGE, KEYS[:1])
    assert finished.dtype == np.float32
    np.testing.assert_allclose(finished, (IMAGE.astype(float) + 1) / 2)


def test_each_example_can_be_centred_and_brought_to_unit_spread():
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    augment = Augment(samplewise_center=True, samplewise_std_normalization=True)
    finished = augment(images, KEYS[:4])
    np.testing.assert_allclose(finished.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(finished.std(axis=(1, 2, 3)), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda: Augment(rotaton_range=3),
            "Augment has no argument 'rotaton_range'. Did you mean 'rotation_range'",
        ),
        (lambda: Augment(zoom_range="x"), "Augment: zoom_range is a number, or two numbers"),
        (lambda: RandomSideShift("a"), "RandomSideShift: height_shift is a number, or a list of pixels"),
        (lambda: RandomSideShift(0, []), "RandomSideShift: width_shift is a number, or a list of pixels"),
        (lambda: RandomExposure(0.5), "RandomExposure: factor is two numbers to multiply by; got 0.5"),
        (
            lambda: Augment(preprocessing_function=lambda image: image[:1])(IMAGE, KEYS[:1]),
            r"preprocessing_function must keep an image's shape \(3, 4, 1\); it made \(1, 4, 1\)",
        ),
        (
            lambda: Augment(preprocessing_function=np.sqrt).get_config(),
            "a preprocessing_function cannot be written to a file",
        ),
    ],
)
def test_mistakes_are_answered_in_words(run, message):
    with pytest.raises(ArgumentError, match=message):
        run()
