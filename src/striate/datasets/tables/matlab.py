"""MATLAB files of examples and labels, and those of SVHN."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.core.errors import FileAccessError, FileFormatError
from striate.core.shapes import format_shape
from striate.datasets.tables.mat_elements import DamagedError, read_variables

_HDF5 = b"\x89HDF\r\n\x1a\n"
_NAMES = (
    ("X", "y"),
    ("x", "y"),
    ("X", "Y"),
    ("data", "labels"),
    ("images", "labels"),
    ("features", "labels"),
)


def read_mat(place: Path, said: list[str] | None = None) -> dict[str, np.ndarray]:
    """Read the arrays of a MATLAB file of version 5 to 7.2, with examples along the first axis.

    A row or column of labels becomes (examples,), cells and rows of letters become text. Where
    the examples lie along the last axis, as those of SVHN, they are turned to the front, and
    `said` gets a note of it; SVHN's label 10 stands for the digit 0.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or of another version.
    """
    try:
        content = place.read_bytes()
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error
    if _HDF5 in (content[:8], content[512:520]) or content.startswith(b"MATLAB 7.3"):
        raise FileFormatError(
            f"{place} is a MATLAB file of version 7.3, which is HDF5 inside and not read. Save it again in "
            f"MATLAB by save('{place.name}', '-v7'), or turn its arrays into an .npz with h5py."
        )
    try:
        arrays = {name: _plain(value) for name, value in read_variables(content)}
    except DamagedError as error:
        raise FileFormatError(
            f"{place} is damaged or no MATLAB file of version 5 to 7.2: {error}. Get another copy of it."
        ) from error
    notes = [] if said is None else said
    notes += [note for x, y in _NAMES if x in arrays and y in arrays and (note := _turn(arrays, x, y))]
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _plain(value: np.ndarray) -> np.ndarray:
    """Make a row of labels one axis; letters come padded to one length."""
    if value.dtype.kind == "U":
        return np.char.strip(value)
    return value[0] if value.ndim == 2 and value.shape[0] == 1 and value.shape[1] > 1 else value


def _turn(arrays: dict[str, np.ndarray], x_name: str, y_name: str) -> str:
    """Bring the examples to the front where the last axis has as many as there are labels; say so."""
    x, y = arrays[x_name], arrays[y_name].reshape(-1)
    if x.ndim < 2 or x.shape[-1] != len(y) or len(x) == len(y):
        return ""
    arrays[x_name] = np.moveaxis(x, -1, 0)
    if x.shape[:3] == (32, 32, 3) and set(np.unique(y).tolist()) <= set(range(1, 11)):
        arrays[y_name] = np.where(y == 10, 0, y)
        arrays["class_names"] = np.array([str(digit) for digit in range(10)])
    return f"{x_name} of {format_shape(x.shape)} counts its examples along the last axis: turned to the front"
