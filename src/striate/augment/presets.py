"""Augmentations by name, to suit the kind of data."""

from __future__ import annotations

from striate.augment.augment import Augment
from striate.augment.base import Change
from striate.augment.colour_changes import RandomHue, RandomSaturation
from striate.augment.erasing import RandomErasing
from striate.augment.geometric import RandomFlip, RandomRotation, RandomShear, RandomTranslation, RandomZoom
from striate.augment.photometric import RandomBrightness, RandomContrast
from striate.augment.signal_presets import signal_preset
from striate.core.errors import unknown_name

NAMES = ("none", "light", "standard", "strong")
KINDS = ("image", "signal")

# Below this, images tend to show single signs, which a mirror turns into others or into none.
_SIDE_FOR_FLIPS = 32


def preset(name: str, kind: str, shape: tuple[int, ...]) -> Augment | None:
    """Choose the augmentation of this name for examples of this kind and shape; 'none' gives None.

    Images: 'light' shifts and zooms a little; 'standard' adds rotation, brightness and contrast;
    'strong' goes further and adds slant, colour and erased rectangles. Left and right change places
    in all three where images are coloured and at least 32 pixels high and wide: greyscale and small
    ones are often digits or letters, which a mirror would spoil. `describe()` says which it is.

    Shape:
        shape: of one example, (height, width, channels) or (steps, channels).

    Raises:
        UnknownNameError: a name or a kind that is not known.

    >>> preset("light", "image", (28, 28, 1)).describe()
    'shifts up to 5%; zooms 95% to 105%'
    """
    if name not in NAMES:
        raise unknown_name("augmentation preset", name, NAMES)
    if kind not in KINDS:
        raise unknown_name("kind of data", kind, KINDS)
    if name == "none":
        return None
    changes = signal_preset(name, shape) if kind == "signal" else _for_images(name, shape)
    return Augment(*changes)


def _for_images(name: str, shape: tuple[int, ...]) -> tuple[Change, ...]:
    height, width, channels = shape
    flips = channels >= 3 and min(height, width) >= _SIDE_FOR_FLIPS
    turned: tuple[Change, ...] = (RandomFlip("horizontal"),) if flips else ()
    if name == "light":
        return (*turned, RandomTranslation(0.05, 0.05), RandomZoom(0.05))
    if name == "standard":
        return (
            *turned,
            RandomRotation(0.03),
            RandomTranslation(0.1, 0.1),
            RandomZoom(0.1),
            RandomBrightness(0.1),
            RandomContrast(0.2),
        )
    colour = (RandomSaturation((0.35, 0.6)), RandomHue(0.05)) if channels == 3 else ()
    return (
        *turned,
        RandomRotation(0.06),
        RandomTranslation(0.15, 0.15),
        RandomZoom(0.2),
        RandomShear(0.1, 0.1),
        RandomBrightness(0.2),
        RandomContrast(0.4),
        *colour,
        RandomErasing((0.25, 0.25), (0.02, 0.15)),
    )
