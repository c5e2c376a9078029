"""What files the older image generator reads: from a folder of class folders, or from a table of names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.console import say
from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.shapes import check_choice
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.folders.examples import sort_classes
from striate.datasets.folders.image_files import files_by_class
from striate.datasets.generator.generator_batches import Answers, Flow, ImagesFromFiles

SUBSETS = ("training", "validation")
_FOLDER_MODES = ("categorical", "binary", "sparse", "input", None)
_TABLE_MODES = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)
# In these modes an answer is no class.
_WITHOUT_CLASSES = ("input", "multi_output", "raw", None)


def part_of(count: int, subset: str | None, validation_split: float) -> slice:
    """Say which of so many examples a subset holds: validation is the first share, training the rest.

    Raises:
        ArgumentError: another word, or a subset without a split.
    """
    if subset is None:
        return slice(0, count)
    check_choice(subset, SUBSETS, "subset")
    if not validation_split:
        raise ArgumentError(
            f"subset={subset!r} needs ImageDataGenerator(validation_split=...), the share of the other part."
        )
    first = int(count * validation_split)
    return slice(0, first) if subset == "validation" else slice(first, count)


def from_directory(
    directory: str | os.PathLike[str],
    classes: Sequence[str] | None,
    class_mode: str | None,
    follow_links: bool,
    part: tuple[str | None, float],
    wanted: ImageInput,
    flow: Flow,
) -> ImagesFromFiles:
    """Make batches of the images in `directory/class_name/*`; each class is parted by itself.

    Raises:
        ArgumentError: a class mode or subset that there is not, 'binary' with other than two classes.
        FileAccessError: the folder is missing or cannot be opened.
        DataError: no class folders, or no images.
    """
    check_choice(class_mode, _FOLDER_MODES, "class_mode")  # type: ignore[arg-type]
    found = files_by_class(directory, classes, follow_links)
    _check_binary(class_mode, [one.name for one in found])
    chosen = [one.files[part_of(len(one.files), *part)] for one in found]
    names = [name for files in chosen for name in files]
    numbers = np.repeat(np.arange(len(found)), [len(files) for files in chosen])
    say(f"Found {len(names)} images belonging to {len(found)} classes.")
    if not names:
        raise DataError(f"there are no images in {directory}.")
    answers = Answers(class_mode, [one.name for one in found], numbers.tolist())
    return ImagesFromFiles(Path(directory), names, answers, wanted, flow)


def from_table(
    table: Any,
    directory: str | os.PathLike[str] | None,
    columns: tuple[str, str | Sequence[str], str | None],
    classes: Sequence[str] | None,
    class_mode: str | None,
    part: tuple[str | None, float],
    validate_filenames: bool,
    wanted: ImageInput,
    flow: Flow,
) -> ImagesFromFiles:
    """Make batches of the images that a table names; `columns` are those of files, answers and weights.

    The table is anything that gives a column by its name, such as a data frame or a dict of lists.

    Raises:
        ArgumentError: a column, class mode or subset that there is not.
        DataError: no file of the table is there.
        LabelError: a class that is not among the given.
    """
    check_choice(class_mode, _TABLE_MODES, "class_mode")  # type: ignore[arg-type]
    x_col, y_col, weight_col = columns
    root = Path(directory or ".")
    names = [str(name) for name in column_of(table, x_col)]
    rows = _rows_with_files(root, names) if validate_filenames else np.arange(len(names))
    numbers: list[list[int]] = []
    class_names: list[str] = []
    if class_mode not in _WITHOUT_CLASSES:
        said = [_classes_in(value) for value in column_of(table, str(y_col))]
        class_names = list(classes or sort_classes(name for row in rows for name in said[row]))
        _check_binary(class_mode, class_names)
        numbers = [[class_names.index(name) for name in one if name in class_names] for one in said]
        rows = np.array([row for row in rows if numbers[row]], dtype=np.int64)
    rows = rows[part_of(len(rows), *part)]
    if not len(rows):
        raise DataError(f"no file of column {x_col!r} is there, seen from {root}.")
    of = f" belonging to {len(class_names)} classes" if numbers else ""
    say(f"Found {len(rows)} image filenames{of}.")
    answers = Answers(
        class_mode,
        class_names,
        [_one_or_many(numbers[row], class_mode) for row in rows] if numbers else [],
        _values(table, y_col, class_mode, rows),
        None if weight_col is None else np.asarray(list(column_of(table, weight_col)))[rows],
    )
    return ImagesFromFiles(root, [names[row] for row in rows], answers, wanted, flow)


def _rows_with_files(root: Path, names: Sequence[str]) -> np.ndarray:
    there = np.array([(root / name).is_file() for name in names], dtype=bool)
    if not there.all():
        missing = names[int(np.argmin(there))]
        say(f"{(~there).sum()} of {len(names)} files are not there and left out, the first: {missing}.")
    return np.flatnonzero(there)


def column_of(table: Any, name: str) -> Iterable[Any]:
    """Give a table's column by its name.

    Raises:
        ArgumentError: there is no such column.
    """
    try:
        column: Iterable[Any] = table[name]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        known = getattr(table, "columns", None)
        known = known if known is not None else getattr(table, "keys", list)()
        raise ArgumentError(
            f"the table has no column {name!r}; it has {', '.join(map(str, known))}."
        ) from error
    return column


def _values(
    table: Any, y_col: str | Sequence[str], class_mode: str | None, rows: np.ndarray
) -> list[np.ndarray]:
    if class_mode not in ("raw", "multi_output"):
        return []
    names = [y_col] if isinstance(y_col, str) else list(y_col)
    if class_mode == "raw":
        columns = [np.asarray(list(column_of(table, name)))[rows] for name in names]
        return [columns[0] if isinstance(y_col, str) else np.stack(columns, axis=1)]
    return [np.asarray(list(column_of(table, name)))[rows] for name in names]


def _classes_in(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]


def _one_or_many(numbers: list[int], class_mode: str | None) -> Any:
    if len(numbers) == 1:
        return numbers[0]
    if class_mode != "categorical":
        raise LabelError(
            f"class_mode={class_mode!r} takes one class a file, but a row has {len(numbers)}; "
            "several go with 'categorical'."
        )
    return numbers


def _check_binary(class_mode: str | None, names: Sequence[str]) -> None:
    if class_mode == "binary" and len(names) != 2:
        raise ArgumentError(
            f"class_mode='binary' is for two classes; found {len(names)}: {', '.join(names)}."
        )
