"""Arrays in a NumPy archive (.npz): the shortest way from one's own data to a network."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, FileAccessError, FileFormatError
from striate.core.shapes import format_shape
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import BadFile
from striate.datasets.source import DataBundle
from striate.datasets.tables.assembly import Description, Part, make_bundle
from striate.datasets.value_range import settle_range

_TRAIN = (
    ("x_train", "y_train"),
    ("X_train", "y_train"),
    ("X_train", "Y_train"),
    ("train_images", "train_labels"),
    ("x", "y"),
    ("X", "y"),
    ("images", "labels"),
    ("X", "Y"),
    ("data", "labels"),
    ("data", "label"),
    ("data", "target"),
    ("features", "labels"),
    ("fea", "gnd"),
)
_TEST = (("x_test", "y_test"), ("X_test", "y_test"), ("test_images", "test_labels"), ("X_test", "Y_test"))
_VALIDATION = (("x_val", "y_val"), ("X_val", "y_val"), ("val_images", "val_labels"), ("X_val", "Y_val"))
_CLASS_NAMES = "class_names"
# Numbers of channels, and the side from which two axes are those of an image.
_CHANNELS, _LEAST_SIDE = (1, 3, 4), 8


def load_arrays(path: str | os.PathLike[str], kind: str | None = None) -> DataBundle:
    """Load an .npz archive of examples and labels as a bundle.

    Its arrays are named x_train and y_train, with x_test, y_test, x_val, y_val where there are
    such parts; or train_images, train_labels and so on, as MedMNIST's; or just x and y.
    `class_names` may stand beside them. Labels may be numbers, text or one-hot rows.

    Shape:
        images: (examples, height, width, channels), or without channels
        signals: (examples, steps, channels), or (examples, steps)
        Three axes are taken as images where they hold bytes or are square; `kind` ('image' or
        'signal') says otherwise.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, no .npz, or holds Python objects.
        DataError: arrays are missing, of different lengths, or hold NaN, with the row.
    """
    place = Path(path)
    return bundle_of_arrays(read_npz(place), place, SourceOptions(kind=kind))


def bundle_of_arrays(
    arrays: Mapping[str, np.ndarray],
    place: Path,
    options: SourceOptions,
    leave_out: bool = False,
    said: Sequence[str] = (),
) -> DataBundle:
    """Make a bundle of arrays by their names, as they lie in a file or a folder.

    With `leave_out`, rows that hold NaN or infinity go by the policy of `options`; else they are
    refused. `said` is what was done to the arrays before, in words.

    Raises:
        DataError: arrays are missing, of different lengths, or hold what cannot be used.
        LabelError: labels that are no classes.
        ArgumentError: a policy for bad files, or a limit, that cannot work.
    """
    pairs = _find_parts(arrays, place)
    names = _class_names(arrays, place)
    kind, notes, parts = options.kind, list(said), {}
    for part, (key, labels) in pairs.items():
        where = f"{key} in {place}"
        x = arrays[key]
        good, bad = _usable_rows(x, key, where, leave_out)
        kind = kind or _guess_kind(x, where)
        _check_channels_last(x, kind, where)
        shaped = _with_channels(x if good.all() else x[good], kind)
        if shaped.ndim > x.ndim and part == "train":
            notes.append("a channel axis was added")
        y = np.asarray(arrays[labels])
        rows = [f"{key}[{row}]" for row in np.flatnonzero(good)]
        parts[part] = Part(shaped, y if good.all() else y[good], rows, bad=bad)
    origin = f"Arrays {', '.join(key for pair in pairs.values() for key in pair)} of {place}"
    shown = pixel_range(parts["train"].x) if kind == "image" and len(parts["train"].x) else None
    about = Description(place.stem, origin, kind or "image", shown, notes=notes)
    return make_bundle(parts, about, options, names, str(place))


def read_npz(place: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz archive.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, no .npz, or holds Python objects.
    """
    if place.is_dir():
        raise FileAccessError(f"expected an .npz file but {place} is a folder.")
    try:
        # Opened here, for NumPy leaves a file open that turns out to be damaged.
        with place.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.ndarray):
                return {name: loaded[name] for name in loaded.files}
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error
    except (
        ValueError,
        EOFError,
        KeyError,
        MemoryError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if "Object arrays" in str(error):
            raise FileFormatError(
                f"{place} holds an array of Python objects, which could run any program when opened. "
                "Save arrays of numbers; rows of different lengths have to be made equal first."
            ) from error
        raise FileFormatError(f"{place} is damaged or no .npz file. Write it again with np.savez.") from error
    raise FileFormatError(f"{place} is a single array; put examples and labels into one .npz with np.savez.")


def _find_parts(arrays: Mapping[str, np.ndarray], place: Path) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for part, spellings in (("train", _TRAIN), ("validation", _VALIDATION), ("test", _TEST)):
        for x, y in spellings:
            if x in arrays and y in arrays:
                found.setdefault(part, (x, y))
    there = ", ".join(f"{name} {format_shape(array.shape)}" for name, array in arrays.items()) or "nothing"
    if "train" not in found:
        raise DataError(
            f"{place} holds {there}. Wanted are x_train and y_train (and x_test, y_test), "
            "train_images and train_labels, or x and y."
        )
    for x, y in found.values():
        if arrays[x].ndim == 0 or arrays[y].ndim == 0 or len(arrays[x]) != len(arrays[y]):
            raise DataError(
                f"{place}: {x} has the shape {format_shape(arrays[x].shape)} and {y} "
                f"{format_shape(arrays[y].shape)}; every example takes one label."
            )
        if len(arrays[x]) == 0:
            raise DataError(f"{x} in {place} holds no examples.")
    return found


def _class_names(arrays: Mapping[str, np.ndarray], place: Path) -> list[str] | None:
    if _CLASS_NAMES not in arrays:
        return None
    names = arrays[_CLASS_NAMES]
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) != len(names):
        raise DataError(
            f"class_names in {place} must be a row of different texts; got {names.dtype} {names!r:.200}."
        )
    return [str(name) for name in names]


def _usable_rows(x: np.ndarray, key: str, where: str, leave_out: bool) -> tuple[np.ndarray, list[BadFile]]:
    """Mark the rows that hold only numbers, and list the others."""
    if x.dtype.kind not in "biuf":
        raise DataError(f"{where} has dtype {x.dtype}; examples are made of real numbers.")
    good = np.ones(len(x), bool)
    if x.dtype.kind == "f":
        flat = x.reshape(len(x), -1)
        # A row's sum is finite only if all of the row is, short of overflow: look closer just there.
        with np.errstate(over="ignore", invalid="ignore"):
            suspects = np.flatnonzero(~np.isfinite(flat.sum(axis=1)))
        good[[int(row) for row in suspects if not np.isfinite(flat[row]).all()]] = False
    bad = np.flatnonzero(~good)
    kinds = ["NaN" if np.isnan(x[row]).any() else "infinity" for row in bad]
    if len(bad) and not leave_out:
        raise DataError(
            f"{where} holds {kinds[0]} in row {bad[0]} ({len(bad)} of {len(x)} rows hold such values). "
            "Leave these rows out, or fill the gaps."
        )
    return good, [BadFile(f"{key}[{row}]", f"holds {kind}") for row, kind in zip(bad, kinds, strict=True)]


def _guess_kind(x: np.ndarray, where: str) -> str:
    if x.ndim == 4:
        return "image"
    if x.ndim == 2:
        return "signal"
    if x.ndim == 3:
        return "image" if x.dtype == np.uint8 or x.shape[1] == x.shape[2] else "signal"
    raise DataError(
        f"{where} has the shape {format_shape(x.shape)}; images take (examples, height, width, channels), "
        "signals (examples, steps, channels)."
    )


def _check_channels_last(x: np.ndarray, kind: str, where: str) -> None:
    if kind != "image" or x.ndim != 4 or x.shape[1] not in _CHANNELS or x.shape[3] in _CHANNELS:
        return
    if x.shape[2] == x.shape[3] or min(x.shape[2:]) > _LEAST_SIDE:
        raise DataError(
            f"{where} has the shape {format_shape(x.shape)}: channels seem to come first; move them last: "
            "np.moveaxis(x, 1, -1)."
        )


def _with_channels(x: np.ndarray, kind: str) -> np.ndarray:
    return x[..., None] if x.ndim == {"image": 3, "signal": 2}.get(kind) else x


def pixel_range(x: np.ndarray) -> tuple[float, float]:
    """Guess the lowest and highest value that a pixel can have, by the type and the values."""
    if x.dtype.kind == "b":
        return (0, 1)
    if x.dtype == np.uint8 or x.dtype == np.uint16:
        return (0, int(np.iinfo(x.dtype).max))
    lowest, highest = float(x.min()), float(x.max())
    return settle_range(lowest, highest)
