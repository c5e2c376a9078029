from __future__ import annotations

import numpy as np
import pytest

from striate.augment import example_keys, preset
from striate.augment.base import SignalChange
from striate.core.errors import UnknownNameError


@pytest.mark.parametrize("name", ["light", "standard", "strong"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (40, 33, 4), (1, 1, 3)])
def test_images_of_any_kind_can_be_changed(name, shape):
    augment = preset(name, "image", shape)
    images = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    changed = augment(images, example_keys(0, 0, np.arange(5)))
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
