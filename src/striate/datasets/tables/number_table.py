"""Reading a table of numbers, one example a row, in one pass; rows that cannot be used are listed."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import numpy as np

from striate.core.errors import FileFormatError
from striate.datasets.options import Progress, no_progress
from striate.datasets.rejects import BadFile
from striate.datasets.tables.separated_values import Row, open_cells
from striate.datasets.tables.table_layout import (
    LABEL,
    LABEL_WORDS,
    NAME_WORDS,
    SPLIT_WORDS,
    Layout,
    find_layout,
)

_PROGRESS_STEP = 2000


@dataclass(eq=False)
class NumberTable:
    """A table as read: numbers, the words of the other columns, and the line of each row.

    Shape:
        x: (rows, columns) float32; the columns are those of `columns`, in the file's numbering
    """

    file: str
    layout: Layout
    x: np.ndarray
    columns: list[int]
    words: dict[int, list[str]]
    lines: list[int]
    bad: list[BadFile] = field(default_factory=list)
    # The words of the rows that cannot be used, where they are that long: a class may be lost with them.
    bad_words: dict[int, list[str]] = field(default_factory=dict)

    def keep(self, rows: np.ndarray) -> None:
        """Keep only some of the rows, by a mask or by their places."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        self.x = self.x[places]
        self.words = {column: [texts[place] for place in places] for column, texts in self.words.items()}
        self.lines = [self.lines[place] for place in places]

    def without(self, column: int) -> None:
        """Take a column of numbers out."""
        place = self.columns.index(column)
        self.x = np.delete(self.x, place, axis=1)
        self.columns.remove(column)

    def row_names(self) -> list[str]:
        """Name the rows for people; lines count from 1, as in an editor."""
        return [f"{self.file} row {line}" for line in self.lines]


def bad_row_name(file: str, line: int) -> str:
    """Name a row in the list of what cannot be used."""
    return f"row {line} of {file}"


def read_number_table(
    place: Path,
    asked: Sequence[tuple[str, str]] = (),
    gaps: bool = False,
    like: Sequence[str] = (),
    progress: Progress = no_progress,
) -> NumberTable:
    """Read a table of numbers with words in some columns.

    `asked` are the columns that a person named, each with what it is ('the label'): they are kept
    as words although they may be numbers. `like` is the header of another part of the set. With
    `gaps`, missing numbers become NaN instead of
    making the row a bad one.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no text, empty, no table, or has no rows or no columns of numbers.
        ArgumentError: a column that is not there.
    """
    with open_cells(place) as cells:
        layout = find_layout(cells, [name for name, _ in asked], like)
        if len(cells.head) == 1 and (layout.header is not None or not layout.numbers):
            raise FileFormatError(f"{place} holds only a header, no rows.")
        if layout.header is not None:
            next(cells.rows)
        kept = {*layout.words, *layout.all_called((*NAME_WORDS, *SPLIT_WORDS))}
        kept |= {layout.find(name, what) for name, what in asked}
        if not any(what == LABEL for _, what in asked):
            kept |= {column for column in [layout.called(LABEL_WORDS)] if column is not None}
        numbers = [column for column in layout.numbers if column not in kept]
        if not numbers:
            raise FileFormatError(
                f"{place} has no columns of numbers: read with {layout.dialect} between the cells, its first "
                f"row is {cells.head[0][1]!r:.120}."
            )
        reader = _RowReader(place.name, layout, numbers, sorted(kept), gaps)
        reader.read(cells.rows, progress)
    x = np.frombuffer(reader.values, np.float32).reshape(-1, len(numbers))
    return NumberTable(
        place.name, layout, x, numbers, reader.words, reader.lines, reader.bad, reader.bad_words
    )


class _RowReader:
    """Goes through the rows and keeps what they hold."""

    def __init__(self, file: str, layout: Layout, numbers: list[int], kept: list[int], gaps: bool):
        self.file = file
        self.layout = layout
        self.numbers = numbers
        self.gaps = gaps
        self.values = array("f")
        self.words: dict[int, list[str]] = {column: [] for column in kept}
        self.lines: list[int] = []
        self.bad: list[BadFile] = []
        self.bad_words: dict[int, list[str]] = {column: [] for column in kept}
        self._pick = _picker(numbers)

    def read(self, rows: Iterable[Row], progress: Progress) -> None:
        """Read all rows."""
        width, dialect, values = self.layout.width, self.layout.dialect, self.values
        for line, cells in rows:
            if len(cells) != width and not self._fits(cells):
                self._refuse(line, cells, f"{len(cells)} cells where the other rows have {width}")
                continue
            start = len(values)
            try:
                values.extend(dialect.numbers(self._pick(cells)))
                good = math.isfinite(sum(values[start:]))
            except (ValueError, OverflowError):
                good = False
            if not good:
                del values[start:]
                if not self._read_slowly(line, cells):
                    continue
            self.lines.append(line)
            for column, texts in self.words.items():
                texts.append(cells[column].strip())
            if len(self.lines) % _PROGRESS_STEP == 0:
                progress(f"reading {self.file}", len(self.lines), 0)

    def _fits(self, cells: list[str]) -> bool:
        """Whether what is too much is empty, as where some rows end with a separator."""
        width = self.layout.width
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
            return True
        last = max((*self.numbers, *self.words))
        return last < len(cells) < width

    def _read_slowly(self, line: int, cells: list[str]) -> bool:
        """Read a row cell by cell and say what is wrong with it; whether it can be used."""
        found = array("f")
        for column in self.numbers:
            cell = cells[column]
            try:
                value = self.layout.dialect.number(cell)
            except ValueError:
                self._refuse(
                    line, cells, f"{self.layout.title(column)} holds {cell.strip()!r}, which is no number"
                )
                return False
            found.append(value)
            if math.isinf(found[-1]):
                self._refuse(line, cells, f"{self.layout.title(column)} holds infinity ({cell.strip()})")
                return False
            if math.isnan(value) and not self.gaps:
                what = f"NaN ({cell.strip()})" if cell.strip() else "nothing"
                self._refuse(line, cells, f"{self.layout.title(column)} holds {what}")
                return False
        self.values.extend(found)
        return True

    def _refuse(self, line: int, cells: list[str], reason: str) -> None:
        for column, texts in self.bad_words.items():
            texts += [cell.strip() for cell in cells[column : column + 1]]
        self.bad.append(BadFile(bad_row_name(self.file, line), reason))


def _picker(columns: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Make the fastest way to pick these columns out of a row."""
    if columns == list(range(columns[0], columns[-1] + 1)):
        window = slice(columns[0], columns[-1] + 1)
        return lambda cells: cells[window]
    return itemgetter(*columns)
