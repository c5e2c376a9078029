from __future__ import annotations

import numpy as np
import pytest

from striate import augment
from striate.augment import example_keys, preset
from striate.augment.base import SignalChange
from striate.core.errors import UnknownNameError


@pytest.mark.parametrize("name", ["light", "standard", "strong"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (40, 33, 4), (1, 1, 3)])
def test_images_of_any_kind_can_be_changed(name, shape):
    made = preset(name, "image", shape)
    images = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    changed = made(images, example_keys(0, 0, np.arange(5)))
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)


@pytest.mark.parametrize(
    ("shape", "flips"),
    [((28, 28, 1), False), ((64, 64, 1), False), ((16, 32, 3), False), ((32, 32, 3), True)],
)
def test_only_coloured_images_that_are_not_tiny_are_flipped_and_it_is_said(shape, flips):
    for name in ("light", "standard", "strong"):
        assert ("flips left-right" in preset(name, "image", shape).describe()) == flips


def test_standard_is_flip_rotation_shift_zoom_brightness_and_contrast():
    assert preset("standard", "image", (32, 32, 3)).describe() == (
        "flips left-right; turns -10.8° to 10.8°; shifts up to 10%; zooms 90% to 110%; "
        "brightness -10% to +10%; contrast 80% to 120%"
    )


def test_signals_get_changes_of_signals():
    for name in ("light", "standard", "strong"):
        changes = preset(name, "signal", (64, 2)).changes
        assert changes
        assert all(isinstance(change, SignalChange) for change in changes)


def test_none_is_no_augmentation():
    assert preset("none", "image", (28, 28, 1)) is None
    assert preset("none", "signal", (28, 1)) is None


def test_unknown_names_get_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"no augmentation preset called 'standart'. Did you mean 'standard'"
    ):
        preset("standart", "image", (28, 28, 1))
    with pytest.raises(UnknownNameError, match=r"no kind of data called 'images'. Did you mean 'image'"):
        preset("light", "images", (28, 28, 1))


def test_every_change_says_what_it_does_in_words():
    made = augment.Augment(
        augment.RandomInvert(0.25),
        augment.RandomGrayscale(0.1),
        augment.RandomHue(0.5),
        augment.RandomSaturation((0.4, 0.6)),
        augment.RandomPosterization((4, 8)),
        augment.RandomColorJitter(brightness_factor=0.1),
        augment.RandomErasing((0.5, 0.5), (0.02, 0.2)),
        augment.MixUp(),
        augment.CutMix(),
    )
    assert made.describe() == (
        "inverts 0% to 25% of images; takes the colour out of 10% of images; turns the hue by up to 90°; "
        "saturation 67% to 150%; keeps 4 to 8 bits of each value; brightness -10% to +10%; "
        "erases 2% to 20% of 50% of images; adds pairs of examples (MixUp); "
        "puts a part of one example into another (CutMix)"
    )
    assert augment.RandomSaturation((0.5, 1.0)).describe() == "saturation from 100%"
    assert augment.RandomColorJitter().describe() == "no change of colour"
