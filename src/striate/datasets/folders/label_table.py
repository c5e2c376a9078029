"""Tables of text as people save them: any separator, with or without a header, or a line of JSON a row."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from striate.core.errors import FileFormatError, unknown_name
from striate.datasets.folders.places import Place

_SEPARATORS = ",;\t|"


@dataclass(eq=False)
class Table:
    """Rows of cells, all of one length; `header` names the columns once it is known to be one."""

    name: str
    rows: list[list[str]]
    header: list[str] | None = None

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def take_header(self) -> None:
        """Make the first row the names of the columns."""
        self.header = self.rows.pop(0)

    def column_name(self, column: int) -> str:
        """Name a column: by the header, else by its number from 0."""
        return self.header[column] if self.header else str(column)

    def cells(self, column: int) -> list[str]:
        """List the cells of a column."""
        return [row[column] for row in self.rows]

    def find_column(self, wanted: str) -> int:
        """Find a column by its header, its number from 0, 'first' or 'last'.

        Raises:
            UnknownNameError: there is no such column.
        """
        names = [self.column_name(column) for column in range(self.width)]
        if wanted in names:
            return names.index(wanted)
        folded = [name.lower() for name in names]
        if wanted.lower() in folded:
            return folded.index(wanted.lower())
        if wanted in ("first", "last"):
            return 0 if wanted == "first" else self.width - 1
        if wanted.isdecimal() and int(wanted) < self.width:
            return int(wanted)
        raise unknown_name(f"column of {self.name}", wanted, names)


def read_table(place: Place) -> Table:
    """Read a table of commas, semicolons, tabs or bars, in UTF-8, UTF-16 or Windows's letters.

    A file whose name ends in .jsonl holds one record of JSON a line instead.

    Raises:
        FileAccessError: it cannot be read.
        FileFormatError: a row has more cells than the first, or the file is no text.
    """
    text = _decode(place.read())
    if "\0" in text:
        raise FileFormatError(f"{place.name} is no table of text: it holds bytes that are no letters.")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return Table(place.name, [])
    if place.name.lower().endswith(".jsonl"):
        return _read_records(lines, place.name)
    parsed = _parse(text, _separator(lines, place.name), place.name)
    rows = [row for row in ([cell.strip() for cell in cells] for cells in parsed) if any(row)]
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if any(row[width:]):
            raise FileFormatError(
                f"{place.name}: row {number} has {len(row)} cells, the first has {width}. "
                "Put cells that hold the separator into quotes."
            )
    return Table(place.name, [(row + [""] * width)[:width] for row in rows])


def _read_records(lines: Sequence[str], name: str) -> Table:
    records = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise FileFormatError(f"{name}: line {number} is no JSON: {error}.") from error
        if not isinstance(record, dict):
            raise FileFormatError(f"{name}: line {number} is no record of names and values.")
        records.append(record)
    columns = list(dict.fromkeys(str(column) for record in records for column in record))
    rows = [
        ["" if record.get(column) is None else str(record[column]) for column in columns]
        for record in records
    ]
    return Table(name, [columns, *rows])


def _decode(content: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _separator(lines: Sequence[str], name: str) -> str:
    counts = {separator: lines[0].count(separator) for separator in _SEPARATORS}
    best = max(counts, key=counts.__getitem__)
    if counts[best] == 0 and name.lower().endswith(".txt"):
        return " "
    return best


def _parse(text: str, separator: str, name: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise FileFormatError(f"{name} cannot be read: {error} (line {reader.line_num}).") from error
