"""Which column of a table is the answer, which names, groups or parts the examples, and what is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from striate.core.errors import ArgumentError, DataError
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import BadFile
from striate.datasets.tables.axis_values import axis_from_headers
from striate.datasets.tables.number_table import NumberTable, bad_row_name
from striate.datasets.tables.separated_values import is_missing
from striate.datasets.tables.table_layout import GROUP, LABEL, LABEL_WORDS, NAME_WORDS, SPLIT_WORDS

NO_LABEL = "none"
_COLUMN = "column:"
_MOST_CLASSES = 100
# A header that begins with a number, as 400 or '400 nm', and how many of them make an axis.
_STEP = re.compile(r"[-+]?\d+([.,]\d+)?\s*[^\s\d]*(-?\d)?")
_LEAST_STEPS = 3
PART_WORDS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test", "holdout": "test",
}  # fmt: skip


@dataclass(eq=False)
class Roles:
    """What the columns of a table are for; `notes` say it to people.

    `lost` are classes of which no row can be used.

    Shape:
        labels, parts, names, groups: (rows,) or None
    """

    labels: np.ndarray | None = None
    parts: list[str] | None = None
    names: list[str] | None = None
    groups: list[str] | None = None
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def asked_columns(options: SourceOptions) -> list[tuple[str, str]]:
    """List the columns that a person named, each with what it is.

    Raises:
        ArgumentError: a way of grouping that a table has not.
    """
    asked = []
    if options.label is not None and options.label != NO_LABEL:
        asked.append((options.label, LABEL))
    if options.group is not None and options.group.startswith(_COLUMN):
        asked.append((options.group.removeprefix(_COLUMN), GROUP))
    elif options.group is not None:
        raise ArgumentError(
            f"group={options.group!r} goes with files of their own; the rows of a table are grouped by "
            "'column:NAME'."
        )
    return asked


def find_roles(table: NumberTable, options: SourceOptions) -> Roles:
    """Find what the columns are for, and leave in the table only what an example is made of.

    Raises:
        DataError: there is no column of labels to be found, or several that could be it.
        ArgumentError: a column that is not there.
    """
    roles = Roles()
    layout = table.layout
    asked = {what: layout.find(name, what) for name, what in asked_columns(options)}
    free = set(table.words) - set(asked.values())
    if GROUP in asked:
        roles.groups = table.words[asked[GROUP]]
        roles.notes.append(f"{layout.title(asked[GROUP])} groups the rows")
    _find_parts(table, free, roles)
    label = asked.get(LABEL, layout.called(LABEL_WORDS))
    free -= {label}
    _find_names(table, free, roles)
    if options.label != NO_LABEL:
        _find_labels(table, label, free, roles)
    left = sorted(free | ({label} - {None} if options.label == NO_LABEL and label is not None else set()))
    if left:
        roles.notes.append(f"left out: {', '.join(map(layout.title, left))}")
    return roles


def leave_out_beside_axis(table: NumberTable) -> list[str]:
    """Take out numbers that are no steps, such as an age beside a spectrum; what was done, in words.

    They are told by their headers: words, where most are numbers in rising or falling order.
    """
    header = table.layout.header
    if header is None or axis_from_headers([header[column] for column in table.columns]) is not None:
        return []
    steps = [column for column in table.columns if _STEP.fullmatch(header[column])]
    others = [column for column in table.columns if column not in steps]
    axis = axis_from_headers([header[column] for column in steps])
    if axis is None or len(steps) < _LEAST_STEPS or len(steps) <= len(others):
        return []
    for column in others:
        table.without(column)
    verb = "was" if len(others) == 1 else "were"
    return [f"{', '.join(map(table.layout.title, others))}: no step of the axis, {verb} left out"]


def _find_parts(table: NumberTable, free: set[int], roles: Roles) -> None:
    for column in sorted(free & table.layout.all_called(SPLIT_WORDS)):
        words = [text.lower() for text in table.words[column]]
        if words and all(word in PART_WORDS for word in words):
            roles.parts = [PART_WORDS[word] for word in words]
            roles.notes.append(f"{table.layout.title(column)} says which part a row belongs to")
            free.discard(column)
            return


def _find_names(table: NumberTable, free: set[int], roles: Roles) -> None:
    for column in sorted(free & table.layout.all_called(NAME_WORDS)):
        texts = table.words[column]
        if column in table.layout.words and len(set(texts)) == len(texts) and not any(map(is_missing, texts)):
            roles.names = texts
            roles.notes.append(f"{table.layout.title(column)} names the rows")
            free.discard(column)
            return


def _find_labels(table: NumberTable, column: int | None, free: set[int], roles: Roles) -> None:
    layout = table.layout
    if column is None:
        column = _column_of_words(table, free)
        free -= {column} if column is not None else set()
    if column is not None:
        texts = table.words[column]
        there = np.array([not is_unlabelled(text) for text in texts], bool)
        if not there.all():
            _refuse_unlabelled(table, roles, there, column)
        roles.labels = labels_from(table.words[column])
        roles.lost = sorted(set(filter(None, table.bad_words[column])) - set(table.words[column]))
        roles.notes.insert(0, f"labels in {layout.title(column)}")
        return
    _leave_out_row_numbers(table, roles)
    column = _column_of_whole_numbers(table)
    roles.labels = table.x[:, table.columns.index(column)].astype(np.int64)
    roles.notes.insert(0, f"labels in {layout.title(column)}, whole numbers of few values")
    table.without(column)


def _refuse_unlabelled(table: NumberTable, roles: Roles, there: np.ndarray, column: int) -> None:
    """Move the rows without a label to the bad ones."""
    for place in np.flatnonzero(~there):
        name = bad_row_name(table.file, table.lines[place])
        table.bad.append(BadFile(name, f"{table.layout.title(column)}, the label, is empty"))
    table.keep(there)
    for what in ("parts", "names", "groups"):
        values = getattr(roles, what)
        if values is not None:
            setattr(roles, what, [value for value, good in zip(values, there, strict=True) if good])


def _column_of_words(table: NumberTable, free: set[int]) -> int | None:
    """Find the one column of words that are not different in all rows."""
    found = []
    # What has no name may well be the label.
    for column in sorted(free - table.layout.all_called([word for word in NAME_WORDS if word])):
        texts = table.words[column]
        if len(set(texts)) <= max(2, len(texts) // 2):
            found.append(column)
    if len(found) > 1:
        listed = ", ".join(map(table.layout.title, found))
        raise DataError(
            f"{table.file} has several columns that could be the label: {listed}. Say which by label, its "
            "header, its number from 0, 'first' or 'last'."
        )
    return found[0] if found else None


def _leave_out_row_numbers(table: NumberTable, roles: Roles) -> None:
    """Take a first column out that only counts the rows."""
    if len(table.columns) < 2 or len(table.x) < 3 or table.layout.header is not None:
        return
    first = table.x[:, 0]
    if np.array_equal(first - first[0], np.arange(len(first))):
        roles.notes.append(f"{table.layout.title(table.columns[0])} counts the rows and was left out")
        table.without(table.columns[0])


def _column_of_whole_numbers(table: NumberTable) -> int:
    """Find the first or last column that holds few different whole numbers, the label's likeliest place."""
    ends = [table.columns[0], table.columns[-1]] if len(table.columns) > 1 else []
    ends = [column for column in ends if _could_be_labels(table.x[:, table.columns.index(column)])]
    if len(ends) == 2:
        plain = [column for column in ends if _counts_up(table.x[:, table.columns.index(column)])]
        ends = plain if len(plain) == 1 else ends
    if len(ends) == 1:
        return ends[0]
    what = "has no column that is plainly the label" if not ends else "could have its labels first or last"
    raise DataError(
        f"{table.file} {what}: wanted is one of words, one called label or class, or one of few whole "
        "numbers at an end. Say which by label: its header, its number from 0, 'first' or 'last'; or 'none'."
    )


def _could_be_labels(values: np.ndarray) -> bool:
    if not np.array_equal(values, np.floor(values)):
        return False
    return 2 <= len(np.unique(values)) <= min(_MOST_CLASSES, max(2, len(values) // 2))


def _counts_up(values: np.ndarray) -> bool:
    """Whether the values are 0, 1, 2 ... or 1, 2, 3 ... without a gap."""
    found = np.unique(values)
    return bool(found[0] in (0, 1) and np.array_equal(found, found[0] + np.arange(len(found))))


def labels_from(texts: list[str]) -> np.ndarray:
    """Make labels of the words of a column: numbers if all of them are, else text."""
    present = [text for text in texts if not is_unlabelled(text)]
    try:
        values = np.array([float(text.replace(",", ".")) for text in present])
    except ValueError:
        return np.array(texts, dtype=str)
    if not present:
        return np.array(texts, dtype=str)
    whole = bool((np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2**53)).all())
    # Rows without a label are taken out by their words; any number serves here.
    found = np.full(len(texts), values[0])
    found[[place for place, text in enumerate(texts) if not is_unlabelled(text)]] = values
    return found.astype(np.int64) if whole else found


def is_unlabelled(text: str) -> bool:
    """Whether a cell in the label's column says nothing. A class may well be called 'none' or 'NA'."""
    return text.lower() in ("", "?", "nan")
