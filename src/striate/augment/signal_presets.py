"""Changes to signals by strength."""

from __future__ import annotations

from striate.augment.base import SignalChange
from striate.augment.signal import (
    RandomBaselineDrift,
    RandomCutout,
    RandomNoise,
    RandomScale,
    RandomShift,
    RandomTimeWarp,
)
from striate.core.shapes import check_choice


def signal_preset(name: str, shape: tuple[int, ...]) -> tuple[SignalChange, ...]:
    """Choose changes for signals by strength: 'none', 'light', 'standard' or 'strong'.

    `shape` is that of one example, (steps, channels). On fewer than 8 steps nothing is shifted,
    warped or cut out, as there every step has a meaning of its own.

    Raises:
        ArgumentError: another name.

    >>> [type(change).__name__ for change in signal_preset("light", (50, 1))]
    ['RandomShift', 'RandomScale', 'RandomNoise']
    """
    check_choice(name, ("none", "light", "standard", "strong"), "augment")
    along: dict[str, tuple[SignalChange, ...]] = {
        "none": (),
        "light": (RandomShift(0.02),),
        "standard": (RandomShift(0.05), RandomTimeWarp(0.1)),
        "strong": (RandomShift(0.1), RandomTimeWarp(0.25), RandomCutout(0.15)),
    }
    values: dict[str, tuple[SignalChange, ...]] = {
        "none": (),
        "light": (RandomScale(0.05), RandomNoise(0.02)),
        "standard": (RandomScale(0.1), RandomBaselineDrift(0.1), RandomNoise(0.05)),
        "strong": (RandomScale(0.2), RandomBaselineDrift(0.25), RandomNoise(0.1)),
    }
    return (along[name] if shape[0] >= 8 else ()) + values[name]
