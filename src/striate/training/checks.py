"""Mistakes that training would hide, found before or at the first step and answered in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.tree import leaves, map_leaves
from striate.datasets.rows import Rows

# Rows looked at together: enough to be fast, few enough to need little memory.
_ROWS = 4096
# So many values say what range they have.
_LOOKED_AT = 2**20


def check_whole(value: Any, name: str, least: int = 1) -> int:
    """Hand back a whole number that can be used as a count.

    Raises:
        ArgumentError: no whole number, or one below `least`.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < least:
        raise ArgumentError(f"{name} is a whole number from {least} up; got {value!r}.")
    return int(value)


def check_finite(structure: Any, what: str = "the data", begin: int = 0) -> None:
    """Refuse NaN and infinite values from example `begin` on, naming the first example that has them.

    Raises:
        DataError: with the example's number, how many there are, and what to do.
    """
    for leaf in leaves(structure):
        if leaf is None or leaf.ndim == 0 or not _is_floating(leaf):
            continue
        for start in range(begin, len(leaf), _ROWS):
            part = (
                torch.as_tensor(np.asarray(leaf[start : start + _ROWS]))
                if _is_numpy(leaf)
                else leaf[start : start + _ROWS]
            )
            # One sum is several times faster than asking each value; only a suspect part is asked.
            if bool(torch.isfinite(part.sum())):
                continue
            bad = ~torch.isfinite(part.reshape(len(part), -1)).all(dim=1)
            if bool(bad.any()):
                first = start + int(torch.nonzero(bad)[0])
                raise DataError(
                    f"{what} hold NaN or infinite values, first in example {first} (of {len(leaf)}). "
                    "Remove such examples, x[np.isfinite(x).reshape(len(x), -1).all(axis=1)], "
                    "or fill the gaps."
                )


def _is_numpy(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray | Rows)


def _is_floating(leaf: Any) -> bool:
    return leaf.dtype.kind == "f" if _is_numpy(leaf) else leaf.is_floating_point()


def check_answers(forward: Callable[[Any], Any], inputs: Any, answers: torch.Tensor, loss: Any) -> None:
    """Refuse a network whose answer cannot be anything but 1: a softmax over one unit.

    Raises:
        ArgumentError: with the two ways out.
    """
    if (
        "crossentropy" not in getattr(loss, "name", "")
        or getattr(loss, "from_logits", False)
        or answers.ndim < 2
        or answers.shape[-1] != 1
        or not bool((answers == 1).all())
    ):
        return
    # A sigmoid may be at its end for some large inputs; a softmax over one unit says 1 to zeros, too.
    with torch.no_grad():
        to_nothing = forward(map_leaves(torch.zeros_like, inputs))
    if all(bool((leaf == 1).all()) for leaf in leaves(to_nothing) if leaf.shape[-1] == 1):
        raise ArgumentError(
            "the network answers 1 to everything, as a softmax over one unit must. For two classes use "
            "Dense(1, activation='sigmoid') with binary_crossentropy; for more, one unit a class."
        )


def check_logits(answers: torch.Tensor, loss: Any) -> None:
    """Refuse probabilities where the loss takes logits: a softmax would be applied twice.

    Raises:
        ArgumentError: with the two ways out.
    """
    if not getattr(loss, "from_logits", False) or answers.ndim < 2 or answers.shape[-1] < 2:
        return
    values = answers.detach().float()
    # By chance one row of logits could sum to 1; a batch of them could not.
    one_each = bool(((values.sum(-1) - 1).abs() < 1e-3).all())
    if len(values) > 1 and one_each and float(values.min()) >= 0:
        raise ArgumentError(
            "the loss has from_logits=True, but the network already answers with probabilities: each row "
            "sums to 1. Leave out the softmax of the last layer, or from_logits=True."
        )


def check_split_classes(train: Any, held: Any) -> None:
    """Refuse a validation split that leaves whole classes out of the training part.

    Raises:
        LabelError: with the classes that are only in the validation part.
    """
    for kept, taken in zip(leaves(train), leaves(held), strict=True):
        if kept is None or not _counts_classes(kept):
            continue
        known = np.unique(np.asarray(kept))
        missing = np.setdiff1d(np.unique(np.asarray(taken)), known)
        if len(missing) and len(known) + len(missing) <= 1000:
            shown = ", ".join(str(label) for label in missing[:10])
            raise LabelError(
                f"validation_split takes the last examples, and the classes {shown} are only there: the data "
                "are sorted by class. Shuffle data and labels together first, or give validation_data."
            )


def _counts_classes(labels: Any) -> bool:
    whole = labels.dtype.kind in "iu" if _is_numpy(labels) else not labels.is_floating_point()
    return whole and (labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1))


def value_range(structure: Any) -> tuple[float, float] | None:
    """The smallest and the largest value of the first input, from examples spread evenly.

    These are 4,096 at most, and fewer where they are large, down to 64: a look, which must cost nothing.
    """
    leaf = next(leaves(structure), None)
    if leaf is None or len(leaf) == 0 or not hasattr(leaf, "dtype"):
        return None
    rows = min(max(_LOOKED_AT // max(math.prod(leaf.shape[1:]), 1), 64), _ROWS)
    part = leaf[:: max(len(leaf) // rows, 1)]
    return float(part.min()), float(part.max())


def check_range(known: tuple[float, float] | None, structure: Any) -> None:
    """Refuse images at 0..255 for a network trained on 0..1, and the other way round.

    Raises:
        DataError: with what to multiply or divide by.
    """
    found = None if known is None or known[0] < 0 else value_range(structure)
    if known is None or found is None or found[0] < 0:
        return
    trained, seen = f"{known[0]:g} to {known[1]:g}", f"{found[1]:g}"
    way_out = "or set model.input_range = None to go on as it is."
    if 0.5 < known[1] <= 1.5 and 32 < found[1] <= 255:
        raise DataError(
            f"this network was trained on values from {trained}, but these reach {seen}: "
            f"pixels of 0 to 255, it seems. Divide by 255 first, {way_out}"
        )
    fractional = any(_is_floating(leaf) for leaf in leaves(structure))
    if 64 < known[1] <= 255 and 0 < found[1] <= 1 and fractional:
        raise DataError(
            f"this network was trained on values from {trained}, but these end at {seen}: "
            f"pixels of 0 to 1, it seems. Multiply by 255 first, {way_out}"
        )
