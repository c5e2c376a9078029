"""Examples beside their copies: the original untouched, every copy with draws of its own."""

from __future__ import annotations

import numpy as np
import pytest

from striate.augment import Augment, RandomBrightness, RandomNoise
from striate.core.errors import DataError
from striate.visualize.augmented_copies import show_augmented
from striate.visualize.base import ImagePanel, LinePanel

IMAGES = np.random.default_rng(0).integers(60, 180, (2, 8, 8, 3), dtype=np.uint8)


def test_each_row_begins_with_an_original_and_goes_on_with_different_copies():
    found = show_augmented(IMAGES, Augment(RandomBrightness(0.4)), copies=3, names=["a.png", "b.png"])
    assert found.columns == 4
    assert [panel.title for panel in found.panels[:4]] == ["original", "copy 1", "copy 2", "copy 3"]
    assert [found.panels[0].note, found.panels[1].note, found.panels[4].note] == ["a.png", "", "b.png"]
    assert np.array_equal(found.panels[4].pixels, IMAGES[1])
    shades = {float(panel.pixels.mean()) for panel in found.panels[:4]}
    assert len(shades) == 4
    assert "brightness" in found.caption


def test_the_same_seed_draws_the_same_copies():
    first, again, other = (
        show_augmented(IMAGES, Augment(RandomBrightness(0.4)), copies=1, seed=seed).panels[1].pixels
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nothing_is_changed_without_an_augmentation():
    found = show_augmented(IMAGES, None, copies=1)
    assert np.array_equal(found.panels[0].pixels, found.panels[1].pixels)
    assert found.caption == "Nothing is changed: every epoch sees the examples as they are."


def test_signals_are_lines_on_their_own_axis():
    signals = np.random.default_rng(0).normal(size=(1, 12, 2)).astype(np.float32)
    panel = show_augmented(signals, Augment(RandomNoise(0.1)), 1, steps=np.arange(400.0, 412)).panels[1]
    assert isinstance(panel, LinePanel)
    assert panel.lines[1].x[0] == 400


def test_signals_of_one_row_share_their_vertical_axis():
    signals = np.stack([np.linspace(0, 1, 12), np.linspace(0, 50, 12)])[..., None].astype(np.float32)
    panels = show_augmented(signals, Augment(RandomNoise(0.1)), 2).panels
    for row in (panels[:3], panels[3:]):
        low, high = row[0].y_limits
        assert {panel.y_limits for panel in row} == {(low, high)}
        assert low == min(panel.lines[0].y.min() for panel in row)
        assert high == max(panel.lines[0].y.max() for panel in row)
    assert panels[0].y_limits[1] < 5 < panels[3].y_limits[1]


def test_of_many_bands_the_first_is_shown_stretched_and_that_is_said():
    bands = np.full((1, 4, 4, 6), 200, np.uint8)
    bands[..., 0] = np.arange(10, 26).reshape(4, 4)
    found = show_augmented(bands, None, 1)
    assert isinstance(found.panels[0], ImagePanel)
    assert found.panels[0].pixels.shape == (4, 4, 1)
    assert (found.panels[0].pixels.min(), found.panels[0].pixels.max()) == (0, 1)
    assert found.caption.endswith(" Of the 6 bands the first is shown, stretched over its range in each row.")
    flat = show_augmented(np.zeros((1, 4, 4, 2), np.uint8), None, 1).panels[0]
    assert (flat.pixels == 0.5).all()


def test_examples_of_other_axes_are_refused():
    with pytest.raises(DataError, match=r"examples to change are images .* got \(8, 8\)"):
        show_augmented(np.zeros((8, 8)), None)
