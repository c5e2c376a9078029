"""From what a person names to its examples, and which of them are for what."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.artifacts import read_json
from striate.artifacts.atomic import write_atomically
from striate.artifacts.json_file import json_bytes
from striate.core.errors import (
    ArgumentError,
    FileAccessError,
    FileFormatError,
    LabelError,
    did_you_mean,
    unknown_name,
)
from striate.datasets.arrays import load_arrays
from striate.datasets.named import NAMES, load_named
from striate.datasets.source import Data, DataBundle
from striate.datasets.split import check_classes_present, stratified_split

_ARRAYS = ".npz"
PARTS = ("train", "validation", "test")


def load_data(text: str, data_dir: str | None = None, base: Path | None = None) -> DataBundle:
    """Load a named set, or an .npz file; `base` is a second folder to look for the file in.

    Raises:
        UnknownNameError: a word that names no set.
        FileAccessError: a file that is not there.
        ArgumentError: a folder for arrays that are a file themselves.
    """
    place = _file_place(text, base)
    if place is None:
        if data_dir is not None and not Path(data_dir).is_dir():
            raise FileAccessError(
                f"there is no folder {data_dir} (seen from {Path.cwd()}). --data-dir is the folder that "
                f"holds the files of {text}."
            )
        return load_named(text, data_dir)
    if data_dir is not None:
        raise ArgumentError(f"{text} is a file itself; --data-dir goes with a named set: {', '.join(NAMES)}.")
    return load_arrays(place)


def _file_place(text: str, base: Path | None) -> Path | None:
    """Say which file is meant; None for a named set."""
    place = Path(text)
    if text.lower().replace("-", "_") in NAMES:
        return None
    for candidate in (place, *([] if base is None else [base / place])):
        if candidate.is_file():
            return candidate
    if place.is_dir():
        raise FileAccessError(
            f"{text} is a folder. Data are a named set ({', '.join(NAMES)}) or an {_ARRAYS} file of arrays."
        )
    here = place.parent if place.parent.is_dir() else Path()
    files = [os.path.normpath(path) for path in here.glob(f"*{_ARRAYS}")]
    if place.suffix or place.name != text:
        raise FileAccessError(f"there is no file {text} (seen from {Path.cwd()}).{did_you_mean(text, files)}")
    raise unknown_name("data set", text, [*NAMES, *files])


def fingerprint(bundle: DataBundle) -> str:
    """Name the exact examples and labels of a bundle by a SHA-256."""
    digest = hashlib.sha256()
    for name, data in bundle.parts():
        digest.update(f"{name} {data.x.dtype.str} {data.x.shape};".encode())
        digest.update(np.ascontiguousarray(data.x).data)
        if data.y is not None:
            digest.update(np.ascontiguousarray(data.y, dtype="<i8").data)
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Split:
    """Which examples are for what: for each part, the part of the source and the places in it."""

    sources: dict[str, str]
    places: dict[str, np.ndarray]
    fingerprint: str

    def take(self, bundle: DataBundle, part: str) -> Data:
        """Pick the examples of a part."""
        source: Data = getattr(bundle, self.sources[part])
        return source.take(self.places[part])


def class_names_of(bundle: DataBundle) -> list[str]:
    """The classes' names; their numbers where they have none."""
    if bundle.class_names is not None:
        return list(bundle.class_names)
    highest = max(int(data.y.max()) for _, data in bundle.parts() if data.y is not None and len(data))
    return [str(number) for number in range(highest + 1)]


def split_data(bundle: DataBundle, test_share: float, validation_share: float, seed: int) -> Split:
    """Decide which examples are for training, for choosing the best epoch, and for the test.

    Parts that the data bring are used as they are; others are drawn from the training part so
    that each class keeps its share.

    Raises:
        LabelError: no labels, fewer than two classes, a class without an example to train on, or
            with a single one.
        ArgumentError: too few examples for the parts.
    """
    y = bundle.train.y
    if y is None:
        raise LabelError(f"{bundle.name} has no labels; training needs a class for each example.")
    names = class_names_of(bundle)
    if len(names) < 2 or len(np.unique(y)) < 2:
        raise LabelError(
            f"all {len(y)} examples of {bundle.name} are of one class, "
            f"{names[int(y[0])]!r}: there is nothing to tell apart. Add examples of another class."
        )
    check_classes_present(y, names)
    rest = np.arange(len(y))
    sources, places = {"train": "train"}, {}
    for part, share in (("test", test_share), ("validation", validation_share)):
        own = getattr(bundle, part)
        sources[part] = part if own is not None else "train"
        if own is not None:
            places[part] = np.arange(len(own))
        else:
            kept, held = stratified_split(y[rest], share, seed, names)
            places[part], rest = rest[held], rest[kept]
    return Split(sources, {"train": rest, **places}, fingerprint(bundle))


def write_split(path: Path, split: Split) -> None:
    """Write which examples are for what, atomically.

    Raises:
        FileAccessError: the file cannot be written.
    """
    table: dict[str, Any] = {
        part: {"of": split.sources[part], "places": split.places[part].tolist()} for part in PARTS
    }
    write_atomically(path, [json_bytes({**table, "data_sha256": split.fingerprint}), b"\n"])


def read_split(path: Path) -> Split:
    """Read which examples were for what.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged.
    """
    table = read_json(path)
    try:
        sources = {part: str(table[part]["of"]) for part in PARTS}
        places = {part: np.array(table[part]["places"], dtype=np.int64) for part in PARTS}
        known = str(table["data_sha256"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(f"{path} does not say which examples were for what: {error}.") from error
    if not set(sources.values()) <= set(PARTS) or any(array.ndim != 1 for array in places.values()):
        raise FileFormatError(f"{path} does not say which examples were for what: parts or places are wrong.")
    return Split(sources, places, known)


def own_parts(bundle: DataBundle, split: Split, source: str) -> Mapping[str, Data]:
    """Pick all parts of a run's own data, after making sure that they are still the same.

    Raises:
        FileFormatError: the data have changed since.
    """
    if fingerprint(bundle) != split.fingerprint:
        raise FileFormatError(
            f"{bundle.name} is no longer what {source} was trained on, so its test part cannot be found "
            "again. Bring the old data back, or score other data with --data."
        )
    return {part: split.take(bundle, part) for part in PARTS}
