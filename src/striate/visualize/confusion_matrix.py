"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.core.errors import DataError, LabelError
from striate.core.shapes import format_shape
from striate.visualize.base import Matrix

# How many of the most frequent mistakes the caption names.
NAMED_MISTAKES = 3


def count_confusions(
    true: Any, predicted: Any, class_names: Sequence[str] | None = None, title: str = "Confusion matrix"
) -> Matrix:
    """Count which class was answered for which: rows are the true classes, columns the answers.

    The shade of a cell is its share of the row, so that rare classes can be read as well.

    Shape:
        true, predicted: (examples,) or (examples, 1), class numbers from 0.

    Raises:
        DataError: no examples, two lengths, or something else than class numbers.
        LabelError: a number beyond the class names.

    >>> count_confusions([0, 0, 1], [0, 1, 1], ["cat", "dog"]).counts
    array([[1, 1],
           [0, 1]])
    """
    rows, columns = _labels(true, "true"), _labels(predicted, "predicted")
    if len(rows) != len(columns):
        raise DataError(f"there are {len(rows)} true labels but {len(columns)} predicted ones.")
    if len(rows) == 0:
        raise DataError("a confusion matrix needs at least one example; got none.")
    highest = int(max(rows.max(), columns.max()))
    names = tuple(map(str, range(highest + 1) if class_names is None else class_names))
    if highest >= len(names):
        raise LabelError(f"class {highest} has no name: there are {len(names)} class names, counted from 0.")
    size = len(names)
    counts = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)
    totals = counts.sum(axis=1, keepdims=True)
    return Matrix(
        title=title,
        caption=_caption(counts, names),
        counts=counts,
        shares=counts / np.maximum(totals, 1),
        row_label="true class",
        column_label="predicted class",
        row_names=names,
        column_names=names,
    )


def _labels(labels: Any, which: str) -> np.ndarray:
    found = np.asarray(labels)
    if found.size == 0:
        return np.zeros(0, dtype=np.int64)
    if found.ndim == 2 and found.shape[1] > 1:
        raise DataError(
            f"{which} takes one class number an example; got {format_shape(found.shape)}. "
            "The numbers of the highest probabilities are probabilities.argmax(axis=1)."
        )
    if found.ndim not in (1, 2) or found.dtype.kind not in "iub":
        raise DataError(
            f"{which} takes whole class numbers of shape (examples,); got {found.dtype} of shape "
            f"{format_shape(found.shape)}."
        )
    whole = found.reshape(-1).astype(np.int64)
    if whole.min() < 0:
        raise LabelError(f"{which} classes are counted from 0; got {whole.min()}.")
    return whole


def _caption(counts: np.ndarray, names: Sequence[str]) -> str:
    examples, right = int(counts.sum()), int(np.trace(counts))
    text = f"{right:,} of {examples:,} examples ({right / examples:.1%}) are right."
    mistakes = counts - np.diag(np.diag(counts))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:NAMED_MISTAKES]
    worst = [divmod(int(place), len(names)) for place in order if mistakes.flat[place] > 0]
    if worst:
        named = "; ".join(
            f"{names[row]} taken for {names[column]}, {mistakes[row, column]:,} times".replace(
                ", 1 times", ", once"
            )
            for row, column in worst
        )
        text += f" Most frequent mistakes: {named}."
    return text + " Blue cells are right, orange ones mistaken; the darker, the larger the share of the row."
