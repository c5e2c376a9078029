"""The .ts format of time series archives: several channels, unequal lengths, missing values.

Lines beginning with @ describe the set, those after @data hold a case each: its channels parted
by colons, their values by commas, '?' for a value that is missing, and the class at the end.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, FileFormatError, LabelError
from striate.datasets.rejects import BadFile
from striate.datasets.tables.assembly import Part
from striate.datasets.tables.even_series import stack_series
from striate.datasets.tables.number_table import bad_row_name
from striate.datasets.tables.separated_values import is_missing
from striate.datasets.tables.table_roles import labels_from
from striate.datasets.tables.text_file import open_text


def read_ts(place: Path) -> Part:
    """Read a .ts file; what is missing at the end of a series, or within it, is NaN.

    Shape:
        out: x (cases, steps of the longest, channels) float32

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no .ts file, or holds time stamps.
        LabelError: its answers are numbers to be predicted, no classes.
    """
    with open_text(place) as file:
        lines = enumerate(file, start=1)
        labelled = _read_description(lines, place)
        cases = _Cases(place.name, labelled)
        for number, line in lines:
            text = line.strip()
            if text and not text.startswith(("#", "%")):
                cases.add(number, text)
    if not cases.series and not cases.bad:
        raise FileFormatError(f"{place} holds no cases after @data.")
    return cases.part()


def _read_description(lines: Iterable[tuple[int, str]], place: Path) -> bool:
    """Read up to @data; whether the cases end with a class."""
    said: dict[str, list[str]] = {}
    for number, line in lines:
        text = line.strip()
        if not text or text.startswith(("#", "%")):
            continue
        if not text.startswith("@"):
            raise FileFormatError(
                f"{place} is not a .ts file: line {number}, {text!r:.60}, stands before @data and does not "
                "begin with @."
            )
        word, *values = text[1:].split() or [""]
        if word.lower() == "data":
            break
        said[word.lower()] = [value.lower() for value in values]
    else:
        raise FileFormatError(f"{place} is not a .ts file: there is no line @data.")
    if _says_yes(said, "timestamps"):
        raise FileFormatError(f"{place} holds time stamps, which are not read. Write the values alone.")
    if _says_yes(said, "targetlabel"):
        raise LabelError(f"{place} says @targetLabel: its answers are numbers to be predicted, no classes.")
    return _says_yes(said, "classlabel")


def _says_yes(said: dict[str, list[str]], word: str) -> bool:
    return said.get(word, [])[:1] == ["true"]


def read_case(text: str, labelled: bool) -> tuple[list[array[float]], str]:
    """Read one case: the values of each channel, and its class where there is one.

    Raises:
        DataError: a value that is no number or infinite, no values, or no class.
    """
    channels = text.split(":")
    label = channels.pop().strip() if labelled else ""
    if not channels:
        raise DataError("there are no values, only a class")
    if labelled and not label:
        raise DataError("the class is missing")
    return [_read_values(values) for values in channels], label


class _Cases:
    """Collects the cases of a file, and those that cannot be used."""

    def __init__(self, file: str, labelled: bool):
        self.file = file
        self.labelled = labelled
        self.series: list[list[array[float]]] = []
        self.labels: list[str] = []
        self.lines: list[int] = []
        self.bad: list[BadFile] = []

    def add(self, line: int, text: str) -> None:
        """Read one line."""
        try:
            series, label = read_case(text, self.labelled)
        except DataError as error:
            self.bad.append(BadFile(bad_row_name(self.file, line), str(error)))
            return
        self.series.append(series)
        self.labels.append(label)
        self.lines.append(line)

    def part(self) -> Part:
        """Put the cases together; one with another number of channels than most is bad."""
        counts = Counter(map(len, self.series))
        channels = counts.most_common(1)[0][0] if counts else 0
        good = [place for place, series in enumerate(self.series) if len(series) == channels]
        for place in sorted(set(range(len(self.series))) - set(good)):
            reason = f"{len(self.series[place])} channels where the others have {channels}"
            self.bad.append(BadFile(bad_row_name(self.file, self.lines[place]), reason))
        return Part(
            stack_series([_as_rows(self.series[place]) for place in good]),
            labels_from([self.labels[place] for place in good]) if self.labelled else None,
            [f"{self.file} row {self.lines[place]}" for place in good],
            bad=self.bad,
            lost=sorted(set(self.labels) - {self.labels[place] for place in good}),
        )


def _as_rows(series: list[array[float]]) -> np.ndarray:
    longest = max(map(len, series))
    rows = np.full((len(series), longest), np.nan, np.float32)
    for row, values in zip(rows, series, strict=True):
        row[: len(values)] = values
    return rows


def _read_values(text: str) -> array[float]:
    """Read the values of one channel, NaN for those that are missing."""
    cells = text.split(",")
    try:
        values = array("f", map(float, cells))
    except ValueError:
        values = array("f")
        for place, cell in enumerate(cells, start=1):
            try:
                values.append(math.nan if is_missing(cell) else float(cell))
            except ValueError:
                raise DataError(f"value {place} is {cell.strip()!r:.40}, which is no number") from None
    if any(map(math.isinf, values)):
        raise DataError("it holds infinity")
    return values
