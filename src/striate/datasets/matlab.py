"""MATLAB files of examples and labels, and those of SVHN."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.core.errors import FileAccessError, FileFormatError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_IMAGES = 4


def read_mat(place: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a MATLAB file of version 4 to 7.2, with examples along the first axis.

    Rows and columns of labels become (examples,), cells of words text. Where the examples of four
    axes lie along the last one, as those of SVHN, they are turned to the front; SVHN's label 10
    stands for the digit 0.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or of version 7.3.
    """
    loaded = _load(place)
    arrays = {}
    for name, value in loaded.items():
        array = _plain(value)
        if array is not None and not name.startswith("__"):
            arrays[name] = array
    if "X" in arrays and "y" in arrays:
        _turn(arrays)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _load(place: Path) -> dict[str, np.ndarray]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        with place.open("rb") as file:
            head = file.read(1024)
        if _HDF5 in (head[:8], head[512:520]) or head.startswith(b"MATLAB 7.3"):
            raise FileFormatError(
                f"{place} is a MATLAB file of version 7.3, which is HDF5 inside and not read. Save it again "
                f"in MATLAB by save('{place.name}', '-v7'), or turn its arrays into an .npz with h5py."
            )
        return loadmat(place, appendmat=False)
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error
    except (
        MatReadError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        NotImplementedError,
        MemoryError,
    ) as error:
        raise FileFormatError(f"{place} is damaged or no MATLAB file: {str(error)[:200]}.") from error


def _plain(value: object) -> np.ndarray | None:
    """Make a plain array of a variable: numbers, or the words of a cell array; None for anything else."""
    if not isinstance(value, np.ndarray):
        return None
    if value.dtype.kind == "O":
        words = [cell.item() for cell in value.reshape(-1) if isinstance(cell, np.ndarray) and cell.size == 1]
        good = len(words) == value.size and all(isinstance(word, str) for word in words)
        return np.array(words) if good and words else None
    if value.dtype.kind == "U":
        # The rows of a character matrix come padded to one length.
        return np.char.strip(value.reshape(-1))
    if value.dtype.kind not in "biuf":
        return None
    return value[0] if value.ndim == 2 and value.shape[0] == 1 and value.shape[1] > 1 else value


def _turn(arrays: dict[str, np.ndarray]) -> None:
    x, y = arrays["X"], arrays["y"].reshape(-1)
    if x.ndim == _IMAGES and x.shape[-1] == len(y) and len(x) != len(y):
        arrays["X"] = np.moveaxis(x, -1, 0)
        if x.shape[:3] == (32, 32, 3) and set(np.unique(y).tolist()) <= set(range(1, 11)):
            arrays["y"] = np.where(y == 10, 0, y)
            arrays["class_names"] = np.array([str(digit) for digit in range(10)])
