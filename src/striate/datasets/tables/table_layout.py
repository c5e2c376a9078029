"""What the first rows of a table tell: whether they begin with a header, and which columns hold numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.core.errors import ArgumentError, UnknownNameError, did_you_mean, unknown_name
from striate.datasets.tables.separated_values import Cells, Dialect, is_missing

# What people call these columns, the likeliest first.
LABEL_WORDS = (
    "label", "labels", "class", "classes", "target", "targets", "class_label", "classlabel", "species",
    "category", "diagnosis", "outcome", "variety", "material", "type", "y",
)  # fmt: skip
NAME_WORDS = (
    "", "id", "name", "file", "filename", "file_name", "path", "sample", "sample_id", "sampleid",
    "sample_name", "spectrum_id", "index", "idx", "row", "no", "nr", "unnamed: 0",
)  # fmt: skip
SPLIT_WORDS = ("split", "part", "subset", "set", "partition", "usage")
LABEL, GROUP = "the label", "the group"
_LEAST_AXIS = 3
# More headers that are numbers than this are not listed one by one.
_MOST_NUMBERS = 6


@dataclass(frozen=True)
class Layout:
    """A table's columns: the header if there is one, and which columns are numbers, words or empty."""

    dialect: Dialect
    header: list[str] | None
    width: int
    numbers: tuple[int, ...]
    words: tuple[int, ...]

    def title(self, column: int) -> str:
        """Name a column for people, counting from 1 as they do."""
        named = f" ('{self.header[column]}')" if self.header and self.header[column] else ""
        return f"column {column + 1}{named}"

    def find(self, wanted: str, what: str) -> int:
        """Find a column by 'first', 'last', its header, or its number from 0.

        Raises:
            UnknownNameError: no column has this header.
            ArgumentError: no column has this number.
        """
        places = {name.lower(): place for place, name in reversed(list(enumerate(self.header or [])))}
        if wanted.lower() in places:
            return places[wanted.lower()]
        used = sorted({*self.numbers, *self.words})
        if wanted in ("first", "last") and used:
            return used[0] if wanted == "first" else used[-1]
        if wanted.isdigit():
            if int(wanted) >= self.width:
                raise ArgumentError(
                    f"{what} is column {wanted}, counted from 0, but the last of the {self.width} is "
                    f"{self.width - 1}."
                )
            return int(wanted)
        if self.header is None:
            raise ArgumentError(
                f"{what} is column {wanted!r}, but the table has no header. Give its number from 0, 'first' "
                "or 'last'."
            )
        raise self._no_column(what, wanted)

    def _no_column(self, what: str, wanted: str) -> UnknownNameError:
        """Make the error for a header that is not there; the many numbers of an axis are not listed."""
        names = [name for name in self.header or [] if name]
        numbers = [name for name in names if self.dialect.is_number(name)]
        if len(numbers) <= _MOST_NUMBERS:
            return unknown_name(f"column for {what}", wanted, names)
        words = sorted(set(names) - set(numbers))
        listed = [*words, f"{len(numbers)} numbers from {numbers[0]} to {numbers[-1]}"]
        near = did_you_mean(wanted, words)
        return UnknownNameError(
            f"there is no column for {what} called {wanted!r}.{near} Known: {', '.join(listed)}."
        )

    def called(self, words: Sequence[str]) -> int | None:
        """Find a column by one of the names that it usually has, the first of them first."""
        names = [name.lower() for name in self.header or []]
        found = [names.index(word) for word in words if word in names]
        return found[0] if found else None

    def all_called(self, words: Sequence[str]) -> set[int]:
        """Find all columns that have one of these names."""
        return {place for place, name in enumerate(self.header or []) if name.lower() in words}


def find_layout(cells: Cells, wanted: Sequence[str] = (), like: Sequence[str] = ()) -> Layout:
    """Find header and kinds of columns in the first rows.

    `wanted` are headers that a person named, `like` is the header of another part.
    """
    rows = [row for _, row in cells.head]
    shared = sum(cell.strip() in like for cell in rows[0])
    has_header = 2 * shared > len(rows[0]) or _has_header(
        rows, cells.dialect, {name.lower() for name in wanted}
    )
    header = [name.strip() for name in rows[0]] if has_header else None
    body = rows[1:] if has_header else rows
    # The length that most rows have: one that is cut off must not decide.
    widths = Counter(map(len, body))
    width = max(widths, key=lambda size: (widths[size], size)) if widths else len(rows[0])
    if header is not None:
        # A table written with row names has one column more than its header, the first.
        header = [""] * (len(header) + 1 == width) + header
        header = (header + [""] * width)[:width]
    kept = [row for row in body if len(row) == width]
    # What is empty at the end comes of a separator behind each row.
    filled = [column for row in [header or [], *kept] for column, cell in enumerate(row) if cell.strip()]
    used = max(filled, default=-1) + 1
    numbers: list[int] = []
    words: list[int] = []
    for column in range(width):
        values = [row[column] for row in kept if not is_missing(row[column])]
        if values:
            share = sum(map(cells.dialect.is_number, values)) / len(values)
            (numbers if share > 0.5 else words).append(column)
        elif any(row[column].strip().lower() not in ("", "?", "nan") for row in kept):
            # Classes may be called 'none' and 'NA'.
            words.append(column)
        elif column < used:
            # Numbers that are all missing: that is said of each row.
            numbers.append(column)
    return Layout(cells.dialect, header, width, tuple(numbers), tuple(words))


def _has_header(rows: list[list[str]], dialect: Dialect, wanted: set[str]) -> bool:
    first = [cell.strip() for cell in rows[0]]
    if wanted & {cell.lower() for cell in first}:
        return True
    rest = [row for row in rows[1:] if len(row) in (len(first), len(first) + 1)]
    if len(rows) == 1:
        return _is_bare_header(first, dialect)
    if not rest:
        return False
    shift = len(rest[0]) - len(first)
    known = {*LABEL_WORDS, *NAME_WORDS, *SPLIT_WORDS}
    numeric: list[tuple[int, str]] = []
    fresh = []
    for column, cell in enumerate(first):
        below = [row[column + shift].strip() for row in rest if len(row) == len(rest[0])]
        if 2 * sum(map(dialect.is_number, below)) > len(below):
            numeric.append((column, cell))
        elif cell not in below and (cell.lower() in known or len(set(below)) < len(below)):
            fresh.append(cell)
    words = [cell for _, cell in numeric if not dialect.is_number(cell)]
    if any(cell and cell.lower() in known for cell in (*words, *fresh)) or (
        words and 2 * len(words) >= len(numeric)
    ):
        return True
    axis = [dialect.number(cell) for _, cell in numeric if dialect.is_number(cell) and cell]
    return _is_axis(axis, evenly=not fresh) and not _rows_rise(rest, numeric, shift, dialect)


def _is_bare_header(cells: list[str], dialect: Dialect) -> bool:
    """Whether the only row there is names columns: it has their usual words, or hardly any numbers."""
    known = {*LABEL_WORDS, *NAME_WORDS, *SPLIT_WORDS} - {""}
    words = [cell for cell in cells if cell and not dialect.is_number(cell)]
    return any(cell.lower() in known for cell in words) or 2 * len(words) > len(cells) > 2


def _is_axis(values: Sequence[float], evenly: bool) -> bool:
    """Whether numbers rise or fall all along, by equal steps if asked for: those of a header do."""
    if len(values) < _LEAST_AXIS:
        return False
    steps = np.diff(values)
    one_way = bool((steps > 0).all() or (steps < 0).all())
    return one_way and (not evenly or bool(np.allclose(steps, steps.mean(), rtol=0.02)))


def _rows_rise(rows: list[list[str]], numeric: list[tuple[int, str]], shift: int, dialect: Dialect) -> bool:
    """Whether the rows below do the same, so that it says nothing of the first one."""
    rising = 0
    for row in rows[:20]:
        cells = [row[column + shift] for column, _ in numeric if column + shift < len(row)]
        rising += _is_axis([dialect.number(cell) for cell in cells if dialect.is_number(cell)], evenly=False)
    return 2 * rising > len(rows[:20])
