"""Arrays on the disk, by their path: .npz, .npy, MATLAB, IDX and CIFAR's files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, FileAccessError, FileFormatError
from striate.datasets.options import SourceOptions
from striate.datasets.source import DataBundle
from striate.datasets.tables.arrays import bundle_of_arrays, read_npz
from striate.datasets.tables.cifar_files import find_cifar, load_cifar
from striate.datasets.tables.idx_files import find_idx, load_idx
from striate.datasets.tables.matlab import read_mat
from striate.datasets.tables.part_files import find_part_files

# What the labels of x.npy may be called, beside what takes the place of x in its name.
_BESIDE = ("y", "Y", "labels", "label", "targets", "target")
_X_WORDS = {"x": "y", "X": "y", "images": "labels", "features": "labels", "data": "labels"}


def load_array_file(path: str | os.PathLike[str], options: SourceOptions | None = None) -> DataBundle:
    """Load examples and labels from arrays on the disk: a file, or a folder of them.

    .npz and .mat hold arrays called x_train and y_train, or as `load_arrays` tells; X.npy has its
    labels in y.npy or X_labels.npy beside it; IDX files come as images and labels; CIFAR's
    batches as a folder, one of its files, or the archive. Rows that hold NaN go by
    `options.bad_files`.

    Shape:
        images: (examples, height, width, channels), or without channels
        signals: (examples, steps, channels), or (examples, steps)

    Raises:
        FileAccessError: a file is missing or cannot be read.
        FileFormatError: a file is damaged, or of another format.
        DataError: arrays are missing, of different lengths, or hold too much that cannot be used.
        LabelError: labels that are no classes.
    """
    place, chosen = Path(path), options or SourceOptions()
    if find_cifar(place) is not None:
        return load_cifar(place, chosen)
    suffix = place.suffix.lower()
    if place.is_file() and suffix == ".npz":
        return bundle_of_arrays(read_npz(place), place, chosen, leave_out=True)
    if place.is_file() and suffix == ".npy":
        return bundle_of_arrays(_arrays_beside(place), place, chosen, leave_out=True)
    if place.is_file() and suffix == ".mat":
        return _load_mat(place, chosen)
    if find_idx(place):
        return load_idx(place, chosen)
    return _load_folder(place, chosen)


def _load_folder(folder: Path, options: SourceOptions) -> DataBundle:
    if not folder.is_dir():
        raise FileAccessError(f"there is no file or folder of arrays {folder}.")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for suffix in (".npz", ".mat"):
        found = [path for path in files if path.suffix.lower() == suffix]
        if len(found) == 1 or (found and suffix == ".mat"):
            return load_array_file(found[0], options)
    arrays = {path.stem: _read_npy(path) for path in files if path.suffix.lower() == ".npy"}
    if not arrays:
        listed = ", ".join(path.name for path in files[:5]) or "nothing"
        raise DataError(f"{folder} holds {listed}, and no arrays with labels. Name one file.")
    return bundle_of_arrays(arrays, folder, options, leave_out=True)


def _arrays_beside(place: Path) -> dict[str, np.ndarray]:
    """Read an array of examples and its labels, and the arrays of the other parts beside them."""
    beside = {path.stem: path for path in sorted(place.parent.glob("*.npy"))}
    for part in ("train", "test", "val"):
        for x, y in (("x", "y"), ("X", "y"), ("X", "Y")):
            if place.stem in (f"{x}_{part}", f"{y}_{part}") and f"{x}_train" in beside:
                return {name: _read_npy(path) for name, path in beside.items()}
        if place.stem in (f"{part}_images", f"{part}_labels") and "train_images" in beside:
            return {name: _read_npy(path) for name, path in beside.items()}
    labels = _labels_of(place.stem, beside)
    if labels is None:
        raise FileAccessError(
            f"there are no labels for {place}: wanted is {place.stem}_labels.npy or y.npy beside it."
        )
    arrays = {"x": _read_npy(place), "y": _read_npy(beside[labels])}
    if "class_names" in beside:
        arrays["class_names"] = _read_npy(beside["class_names"])
    return arrays


def _labels_of(stem: str, beside: dict[str, Path]) -> str | None:
    names = [f"{stem}_labels", f"{stem}_label", f"{stem}_y"]
    for x, y in _X_WORDS.items():
        if x in stem.split("_"):
            names.append("_".join(y if word == x else word for word in stem.split("_")))
    return next((name for name in (*names, *_BESIDE) if name in beside and name != stem), None)


def _read_npy(place: Path) -> np.ndarray:
    try:
        with place.open("rb") as file:
            return np.load(file, allow_pickle=False)
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error
    except (ValueError, EOFError, MemoryError) as error:
        if "Object arrays" in str(error):
            raise FileFormatError(
                f"{place} holds Python objects, which could run any program when opened. Save an array "
                "of numbers."
            ) from error
        raise FileFormatError(f"{place} is damaged or no .npy file. Write it again with np.save.") from error


def _load_mat(place: Path, options: SourceOptions) -> DataBundle:
    """Load a MATLAB file; train_32x32.mat and test_32x32.mat, as SVHN's, belong together."""
    files = find_part_files(place, (".mat",))
    said: list[str] = []
    if len(files) == 1:
        return bundle_of_arrays(read_mat(place, said), place, options, True, said)
    arrays: dict[str, np.ndarray] = {}
    for part, file in files.items():
        found = read_mat(file, said)
        if "X" not in found or "y" not in found:
            said = []
            return bundle_of_arrays(read_mat(place, said), place, options, True, said)
        word = {"validation": "val"}.get(part, part)
        arrays |= {f"X_{word}": found["X"], f"y_{word}": found["y"]}
        if "class_names" in found:
            arrays["class_names"] = found["class_names"]
    bundle = bundle_of_arrays(arrays, place.parent, options, True, list(dict.fromkeys(said)))
    listed = ", ".join(file.name for file in files.values())
    return replace(bundle, name=place.parent.resolve().name, origin=f"{bundle.origin.rstrip('.')}: {listed}.")
