"""Which examples were for what, as a table by name: splits.csv of a run."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import numpy as np

from striate.artifacts.atomic import write_atomically
from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets.source import Data, DataBundle
from striate.workbench.split import PARTS, Split, class_names_of, name_of

LEFT_OUT = "left out"
COLUMNS = ("name", "part", "source", "place", "class", "group", "copy_of")


def write_split(path: Path, split: Split, bundle: DataBundle) -> str:
    """Write a table with a row an example: its name, what it is for, and where it comes from.

    Returns the file's SHA-256.

    Raises:
        FileAccessError: the file cannot be written.
    """
    names = class_names_of(bundle)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    sides = [(part, split.sources[part], split.places[part]) for part in PARTS]
    sides += [(LEFT_OUT, source, places) for source, places in split.left_out.items()]
    for part, source, places in sides:
        data: Data = getattr(bundle, source)
        for place in places.tolist():
            original = split.copy_of.get((source, place))
            table.writerow(
                (
                    name_of(bundle, source, place),
                    part,
                    source,
                    place,
                    "" if data.y is None else names[int(data.y[place])],
                    "" if data.groups is None else data.groups[place],
                    "" if original is None else name_of(bundle, *original),
                )
            )
    content = text.getvalue().encode("utf-8", "surrogateescape")
    write_atomically(path, [content])
    return hashlib.sha256(content).hexdigest()


def read_split(path: Path, known: str, digest: str | None = None) -> Split:
    """Read which examples were for what; run.json holds the SHA-256 of the data, `known`, and of the file.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or was changed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileAccessError(f"cannot read {path}: {error.strerror or error}.") from error
    if digest is not None and digest != hashlib.sha256(content).hexdigest():
        raise FileFormatError(
            f"{path} was changed after it was written, so it no longer says which examples the network "
            "never learnt from. Bring the file back, or train anew."
        )
    text = content.decode("utf-8", "surrogateescape")
    rows = csv.reader(io.StringIO(text, newline=""))
    if tuple(next(rows, ())) != COLUMNS:
        raise FileFormatError(
            f"{path} does not say which examples were for what: its columns are not its own."
        )
    sources = dict.fromkeys(PARTS, "train")
    places: dict[str, list[int]] = {part: [] for part in (*PARTS, LEFT_OUT)}
    for number, row in enumerate(rows, start=2):
        fits = len(row) == len(COLUMNS) and row[1] in places and row[2] in PARTS and row[3].isdecimal()
        if not fits:
            raise FileFormatError(
                f"{path} does not say which examples were for what: row {number} is damaged."
            )
        places[row[1]].append(int(row[3]))
        if row[1] in PARTS:
            sources[row[1]] = row[2]
    return Split(sources, {part: np.array(places[part], dtype=np.int64) for part in PARTS}, known)
