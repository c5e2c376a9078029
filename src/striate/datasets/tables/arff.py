"""ARFF files of series: a number an attribute, or relational with a line a channel; a class at the end."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, FileFormatError, LabelError
from striate.datasets.rejects import BadFile
from striate.datasets.tables.assembly import Part
from striate.datasets.tables.even_series import stack_series
from striate.datasets.tables.number_table import bad_row_name
from striate.datasets.tables.separated_values import is_missing
from striate.datasets.tables.table_layout import LABEL_WORDS
from striate.datasets.tables.table_roles import is_unlabelled, labels_from
from striate.datasets.tables.text_file import open_text

_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(.+)", re.IGNORECASE)
_NUMERIC = ("numeric", "real", "integer")


@dataclass(frozen=True)
class Attribute:
    """A column: its name, and whether it is 'number', 'relation', or 'class' (of given words)."""

    name: str
    kind: str


def read_arff(place: Path) -> Part:
    """Read an ARFF file of series; '?' is NaN.

    Shape:
        out: x (cases, steps, channels) float32; several channels where the file is relational

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no ARFF file, or of a kind that holds no series.
        LabelError: it has no attribute with a list of classes.
    """
    with open_text(place) as file:
        lines = enumerate(file, start=1)
        attributes = _read_attributes(lines, place)
        label = _find_label(attributes, place)
        series: list[np.ndarray] = []
        labels, names, bad = [], [], []
        for number, cells in _cases(lines, place):
            try:
                one = read_case(cells, attributes, label, series[0].shape[0] if series else None)
            except DataError as error:
                bad.append(BadFile(bad_row_name(place.name, number), str(error)))
                continue
            series.append(one)
            labels.append(cells[label].strip())
            names.append(f"{place.name} row {number}")
    if not series and not bad:
        raise FileFormatError(f"{place} holds no cases after @data.")
    return Part(stack_series(series), labels_from(labels), names, bad=bad)


def _read_attributes(lines: Iterable[tuple[int, str]], place: Path) -> list[Attribute]:
    """Read up to @data; the attributes inside a relational one do not count."""
    attributes: list[Attribute] = []
    inside = False
    for number, line in lines:
        text = line.strip()
        word = text.split(maxsplit=1)[0].lower() if text else ""
        if word == "@data":
            return attributes
        if word == "@end":
            inside = False
        elif word == "@attribute" and not inside:
            found = _ATTRIBUTE.match(text)
            if found is None:
                raise FileFormatError(f"{place}, line {number}: {text!r:.60} is no attribute.")
            attributes.append(_attribute(found[1].strip("'\""), found[2].strip()))
            inside = attributes[-1].kind == "relation"
        elif word and not word.startswith(("%", "@relation", "@attribute")):
            raise FileFormatError(f"{place} is not an ARFF file: line {number} is {text!r:.60}.")
    raise FileFormatError(f"{place} is not an ARFF file: there is no line @data.")


def _attribute(name: str, described: str) -> Attribute:
    word = described.split()[0].lower()
    if word in _NUMERIC:
        return Attribute(name, "number")
    if word == "relational":
        return Attribute(name, "relation")
    return Attribute(name, "class" if described.startswith("{") else word)


def _find_label(attributes: list[Attribute], place: Path) -> int:
    classes = [number for number, attribute in enumerate(attributes) if attribute.kind == "class"]
    named = [
        number for number in classes if attributes[number].name.lower() in (*LABEL_WORDS, "classattribute")
    ]
    rest = [attribute for attribute in attributes if attribute.kind not in ("number", "relation", "class")]
    if rest or len(classes) > 1:
        odd = rest[0] if rest else attributes[classes[0]]
        raise FileFormatError(
            f"{place} has the attribute {odd.name!r} ({odd.kind}) beside numbers and one class; series are "
            "made of numeric attributes, or of one that is relational."
        )
    if not classes:
        raise LabelError(f"{place} has no attribute with a list of classes, such as {{1,2}}.")
    return (named or classes)[0]


def _cases(lines: Iterable[tuple[int, str]], place: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines:
        text = line.strip()
        if not text or text.startswith("%"):
            continue
        if text.startswith("{"):
            raise FileFormatError(f"{place}, line {number}: sparse cases in braces are not read.")
        quote = '"' if '"' in text else "'"
        try:
            yield number, next(csv.reader([text], quotechar=quote, skipinitialspace=True))
        except csv.Error as error:
            raise FileFormatError(f"{place}, line {number}: {error}.") from error


def read_case(cells: list[str], attributes: list[Attribute], label: int, channels: int | None) -> np.ndarray:
    """Read one case, of as many channels as the first.

    Shape:
        out: (channels, steps)

    Raises:
        DataError: more or fewer values or channels than there should be, a value that is no
            number or infinite, or no class.
    """
    if len(cells) != len(attributes):
        raise DataError(f"{len(cells)} values where there are {len(attributes)} attributes")
    if is_unlabelled(cells[label].strip()):
        raise DataError("the class is missing")
    values = [cell for number, cell in enumerate(cells) if number != label]
    if all(attribute.kind == "number" for attribute in attributes[:label] + attributes[label + 1 :]):
        return _numbers(values)[None]
    if len(values) != 1:
        raise DataError("numbers stand beside the relational attribute")
    rows = [_numbers(row.split(",")) for row in values[0].replace("\\n", "\n").split("\n")]
    longest = max(map(len, rows))
    out = np.full((len(rows), longest), np.nan, np.float32)
    for row, found in zip(out, rows, strict=True):
        row[: len(found)] = found
    if channels not in (None, len(rows)):
        raise DataError(f"{len(rows)} channels where the first has {channels}")
    return out


def _numbers(cells: list[str]) -> np.ndarray:
    try:
        values = np.array([np.nan if is_missing(cell) else float(cell) for cell in cells], np.float32)
    except ValueError as error:
        raise DataError(f"a value is no number: {error}") from None
    if np.isinf(values).any():
        raise DataError("it holds infinity")
    return values
