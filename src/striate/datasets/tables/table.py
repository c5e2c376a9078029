"""Tables and archives of signals: a spectrum, a series or an image's pixels in each row."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, UnknownNameError
from striate.core.shapes import format_shape
from striate.datasets.options import Progress, SourceOptions, no_progress
from striate.datasets.source import DataBundle
from striate.datasets.tables.arff import read_arff
from striate.datasets.tables.arrays import pixel_range
from striate.datasets.tables.assembly import Description, Part, make_bundle
from striate.datasets.tables.axis_values import axis_from_headers
from striate.datasets.tables.even_series import even_out
from striate.datasets.tables.number_table import NumberTable, read_number_table
from striate.datasets.tables.part_files import find_part_files, part_of, stem_of, suffix_of
from striate.datasets.tables.pixel_table import as_images, find_pixels
from striate.datasets.tables.table_layout import LABEL_WORDS
from striate.datasets.tables.table_roles import (
    NO_LABEL,
    Roles,
    asked_columns,
    find_roles,
    leave_out_beside_axis,
)
from striate.datasets.tables.ts_file import read_ts

_ARCHIVES = {".ts": read_ts, ".arff": read_arff}
# The order in which formats are taken where a part is there in several.
SUFFIXES = (".ts", ".arff", ".tsv", ".txt", ".csv", ".data")


def load_signals(
    path: str | os.PathLike[str],
    options: SourceOptions | None = None,
    progress: Progress = no_progress,
) -> DataBundle:
    """Load signals from a table or an archive of series: a file, a folder, or the stem of NAME_TRAIN.

    Tables (.csv, .tsv, .txt; any usual separator, decimal sign and encoding) hold an example a
    row. The label is the column that `options.label` says; else one called label or class, one of
    words, or one of few whole numbers at an end. A header of numbers becomes the bundle's axis.
    Columns called pixel0 and so on make images. Archives of series (.ts, .arff, and _TRAIN.tsv or
    .txt) may have gaps and unequal lengths: they are filled and evened out. Files called train and
    test beside each other are the parts of one set. `origin` says all that was decided.

    Shape:
        signals: (examples, steps, channels) float32
        images: (examples, height, width, channels) uint8, or float32 where values have fractions

    Raises:
        FileAccessError: a file is missing or cannot be read.
        FileFormatError: a file is damaged, or in another format.
        DataError: no label to be found, nothing to train on, or too many rows that cannot be used.
        LabelError: labels that are no classes.
        ArgumentError: an option that the tables do not suit.
    """
    place, chosen = Path(path), options or SourceOptions()
    files = find_part_files(place, SUFFIXES)
    name = _name_of(place, files)
    about = Description(name, f"Signals of {', '.join(file.name for file in files.values())}")
    if _are_series(files):
        return _load_series(files, about, chosen, progress)
    return _load_tables(files, about, chosen, progress)


def _name_of(place: Path, files: Mapping[str, Path]) -> str:
    stem = stem_of(next(iter(files.values())))
    named = part_of(stem)
    if (len(files) == 1 and place.is_file()) or named is None:
        return stem
    return named[0] or files["train"].resolve().parent.name


def _are_series(files: Mapping[str, Path]) -> bool:
    """Whether files are archives of series by their suffix, or tables called NAME_TRAIN without a header."""
    if any(suffix_of(file) in _ARCHIVES for file in files.values()):
        return True
    return all(
        suffix_of(file) in (".tsv", ".txt") and stem_of(file).endswith(("_TRAIN", "_TEST"))
        for file in files.values()
    )


def _load_series(
    files: Mapping[str, Path], about: Description, options: SourceOptions, progress: Progress
) -> DataBundle:
    parts = {}
    for number, (part, file) in enumerate(files.items(), start=1):
        read = _ARCHIVES.get(suffix_of(file))
        parts[part] = read(file) if read is not None else _read_ucr_table(file, options, progress)
        progress("reading series", number, len(files))
    if options.label == NO_LABEL:
        parts = {name: replace(part, labels=None) for name, part in parts.items()}
    _check_channels(parts, files)
    parts, notes = even_out(parts)
    about.notes += notes
    return make_bundle(parts, about, options)


def _read_ucr_table(file: Path, options: SourceOptions, progress: Progress) -> Part:
    """Read rows of a class and a series, NaN where it has ended."""
    chosen = options if options.label else replace(options, label="first")
    table = read_number_table(file, asked_columns(chosen), gaps=True, progress=progress)
    roles = find_roles(table, chosen)
    return _as_part(table, roles, table.x[..., None])


def _check_channels(parts: Mapping[str, Part], files: Mapping[str, Path]) -> None:
    counts = {part: series.x.shape[2] for part, series in parts.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{files[part].name} has {count}" for part, count in counts.items())
        raise DataError(f"all parts take the same number of channels: {listed}.")


def _load_tables(
    files: Mapping[str, Path], about: Description, options: SourceOptions, progress: Progress
) -> DataBundle:
    parts: dict[str, Part] = {}
    train: NumberTable | None = None
    for part, file in files.items():
        table = _read_labelled(file, train, options, progress)
        if table is None:
            about.notes.append(f"{file.name} has no column of labels and was left out")
            continue
        roles = find_roles(table, options)
        beside = leave_out_beside_axis(table)
        if train is None:
            train = table
            about.notes += [*roles.notes, *beside]
        else:
            _check_columns(table, train)
        parts |= _by_part(table, roles, part)
    _shape(parts, None if train is None else _headers_of(train), about, options)
    return make_bundle(parts, about, options)


def _read_labelled(
    file: Path, train: NumberTable | None, options: SourceOptions, progress: Progress
) -> NumberTable | None:
    """Read a part; None where it has just the columns of examples, as the test file of a contest.

    `train` is the training part, None for that part itself.
    """
    asked = asked_columns(options)
    if train is None:
        return read_number_table(file, asked, progress=progress)
    try:
        table = read_number_table(file, asked, like=train.layout.header or (), progress=progress)
    except UnknownNameError:
        return None
    may_lack = options.label is None and not table.layout.words
    if may_lack and len(table.columns) == len(train.columns) and table.layout.called(LABEL_WORDS) is None:
        return None
    return table


def _check_columns(table: NumberTable, train: NumberTable) -> None:
    if len(table.columns) != len(train.columns):
        raise DataError(
            f"{table.file} has {len(table.columns)} columns of numbers for an example, "
            f"{train.file} {len(train.columns)}. All parts take the same columns."
        )
    pairs = zip(_headers_of(table) or (), _headers_of(train) or (), strict=False)
    for one, other in pairs:
        if one != other:
            raise DataError(
                f"{table.file} has {one!r} where {train.file} has {other!r}. All parts take the same "
                "columns in the same order."
            )


def _headers_of(table: NumberTable) -> list[str] | None:
    header = table.layout.header
    return None if header is None else [header[column] for column in table.columns]


def _as_part(table: NumberTable, roles: Roles, x: np.ndarray) -> Part:
    return Part(x, roles.labels, roles.names or table.row_names(), roles.groups, table.bad, roles.lost)


def _by_part(table: NumberTable, roles: Roles, part: str) -> dict[str, Part]:
    """Part the rows as a column says; a file that is itself a part stays whole."""
    whole = _as_part(table, roles, table.x)
    if roles.parts is None or part != "train":
        return {part: whole}
    found: dict[str, Part] = {}
    for name in ("train", "validation", "test"):
        places = np.array([place for place, said in enumerate(roles.parts) if said == name], np.int64)
        if len(places):
            taken = whole.take(places)
            # What cannot be used is told once.
            found[name] = taken if not found else replace(taken, bad=[], lost=[])
    return found


def _shape(
    parts: dict[str, Part], headers: list[str] | None, about: Description, options: SourceOptions
) -> None:
    """Make images of rows of pixels, and signals of one channel of all others."""
    if "train" not in parts:
        return
    pixels = find_pixels(parts["train"].x, headers, options.kind)
    if pixels is None:
        about.axis = axis_from_headers(headers) if headers is not None else None
        for part in parts.values():
            part.x = part.x[..., None]
        return
    for part in parts.values():
        part.x = as_images(part.x, pixels.shape)
    about.kind = "image"
    about.pixel_range = pixel_range(parts["train"].x.astype(np.float32))
    about.origin = about.origin.replace("Signals", f"Images of {format_shape(pixels.shape)} in the rows", 1)
    about.notes.append(pixels.reason)
