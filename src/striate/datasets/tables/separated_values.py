"""Rows of cells in a text file: which sign parts them, whether decimals have a comma, and each row's line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from striate.core.errors import FileFormatError
from striate.datasets.tables.text_file import open_text

# A row and the number of its line, from 1 as an editor counts.
Row = tuple[int, list[str]]

_HEAD = 200
_MISSING = {"", "?", "na", "n/a", "nan", "null", "none", "-", "#n/a"}
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
_NUMBER_WITH_COMMA = re.compile(r"\s*[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?\s*", re.ASCII)
# Tried in this order; the first of those that find most numbers is taken. None stands for white space.
_DIALECTS = (
    ("\t", False),
    (";", False),
    (",", False),
    ("\t", True),
    (";", True),
    (None, False),
    (None, True),
)
_NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas", None: "white space"}


@dataclass(frozen=True)
class Dialect:
    """The sign between cells (None for any white space), and whether decimals have a comma."""

    delimiter: str | None
    decimal_comma: bool = False

    def is_number(self, cell: str) -> bool:
        """Whether a cell is a number or says that one is missing."""
        pattern = _NUMBER_WITH_COMMA if self.decimal_comma else _NUMBER
        return pattern.fullmatch(cell) is not None or is_missing(cell) or _is_infinite(cell)

    def number(self, cell: str) -> float:
        """Read a number; NaN where it is missing.

        Raises:
            ValueError: the cell holds something else.
        """
        if is_missing(cell):
            return float("nan")
        return float(cell.replace(",", ".") if self.decimal_comma else cell)

    def numbers(self, cells: Iterable[str]) -> Iterator[float]:
        """Read the numbers of cells that are all there.

        Raises:
            ValueError: one of them is none.
        """
        if self.decimal_comma:
            return (float(cell.replace(",", ".")) for cell in cells)
        return map(float, cells)

    def __str__(self) -> str:
        return f"{_NAMES[self.delimiter]}{' and decimal commas' if self.decimal_comma else ''}"


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or says that its value is not known."""
    return cell.strip().lower() in _MISSING


def _is_infinite(cell: str) -> bool:
    return cell.strip().lower().lstrip("+-") in ("inf", "infinity")


@dataclass(frozen=True)
class Cells:
    """A table being read: its first rows, and all of its rows from the first."""

    dialect: Dialect
    head: list[Row]
    rows: Iterator[Row]


@contextmanager
def open_cells(place: Path) -> Iterator[Cells]:
    """Open a table; its rows can be gone through once, blank lines and comments left out.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no text, empty, or no table.
    """
    with open_text(place) as file:
        lines = _without_comments(file)
        first = list(islice(lines, _HEAD))
        try:
            dialect = find_dialect(first)
            rows = _split(chain(first, lines), dialect)
            head = list(islice(rows, _HEAD))
            if not head:
                raise FileFormatError(f"{place} is empty: no rows of numbers were found.")
            yield Cells(dialect, head, chain(head, rows))
        except csv.Error as error:
            raise FileFormatError(f"{place} cannot be read as a table: {error}.") from error


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    """Make comments blank, so that the lines keep their numbers."""
    for line in lines:
        yield "\n" if line.lstrip().startswith(("#", "%")) else line


def _split(lines: Iterable[str], dialect: Dialect) -> Iterator[Row]:
    if dialect.delimiter is None:
        for number, line in enumerate(lines, start=1):
            if cells := line.split():
                yield number, cells
        return
    reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.delimiter != "\t")
    for cells in reader:
        if cells and any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def find_dialect(lines: Sequence[str]) -> Dialect:
    """Find the sign between cells that makes most numbers of these lines."""
    best, most = Dialect(","), 0
    for delimiter, decimal_comma in _DIALECTS:
        dialect = Dialect(delimiter, decimal_comma)
        rows = [cells for _, cells in _split(lines[:50], dialect)]
        pattern = _NUMBER_WITH_COMMA if decimal_comma else _NUMBER
        found = sum(pattern.fullmatch(cell) is not None for cells in rows for cell in cells)
        if found > most:
            best, most = dialect, found
    return best
