from __future__ import annotations

import numpy as np
import pytest

from striate.augment import Augment, RandomInvert, RandomRotation, preset
from striate.core.errors import ArgumentError, ShapeError

GREY = np.full((10, 12, 1), 40, np.uint8)


def tile(sheet, row, column, width, height):
    """The pixels of one picture on the sheet, whose gaps are 8 wide."""
    left, top = 8 + column * (width + 8), 8 + row * (height + 8)
    return np.asarray(sheet)[top : top + height, left : left + width]


def test_the_original_stands_first_and_copies_beside_it():
    sheet = Augment(RandomInvert((1, 1))).preview(GREY, copies=8)
    assert sheet.size == (3 * (96 + 8) + 8, 3 * (80 + 8) + 8)
    assert (tile(sheet, 0, 0, 96, 80) == 40).all()
    for number in range(1, 9):
        assert (tile(sheet, *divmod(number, 3), 96, 80) == 215).all()


def test_the_original_has_a_frame():
    assert np.asarray(Augment().preview(GREY, copies=1))[5, 5].tolist() == [0, 0, 0]


def test_the_same_seed_draws_the_same_sheet():
    image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    augment = Augment(RandomRotation(0.2))
    first, again, other = (augment.preview(image, 3, seed=seed).tobytes() for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_any_number_of_channels_is_shown(channels):
    sheet = Augment(RandomRotation(0.2)).preview(np.full((8, 8, channels), 90, np.uint8), 2)
    assert (tile(sheet, 0, 0, 96, 96) == 90).all()


def test_floats_are_shown_in_their_own_range():
    sheet = Augment(value_range=(-1, 1)).preview(np.zeros((8, 8, 1), np.float32), 1)
    assert (tile(sheet, 0, 1, 96, 96) == 128).all()


def test_finished_values_are_shown_between_the_lowest_and_the_highest():
    image = np.array([[0, 255]], np.uint8).reshape(1, 2, 1)
    sheet = Augment(rescale=1 / 255).preview(image, 1)
    assert np.unique(tile(sheet, 0, 0, 96, 48)).tolist() == [0, 255]


@pytest.mark.parametrize("steps", [1, 50])
def test_signals_are_drawn_as_lines(steps):
    signal = np.sin(np.arange(2 * steps, dtype=np.float32)).reshape(steps, 2)
    sheet = preset("standard", "signal", (steps, 2)).preview(signal, 3)
    assert sheet.size == (2 * 248 + 8, 2 * 148 + 8)
    colours = {tuple(pixel) for pixel in tile(sheet, 1, 1, 240, 140).reshape(-1, 3).tolist()}
    assert {(31, 119, 180), (255, 127, 14)} & colours


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ArgumentError, match="preview takes a number of copies from 1 up; got 0"):
        Augment().preview(GREY, 0)
    with pytest.raises(
        ShapeError, match=r"preview takes one image .* or one signal .* got shape \(1, 10, 12, 1\)"
    ):
        Augment().preview(GREY[None])
