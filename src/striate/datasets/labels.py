"""Labels: from what people write down to whole numbers from 0, and to rows with a single one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.core.errors import LabelError
from striate.core.shapes import format_shape


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Turn labels into rows that hold a single 1, at the place of the label.

    Shape:
        in: (...) or (..., 1) whole numbers from 0 to num_classes - 1
        out: (..., num_classes); without `num_classes`, one more than the highest label

    Raises:
        LabelError: no labels to count, or one outside the classes.

    >>> to_categorical([2, 0])
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    labels = np.asarray(x).astype(np.int64)
    shape = labels.shape[:-1] if labels.ndim > 1 and labels.shape[-1] == 1 else labels.shape
    if not num_classes:
        if labels.size == 0:
            raise LabelError("the classes cannot be counted from no labels; give num_classes.")
        num_classes = int(labels.max()) + 1
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise LabelError(f"label {wrong[0]} is outside the {num_classes} classes 0 to {num_classes - 1}.")
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels.reshape(-1)] = 1
    return rows.reshape(*shape, num_classes)


@dataclass(frozen=True, eq=False)
class EncodedLabels:
    """Labels as whole numbers from 0, a part each; the classes' names; what was done, in words."""

    parts: list[np.ndarray]
    class_names: list[str] | None
    note: str


def encode_labels(parts: Sequence[np.ndarray], class_names: Sequence[str] | None = None) -> EncodedLabels:
    """Turn labels as found in files into whole numbers from 0, the same way in all parts.

    Taken are (examples,) and (examples, 1) of numbers or text, and one-hot rows. Numbers that do
    not run from 0 without a gap, and texts, are sorted and numbered; the class names then keep
    what stood there.

    Raises:
        LabelError: labels in another form, several classes at once, or more than there are names.
    """
    flat = [_flatten(np.asarray(part)) for part in parts]
    if len({part.dtype.kind == "U" for part in flat}) > 1:
        raise LabelError("labels are text in one part and numbers in another; make them alike.")
    values = np.unique(np.concatenate(flat))
    if values.dtype.kind == "i" and class_names is not None:
        if len(values) and (values[0] < 0 or values[-1] >= len(class_names)):
            outside = values[0] if values[0] < 0 else values[-1]
            raise LabelError(f"label {outside} has no name among the {len(class_names)} class names.")
        return EncodedLabels([part.astype(np.int64) for part in flat], list(class_names), "")
    if values.dtype.kind == "i" and np.array_equal(values, np.arange(len(values))):
        return EncodedLabels([part.astype(np.int64) for part in flat], None, "")
    names = [str(value) for value in values]
    note = f"labels {names[0]} to {names[-1]} were numbered 0 to {len(names) - 1}"
    if class_names is not None:
        missing = sorted(set(names) - set(class_names))
        if missing:
            raise LabelError(f"label {missing[0]!r} is not among the class names {', '.join(class_names)}.")
        order = {name: place for place, name in enumerate(class_names)}
        places = np.array([order[name] for name in names], np.int64)
        numbered = [places[np.searchsorted(values, part)] for part in flat]
        return EncodedLabels(
            numbered, list(class_names), "labels were numbered in the order of the class names"
        )
    return EncodedLabels([np.searchsorted(values, part).astype(np.int64) for part in flat], names, note)


def _flatten(labels: np.ndarray) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        return _from_one_hot(labels)
    if labels.ndim != 1:
        raise LabelError(
            f"labels have the shape (examples,), (examples, 1) or (examples, classes); "
            f"got {format_shape(labels.shape)}."
        )
    if labels.dtype.kind == "f":
        return _whole_numbers(labels)
    if labels.dtype.kind not in "biuUS":
        raise LabelError(f"labels are numbers or text; got dtype {labels.dtype}.")
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)


def _from_one_hot(rows: np.ndarray) -> np.ndarray:
    good = ((rows == 0) | (rows == 1)).all(axis=1) & (rows != 0).any(axis=1)
    single = good & ((rows != 0).sum(axis=1) == 1)
    if not single.all():
        row = int(np.argmin(single))
        kind = "several classes at once" if good[row] else "no single 1 among zeros"
        raise LabelError(
            f"labels of shape {format_shape(rows.shape)} are read as one-hot rows, but row {row} has {kind}."
        )
    return rows.argmax(axis=1)


def _whole_numbers(labels: np.ndarray) -> np.ndarray:
    wrong = ~np.isfinite(labels) | (labels != np.floor(labels))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise LabelError(f"labels name classes by whole numbers, but row {row} is {labels[row]}.")
    return labels.astype(np.int64)


def several_in_one(class_names: Sequence[str]) -> str:
    """Say that names seem to list several classes each, such as 'cat|dog' beside 'dog'; '' where none does.

    >>> several_in_one(["cat", "cat|dog", "dog"])
    "1 class name lists several classes, such as 'cat|dog': each combination counts as a class of its own"
    """
    listed = {name: [piece.strip() for piece in re.split(r"[|;]", name)] for name in class_names}
    pieces = Counter(piece for parts in listed.values() for piece in set(parts))
    found = [
        name
        for name, parts in listed.items()
        if len(parts) > 1 and all(parts) and any(pieces[piece] > 1 for piece in parts)
    ]
    if not found:
        return ""
    names = "1 class name lists" if len(found) == 1 else f"{len(found)} class names list"
    return f"{names} several classes, such as {found[0]!r}: each combination counts as a class of its own"
