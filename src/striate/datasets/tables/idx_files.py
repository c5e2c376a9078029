"""Sets in IDX files of any name: images and labels beside each other, for training and test."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, FileAccessError
from striate.core.shapes import format_shape
from striate.datasets.idx import read_idx
from striate.datasets.options import SourceOptions
from striate.datasets.source import DataBundle
from striate.datasets.tables.arrays import bundle_of_arrays

_NAME = re.compile(r"(?P<before>.*)(images[-.]idx\d|labels[-.]idx\d)(?P<behind>-ubyte(\.gz)?)", re.IGNORECASE)
_PARTS = {"train": "train", "t10k": "test", "test": "test", "val": "val", "valid": "val"}
_PART = re.compile(r"(.*?)(train|t10k|test|valid|val)[-_.]*", re.IGNORECASE)


def find_idx(place: Path) -> dict[str, tuple[Path, Path]]:
    """Find the files of images and labels of each part ('train', 'test', 'val') for a folder or a file.

    Raises:
        DataError: a folder with several sets.
        FileAccessError: images without their labels beside them.
    """
    folder = place if place.is_dir() else place.parent
    wanted = _set_and_part(place.name)
    if not folder.is_dir() or (place.is_file() and wanted is None):
        return {}
    sets: dict[str, dict[str, tuple[Path, Path]]] = {}
    for path in sorted(folder.iterdir()):
        named = _set_and_part(path.name)
        if named is None or "images" not in path.name.lower() or not path.is_file():
            continue
        sets.setdefault(named[0], {})[named[1]] = (path, _labels_beside(path))
    if wanted is not None and place.is_file():
        return sets.get(wanted[0], {})
    if len(sets) > 1:
        raise DataError(f"{folder} holds several sets: {', '.join(sorted(sets))}. Name one of their files.")
    return next(iter(sets.values()), {})


def _set_and_part(name: str) -> tuple[str, str] | None:
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    before = found["before"]
    part = _PART.fullmatch(before)
    if part is None:
        return before.strip("-_."), "train"
    return part[1].strip("-_."), _PARTS[part[2].lower()]


def _labels_beside(images: Path) -> Path:
    name = re.sub("images", "labels", images.name, flags=re.IGNORECASE)
    name = re.sub(r"idx\d", "idx1", name, flags=re.IGNORECASE).removesuffix(".gz")
    for candidate in (images.with_name(name), images.with_name(f"{name}.gz")):
        if candidate.is_file():
            return candidate
    raise FileAccessError(f"{images} has no labels beside it: wanted is {name}, packed with gzip or not.")


def load_idx(place: Path, options: SourceOptions) -> DataBundle:
    """Load the IDX files of a folder, or those that belong to one of them.

    Shape:
        images: (examples, height, width, 1), as a rule uint8

    Raises:
        FileAccessError: a file is missing or cannot be read.
        FileFormatError: a file is damaged or no IDX file.
        DataError: as many images as labels are not there.
    """
    files = find_idx(place)
    if "train" not in files:
        # A test part alone is all the data there are.
        files = {"train": next(iter(files.values()))} if len(files) == 1 else files
    arrays: dict[str, np.ndarray] = {}
    for part, (images, labels) in files.items():
        x, y = read_idx(images), read_idx(labels)
        if y.ndim != 1 or x.ndim < 2:
            raise DataError(
                f"{images.name} and {labels.name} have the shapes {format_shape(x.shape)} and "
                f"{format_shape(y.shape)}; images take (examples, height, width), labels (examples,)."
            )
        arrays |= {f"x_{part}": x, f"y_{part}": y}
    return bundle_of_arrays(arrays, place, options, leave_out=True)
