from __future__ import annotations

import numpy as np
import pytest

from striate.augment import Augment, RandomFlip, RandomRotation, RandomShear, RandomTranslation, RandomZoom
from striate.augment.keys import Chance, example_keys
from striate.core.errors import ArgumentError

KEYS = example_keys(0, 0, np.arange(400))
# 1 to 12 in three rows of four.
IMAGE = np.arange(1, 13, dtype=np.uint8).reshape(1, 3, 4, 1)


def changed(change, image=IMAGE, keys=KEYS[:1], **options):
    return Augment(change, **options)(np.repeat(image, len(keys), axis=0), keys)


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("horizontal", {(4, 3, 2, 1), (1, 2, 3, 4)}),
        ("vertical", {(9, 10, 11, 12), (1, 2, 3, 4)}),
        ("horizontal_and_vertical", {(1, 2, 3, 4), (4, 3, 2, 1), (9, 10, 11, 12), (12, 11, 10, 9)}),
    ],
)
def test_a_flip_turns_over_each_way_in_half_of_the_images(mode, wanted):
    rows = changed(RandomFlip(mode), keys=KEYS)[:, 0, :, 0]
    found, counts = np.unique(rows, axis=0, return_counts=True)
    assert set(map(tuple, found.tolist())) == wanted
    np.testing.assert_allclose(counts / len(KEYS), 1 / len(wanted), atol=0.08)


def test_a_quarter_turn_goes_counter_clockwise():
    square = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8).reshape(1, 3, 3, 1)
    turned = changed(RandomRotation((0.25, 0.25)), square)[0, :, :, 0]
    np.testing.assert_array_equal(turned, np.rot90(square[0, :, :, 0]))


def test_a_shift_goes_down_and_right_and_the_edge_is_mirrored():
    shifted = changed(RandomTranslation((1 / 3, 1 / 3), (0.25, 0.25)))[0, :, :, 0]
    assert shifted.tolist() == [[1, 1, 2, 3], [1, 1, 2, 3], [5, 5, 6, 7]]


@pytest.mark.parametrize(
    ("mode", "row"),
    [
        ("constant", [7, 7, 1, 2]),
        ("nearest", [1, 1, 1, 2]),
        ("reflect", [2, 1, 1, 2]),
        ("wrap", [3, 4, 1, 2]),
    ],
)
def test_what_lies_outside_is_made_up_as_said(mode, row):
    shift = RandomTranslation(0.0, (0.5, 0.5))
    assert changed(shift, fill_mode=mode, fill_value=7)[0, 0, :, 0].tolist() == row
    own = RandomTranslation(0.0, (0.5, 0.5), fill_mode=mode, fill_value=7)
    assert changed(own)[0, 0, :, 0].tolist() == row


def test_a_zoom_of_minus_a_half_shows_the_middle_twice_as_large():
    image = np.arange(8, dtype=np.float32).reshape(1, 1, 8, 1)
    zoomed = changed(RandomZoom(0.0, (-0.5, -0.5)), image)[0, 0, :, 0]
    np.testing.assert_allclose(zoomed, 3.5 + (np.arange(8) - 3.5) / 2, atol=1e-5)


def test_without_a_width_factor_the_width_follows_the_height():
    drawn = RandomZoom((-0.3, 0.4)).draw(Chance(KEYS, 0), (3, 4, 1))
    np.testing.assert_array_equal(drawn["height"], drawn["width"])
    both = RandomZoom((-0.3, 0.4), (-0.3, 0.4)).draw(Chance(KEYS, 0), (3, 4, 1))
    assert not np.allclose(both["height"], both["width"])


def test_a_slant_shifts_rows_by_their_distance_from_the_middle_one():
    image = np.tile(np.arange(9, dtype=np.float32), (3, 1)).reshape(1, 3, 9, 1)
    slanted = changed(RandomShear((0.5, 0.5)), image)[0, :, 1:-1, 0]
    steps = np.arange(1, 8)
    sign = np.sign(slanted[2, 3] - slanted[0, 3])
    np.testing.assert_allclose(slanted, [steps - sign * 0.5, steps, steps + sign * 0.5], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "names", "low", "high"),
    [
        (RandomRotation((-0.1, 0.2)), ["angle"], -0.2 * np.pi, 0.4 * np.pi),
        (RandomZoom(0.2, 0.2), ["height", "width"], 0.8, 1.2),
        (RandomTranslation((-0.4, 0.1), (-0.4, 0.1)), ["down", "right"], -0.4, 0.1),
        (RandomShear(0.3, 0.3), ["x", "y"], -0.3, 0.3),
    ],
)
def test_draws_fill_their_range(change, names, low, high):
    drawn = change.draw(Chance(KEYS, 0), (3, 4, 1))
    for name in names:
        assert low <= drawn[name].min() < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < drawn[name].max() <= high


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomFlip("sideways"), "RandomFlip: mode must be one of 'horizontal'"),
        (lambda: RandomRotation("a"), "RandomRotation: factor is a number, or two numbers from low to high"),
        (lambda: RandomRotation((0.2, 0.1)), "from low to high; got"),
        (lambda: RandomRotation(0.1, fill_mode="mirror"), "RandomRotation: fill_mode must be one of"),
        (lambda: RandomRotation(0.1, interpolation="cubic"), "RandomRotation: interpolation must be one of"),
        (lambda: RandomZoom(-1.0), "RandomZoom: height_factor must lie above -1; got -1 to 1"),
        (lambda: RandomZoom(0.1, 1.5), "RandomZoom: width_factor must lie above -1"),
        (lambda: RandomShear(1.0), "RandomShear: x_factor must lie from -1 to 1, both excluded"),
    ],
)
def test_a_value_that_cannot_work_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (RandomFlip("vertical"), "flips top-bottom"),
        (RandomRotation(0.05), "turns -18° to 18°"),
        (RandomZoom((-0.5, 0.0)), "zooms 50% to 100%"),
        (RandomTranslation(0.1, (-0.3, 0.2)), "shifts up to 30%"),
        (RandomShear(0.1), "slants up to 10%"),
    ],
)
def test_a_change_says_what_it_does(change, words):
    assert change.describe() == words
