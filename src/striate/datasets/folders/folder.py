"""Images on the disk, in any layout, as a data source: found, decoded, checked, labelled."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from striate.core.errors import ArgumentError
from striate.datasets.decoding.decoded import Decoded, decode_all
from striate.datasets.decoding.image_choice import choose_image_input
from striate.datasets.folders.archives import ARCHIVE_SUFFIXES
from striate.datasets.folders.examples import (
    PARTS,
    Example,
    Found,
    encode_classes,
    group_examples,
    limit_examples,
    settle_classes,
)
from striate.datasets.folders.image_finder import find_examples
from striate.datasets.folders.places import shown_name
from striate.datasets.options import Progress, SourceOptions, no_progress
from striate.datasets.rejects import BadFile, check_rejects
from striate.datasets.source import Data, DataBundle


def load_images(
    path: str | os.PathLike[str],
    options: SourceOptions | None = None,
    progress: Progress = no_progress,
) -> DataBundle:
    """Load labelled images from a folder, an archive, a list of files, tars of WebDataset, or Parquet.

    The layouts are: a folder for each class, with folders at any depth in it; folders `train`,
    `val` (or `valid`, `validation`) and `test` of these; files called `cat.0.jpg`; a list such as
    `labels.csv` of files and labels; a zip or tar of any of these; tars with `0001.jpg` beside
    `0001.cls` or `.json`, also as a pattern `train-{000..009}.tar`; Parquet as Hugging Face
    writes it. Examples are sorted by name, classes by name or, where all are numbers, by number.
    With a `limit`, each class of the training part gives so many, evenly spread over its names.

    Shape:
        x: (examples, height, width, channels) uint8, 0 to 255, of one size: `options.size`, or
            one that suits the images

    Raises:
        FileAccessError: nothing is there, or it cannot be read.
        FileFormatError: an archive, a list or a Parquet file is damaged.
        MissingExtraError: Parquet without pyarrow.
        DataError, LabelError: no images, no classes, classes that do not agree, or too many files
            that cannot be used, with their names.
        ArgumentError: an option that cannot work.
    """
    chosen = options or SourceOptions()
    if chosen.kind not in (None, "image"):
        raise ArgumentError(f"{path} holds images, and kind is {chosen.kind!r}. Leave kind out.")
    place = Path(path)
    where = shown_name(str(path))
    found = find_examples(place, chosen)
    class_names = settle_classes(found, where)
    examples = _in_order(found, chosen.limit)
    groups, group_note = group_examples(examples, chosen.group) if chosen.group else (None, "")
    places = [example.place for example in examples]
    image_input, input_note = choose_image_input(places, chosen)
    decoded = decode_all(places, image_input, chosen, progress)
    bad = [*found.bad, *decoded.bad]
    parts = _make_parts(found, examples, groups, class_names, decoded)
    check_rejects(bad, len(examples) + len(found.bad), chosen.bad_files, parts["train"].y, class_names)
    notes = [_summary(where, parts, class_names), *found.notes, group_note, _bad_note(bad), decoded.note]
    return DataBundle(
        _short_name(place),
        parts["train"],
        parts.get("test"),
        parts.get("validation"),
        kind="image",
        pixel_range=(0, 255),
        origin="; ".join(filter(None, notes)) + f". {input_note}",
        image_input=image_input,
        bad_files=tuple(bad),
        content=_content(decoded, parts, class_names),
    )


def _in_order(found: Found, limit: int | None) -> list[Example]:
    """Put all examples into one row: part after part, by name within each."""
    for part, examples in found.parts.items():
        found.parts[part] = sorted(examples, key=lambda example: example.place.name)
    if limit is not None:
        found.parts["train"] = limit_examples(found.parts["train"], limit)
    return [example for part in PARTS for example in found.parts.get(part, [])]


def _make_parts(
    found: Found, examples: list[Example], groups: list[str] | None, class_names: list[str], decoded: Decoded
) -> dict[str, Data]:
    """Cut what was decoded into the parts, each with its labels, names and groups."""
    labels = encode_classes(examples, class_names)
    whole = Data(
        decoded.x,
        labels[decoded.good],
        class_names,
        [examples[place].place.name for place in decoded.good],
        None if groups is None else [groups[place] for place in decoded.good],
    )
    parts: dict[str, Data] = {}
    end = 0
    for part in PARTS:
        start, end = end, end + len(found.parts.get(part, []))
        first, last = np.searchsorted(decoded.good, [start, end])
        if part == "train" or first < last:
            parts[part] = _stretch(whole, int(first), int(last))
    return parts


def _stretch(data: Data, first: int, last: int) -> Data:
    """Take neighbours out of data, without copying them."""
    return replace(
        data,
        x=data.x[first:last],
        y=None if data.y is None else data.y[first:last],
        class_names=None if data.class_names is None else list(data.class_names),
        names=None if data.names is None else data.names[first:last],
        groups=None if data.groups is None else data.groups[first:last],
    )


def _short_name(place: Path) -> str:
    name = place.resolve().name
    for suffix in (*ARCHIVE_SUFFIXES, ".parquet", ".csv", ".tsv", ".txt"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    # What stands for any or many files in a pattern of tars is no part of a name.
    plain = re.sub(r"\{[\d.]*\}|[*?\[\]{}]", "", shown_name(name)).strip("-_. ")
    return plain or "images"


def _summary(where: str, parts: dict[str, Data], class_names: list[str]) -> str:
    counts = ", ".join(f"{len(data)} {part}" for part, data in parts.items())
    return f"Images of {where}: {counts}, in {len(class_names)} classes"


def _bad_note(bad: list[BadFile]) -> str:
    if len(bad) == 1:
        return "1 file cannot be used and is left out"
    return f"{len(bad):,} files cannot be used and are left out" if bad else ""


def _content(decoded: Decoded, parts: dict[str, Data], class_names: list[str]) -> str:
    """Hash what was decoded, together with which part and class each example is of."""
    sizes = [[part, len(data)] for part, data in parts.items()]
    total = hashlib.sha256(json.dumps([decoded.content, sizes, class_names]).encode())
    for data in parts.values():
        total.update(b"" if data.y is None else data.y.tobytes())
    return total.hexdigest()
