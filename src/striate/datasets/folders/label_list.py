"""Lists of files and labels: a table beside the images, as `labels.csv`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from striate.core.errors import DataError, LabelError
from striate.datasets.counting import counted
from striate.datasets.folders.examples import (
    LABEL_WORDS,
    PARTS,
    Example,
    Found,
    check_classes_repeat,
    class_name,
    part_of,
)
from striate.datasets.folders.image_index import ImageIndex
from striate.datasets.folders.label_table import Table, read_table
from striate.datasets.folders.listing import Folder, is_image_name
from striate.datasets.folders.places import Place
from striate.datasets.rejects import BadFile

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".txt")
_NAMES = ("labels", "label", "annotations", "list", "index", "metadata", "data", "classes", "images", "files")
_SPLIT_HEADERS = ("split", "set", "part", "partition", "subset")
# A column is the one of the files if at least this share of its cells name images that are there.
_ENOUGH = 0.5
_LOOKED_AT = 500


def find_tables(folder: Folder) -> list[Place]:
    """List what may be a list of labels: tables of the usual names, or the only table there is."""
    tables = [
        file
        for file in folder.others
        if file.name.lower().endswith(TABLE_SUFFIXES) and "submission" not in file.name.lower()
    ]
    named = [file for file in tables if _is_usual(_stem(file))]
    if not named:
        named = [file for file in tables if not file.name.lower().endswith(".txt")]
        named = named if len(named) == 1 else []
    return sorted(named, key=lambda file: (_is_usual(_stem(file)) or len(_NAMES), file.name))


def _stem(file: Place) -> str:
    return PurePosixPath(file.name).stem


def _is_usual(stem: str) -> int:
    """Rank a table's name from 1 where it is one of the usual, else 0."""
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", stem).lower())
    if part_in_name(stem):
        return 1
    return next((rank for rank, name in enumerate(_NAMES, 2) if name in words), 0)


def part_in_name(stem: str) -> str | None:
    """Say which part a file is meant for by a word of its name, as 'train_labels' or 'valSet'."""
    words = re.split(r"[^a-z\d]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", stem).lower())
    return next((part for part in map(part_of, filter(None, words)) if part), None)


def find_in_lists(
    folder: Folder,
    tables: Sequence[Place],
    label: str | None = None,
    by_name: bool = True,
    sure: bool = False,
    base: Path | None = None,
) -> Found | None:
    """Find examples by the lists of a folder; None where no list names its images.

    A list called after a part (`train.csv`) is that part's, unless `by_name` is False. Of lists
    that are not, the first counts, and its column 'split' says the parts where it has one. With
    `sure`, only lists count of which name and header leave no doubt, and that name most images.
    `base` is where the paths of a list begin that may lead out of the folder.

    Raises:
        DataError, LabelError: a list names the images, but not one class for each.
    """
    images = folder.all_images()
    found = Found({})
    for table_place in tables:
        part = part_in_name(_stem(table_place))
        if part is None and found.parts:
            continue
        reader = ListReader(read_table(table_place), _index_for(folder, images, part, base))
        if not reader.find_file_column() or (sure and not (label or reader.is_sure())):
            continue
        if part == "test" and "train" in found.parts and not reader.may_have_labels(label):
            found.notes.append(f"{table_place.name} names images without labels: left out")
            continue
        reader.read_into(found, label, (part if by_name else None) or "train")
    if not found.parts:
        return None
    used = {example.place.name for examples in found.parts.values() for example in examples}
    unused = len(images) - len(used.intersection(image.name for image in images))
    if sure and unused > (1 - _ENOUGH) * len(images):
        return None
    if unused:
        found.notes.append(f"{counted(unused, 'image')} in no list: left out")
    return found


def _index_for(folder: Folder, images: Sequence[Place], part: str | None, base: Path | None) -> ImageIndex:
    """Index the images that a list may mean: those in the folder of its own part, where there is one."""
    inside = [
        image
        for name, inner in folder.folders.items()
        if part is not None and part_of(name) == part
        for image in inner.all_images()
    ]
    return ImageIndex.of(inside or images, base)


@dataclass(eq=False)
class ListReader:
    """One list being read: which of its columns are the files, the labels and the parts."""

    table: Table
    index: ImageIndex
    file_column: int = -1

    def find_file_column(self) -> bool:
        """Find the column that names images; where the first row does not, it is the header."""
        best = 0
        for column in range(self.table.width):
            cells = self.table.cells(column)[:_LOOKED_AT]
            found = [place for place in map(self.index.find, cells) if place]
            # Labels 1, 2, 3 may be called like images 1.png to 900.png, but say the same few again.
            different = len({place.name for place in found})
            if different > best and len(found) >= _ENOUGH * (len(cells) - 1):
                best, self.file_column = different, column
        if best:
            first = self.table.rows[0][self.file_column]
            if self.index.find(first) is None and not is_image_name(first):
                self.table.take_header()
        return best > 0

    def may_have_labels(self, label: str | None) -> bool:
        """Say whether there is any column beside the files, and the one wanted where one is."""
        names = {self.table.column_name(column).lower() for column in self._others()}
        return bool(names) and (label is None or label in ("first", "last") or label.lower() in names)

    def is_sure(self) -> bool:
        """Say whether the list's name and a header leave no doubt that it holds the labels."""
        headers = {name.lower() for name in self.table.header or ()}
        return bool(_is_usual(PurePosixPath(self.table.name).stem)) and not headers.isdisjoint(LABEL_WORDS)

    def _others(self) -> list[int]:
        return [column for column in range(self.table.width) if column != self.file_column]

    def _split_column(self) -> int | None:
        for column in self._others():
            if self.table.header and self.table.header[column].lower() in _SPLIT_HEADERS:
                cells = {cell for cell in self.table.cells(column) if cell}
                strange = sorted(cell for cell in cells if part_of(cell) is None)
                if strange:
                    raise DataError(
                        f"the column {self.table.header[column]!r} of {self.table.name} says which part a "
                        f"row is of: 'train', 'val' or 'test'; got {strange[0]!r}."
                    )
                return column
        return None

    def read_into(self, found: Found, wanted: str | None, part: str) -> None:
        """Put the rows into `found`, by part."""
        split = self._split_column()
        labels = self._labels(wanted, split)
        seen: dict[str, str] = {}
        unlabelled = 0
        for row, label in zip(self.table.rows, labels, strict=True):
            name = row[self.file_column]
            place = self.index.find(name)
            if place is None:
                found.bad.append(BadFile(name, f"stands in {self.table.name} but is not there"))
            elif not label:
                unlabelled += 1
            elif place.name not in seen:
                seen[place.name] = label
                its_part = part_of(row[split]) if split is not None and row[split] else part
                found.parts.setdefault(its_part or part, []).append(self._example(place, label, row))
            elif seen[place.name] != label:
                raise LabelError(
                    f"{self.table.name} gives {place.name} two labels: {seen[place.name]!r} and {label!r}."
                )
        if unlabelled:
            found.notes.append(f"{counted(unlabelled, 'row')} of {self.table.name} without a label: left out")
        if split is not None:
            found.parts = {name: found.parts[name] for name in PARTS if name in found.parts}

    def _example(self, place: Place, label: str, row: Sequence[str]) -> Example:
        folder = place.name.rpartition("/")[0]
        return Example(place, label, folder, self._columns(row))

    def _columns(self, row: Sequence[str]) -> dict[str, str]:
        return {self.table.column_name(column): row[column] for column in self._others()}

    def columns_by_name(self) -> dict[str, dict[str, str]]:
        """Give all other cells of each image that the list names, by the image's name."""
        places = [self.index.find(row[self.file_column]) for row in self.table.rows]
        return {
            place.name: self._columns(row)
            for place, row in zip(places, self.table.rows, strict=True)
            if place is not None
        }

    def _labels(self, wanted: str | None, split: int | None) -> list[str]:
        if wanted is not None:
            return self._checked(self.table.find_column(wanted))
        others = [column for column in self._others() if column != split]
        headers = {
            (self.table.header or [])[column].lower(): column for column in others if self.table.header
        }
        by_header = next((headers[name] for name in LABEL_WORDS if name in headers), None)
        if by_header is not None:
            return self._checked(by_header)
        if len(others) == 1:
            return self._checked(others[0])
        ones = [column for column in others if set(self.table.cells(column)) <= {"0", "1", "0.0", "1.0"}]
        if len(ones) > 1:
            return self._one_hot(ones)
        names = ", ".join(repr(self.table.column_name(column)) for column in others)
        if not others:
            raise DataError(f"{self.table.name} names images but has no column of labels beside them.")
        raise DataError(
            f"any of the columns {names} of {self.table.name} could hold the labels. Name one: label=..."
        )

    def _one_hot(self, columns: Sequence[int]) -> list[str]:
        labels = []
        for row in self.table.rows:
            places = [place for place, column in enumerate(columns) if float(row[column])]
            if len(places) != 1:
                names = ", ".join(self.table.column_name(column) for column in columns)
                raise LabelError(
                    f"{row[self.file_column]} in {self.table.name} is marked with {len(places)} of the "
                    f"classes {names}; each image takes one."
                )
            column = columns[places[0]]
            labels.append(self.table.column_name(column) if self.table.header else str(places[0]))
        return [class_name(label) for label in labels]

    def _checked(self, column: int) -> list[str]:
        cells = [class_name(cell) for cell in self.table.cells(column)]
        if all(re.fullmatch(r"-?\d+\.0*|", cell) for cell in cells):
            cells = [cell.partition(".")[0] for cell in cells]
        check_classes_repeat(cells, f"the column {self.table.column_name(column)!r} of {self.table.name}")
        return cells
