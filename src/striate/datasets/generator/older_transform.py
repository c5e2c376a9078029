"""One change of one image as the older image generator's dict of words, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from striate.augment import (
    Augment,
    Change,
    Draw,
    RandomChannelShift,
    RandomExposure,
    RandomFlip,
    RandomRotation,
    RandomShearAngle,
    RandomSideShift,
    RandomZoom,
)
from striate.augment.base import Parameters
from striate.core.arguments import refuse_unknown

UNCHANGED: Mapping[str, Any] = {
    "theta": 0.0,
    "tx": 0.0,
    "ty": 0.0,
    "shear": 0.0,
    "zx": 1.0,
    "zy": 1.0,
    "flip_horizontal": False,
    "flip_vertical": False,
    "channel_shift_intensity": None,
    "brightness": None,
}


def parameters_of(changes: Sequence[Change], drawn: Sequence[Parameters]) -> dict[str, Any]:
    """Write what was drawn for the first example as a dict of words; those not drawn say "unchanged"."""
    words = dict(UNCHANGED)
    for change, parameters in zip(changes, drawn, strict=True):
        first = {name: values[0].item() for name, values in parameters.items()}
        if isinstance(change, RandomRotation):
            words["theta"] = -float(np.rad2deg(first["angle"]))
        elif isinstance(change, RandomSideShift):
            words["tx"], words["ty"] = -first["down"], -first["right"]
        elif isinstance(change, RandomShearAngle):
            words["shear"] = float(np.rad2deg(first["angle"]))
        elif isinstance(change, RandomZoom):
            words["zx"], words["zy"] = first["height"], first["width"]
        elif isinstance(change, RandomFlip):
            words["flip_horizontal"] |= first["left_right"]
            words["flip_vertical"] |= first["top_bottom"]
        elif isinstance(change, RandomChannelShift):
            words["channel_shift_intensity"] = first["shift"]
        elif isinstance(change, RandomExposure):
            words["brightness"] = first["gain"]
    return words


def transformed(image: np.ndarray, words: Mapping[str, Any], like: Augment) -> np.ndarray:
    """Change one image (height, width, channels) as the words say, filled up as `like` does.

    Shape:
        out: the same, float32.

    Raises:
        ArgumentError: a word that is not known.
    """
    refuse_unknown("apply_transform", words, UNCHANGED)
    given = {**UNCHANGED, **words}
    pairs: list[tuple[Change, dict[str, Any]]] = [
        (RandomRotation(0.0), {"angle": -np.deg2rad(given["theta"])}),
        (RandomSideShift(), {"down": -given["tx"], "right": -given["ty"]}),
        (RandomShearAngle(0.0), {"angle": np.deg2rad(given["shear"])}),
        (RandomZoom(0.0, 0.0), {"height": given["zx"], "width": given["zy"]}),
        (RandomFlip(), {"left_right": given["flip_horizontal"], "top_bottom": given["flip_vertical"]}),
    ]
    if given["channel_shift_intensity"] is not None:
        pairs.append((RandomChannelShift(0.0), {"shift": given["channel_shift_intensity"]}))
    if given["brightness"] is not None:
        pairs.append((RandomExposure((1.0, 1.0)), {"gain": given["brightness"]}))
    augment = Augment(
        *(change for change, _ in pairs),
        fill_mode=like.fill_mode,
        fill_value=like.fill_value,
        interpolation=like.interpolation,
    )
    drawn = tuple({name: np.array([value]) for name, value in parameters.items()} for _, parameters in pairs)
    batch = image[None] if image.dtype == np.uint8 else image[None].astype(np.float32)
    found = augment.apply(batch, Draw(image.shape, np.zeros(1, np.uint64), drawn))
    return np.asarray(found[0], dtype=np.float32)
