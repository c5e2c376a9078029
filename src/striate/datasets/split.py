"""Cutting a part off the examples so that every class keeps its share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from striate.core.errors import ArgumentError, LabelError


def stratified_split(
    labels: np.ndarray, fraction: float, seed: int, class_names: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the places of examples to keep and of those to hold back, each class in the same shares.

    Shape:
        labels: (examples,)
        out: the places kept and the places held back, each in rising order; `fraction` of the
            examples is held back, from 0 to 1 without the ends

    Raises:
        ArgumentError: a fraction or seed that cannot work, or parts too small for one example
            of each class.
        LabelError: a class with a single example, by name.
    """
    from sklearn.model_selection import StratifiedShuffleSplit

    y = np.asarray(labels).reshape(-1)
    if not 0 < fraction < 1:
        raise ArgumentError(f"the fraction to hold back lies between 0 and 1, as 0.2; got {fraction}.")
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**32:
        raise ArgumentError(f"seed must be a whole number from 0 to {2**32 - 1}; got {seed!r}.")
    if len(y) == 0:
        raise ArgumentError("there are no examples to split.")
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < 2:
        alone = _class_name(classes[counts.argmin()], class_names)
        raise LabelError(
            f"class {alone} has a single example, which cannot stand in both parts. "
            "Add examples, or leave it out."
        )
    held = math.ceil(fraction * len(y))
    smaller = min(held, len(y) - held)
    if smaller < len(classes):
        raise ArgumentError(
            f"holding back {fraction} of {len(y)} examples leaves a part of {smaller}, fewer than the "
            f"{len(classes)} classes. Choose another fraction, or add examples."
        )
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=held, random_state=int(seed))
    kept_places, held_places = next(splitter.split(np.empty((len(y), 0)), y))
    return np.sort(kept_places), np.sort(held_places)


def check_classes_present(labels: np.ndarray, class_names: Sequence[str]) -> None:
    """Make sure that every class has an example to learn from.

    Raises:
        LabelError: classes without one, by name.
    """
    present = set(np.unique(labels).tolist())
    missing = [name for place, name in enumerate(class_names) if place not in present]
    if missing:
        shown = ", ".join(map(repr, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise LabelError(
            f"{len(missing)} of {len(class_names)} classes have no example in the training part: {shown}. "
            "Shuffle before splitting, add examples, or leave these classes out."
        )


def _class_name(label: object, class_names: Sequence[str] | None) -> str:
    if class_names is not None and isinstance(label, np.integer) and 0 <= int(label) < len(class_names):
        return repr(class_names[int(label)])
    return str(label)
