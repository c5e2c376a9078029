"""Schedules by name and from configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.core.registry import Registry
from striate.optimizers.schedules.base import LearningRateSchedule
from striate.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from striate.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

_FAMILY: tuple[type[LearningRateSchedule], ...] = (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

SCHEDULES = Registry("learning rate schedule", lambda: {member.__name__: member for member in _FAMILY})


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Turn a schedule into the config from which `deserialize` makes it anew."""
    return SCHEDULES.serialize(learning_rate_schedule)


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> LearningRateSchedule:
    """Make a schedule from what `serialize` returned.

    Raises:
        UnknownNameError: a class that is not known.
    """
    return SCHEDULES.get(config, custom_objects)
