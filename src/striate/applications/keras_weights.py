"""Keras's weights in HDF5 files: `layer_names` and, for each layer, `weight_names` in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import FileFormatError, MissingExtraError

# More numbers than this in one weight no network here has: four times VGG's largest.
_MOST_NUMBERS = 2**29


def import_h5py() -> Any:
    """Import what reads HDF5 files, which is an extra.

    Raises:
        MissingExtraError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            'weights of Keras need the h5py package: pip install "striate[keras]".'
        ) from error
    return h5py


def read_keras_weights(path: Path) -> dict[str, list[np.ndarray]]:
    """Read the arrays of each layer that has any, in Keras's order, from weights or a whole model.

    Only arrays that lie in the file itself are read: links to elsewhere, in this file or in
    others, are refused.

    Raises:
        FileFormatError: damaged, of another layout, or with links.
        MissingExtraError: h5py is not installed.
    """
    h5py = import_h5py()
    try:
        with h5py.File(path, "r") as file:
            return _layers(h5py, file, path)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"{path} is damaged: {str(error)[:200]}.") from error


def _layers(h5py: Any, file: Any, path: Path) -> dict[str, list[np.ndarray]]:
    root = file
    if "layer_names" not in root.attrs and "model_weights" in root:
        root = _member(h5py, root, "model_weights", path)
    if "layer_names" not in root.attrs:
        raise FileFormatError(
            f"{path} has no list of layers (layer_names), so it is none of Keras's .h5 weights. What "
            "Keras 3 wrote as .weights.h5 becomes one there: model.load_weights(...), model.save('x.h5')."
        )
    found = {}
    for name in _texts(root.attrs["layer_names"]):
        group = _member(h5py, root, name, path)
        names = _texts(group.attrs["weight_names"])
        if names:
            found[name] = [_array(h5py, group, weight, path) for weight in names]
    return found


def _texts(names: Any) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in np.asarray(names).tolist()]


def _member(h5py: Any, group: Any, name: str, path: Path) -> Any:
    """Walk down to a member, one step at a time, by hard links only."""
    for part in name.split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise FileFormatError(f"{path}: {name!r} is a link to somewhere else, which is not followed.")
        group = group[part]
    return group


def _array(h5py: Any, group: Any, name: str, path: Path) -> np.ndarray:
    member = _member(h5py, group, name, path)
    if not isinstance(member, h5py.Dataset) or member.external or member.is_virtual:
        raise FileFormatError(f"{path}: {name!r} holds no numbers of its own.")
    if member.dtype.kind != "f" or member.size > _MOST_NUMBERS:
        raise FileFormatError(f"{path}: {name!r} holds {member.size:,} values of {member.dtype}, no weights.")
    return np.asarray(member[()], np.float32)
