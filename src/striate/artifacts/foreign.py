"""Files of other programs: what they are, by their first bytes or their suffix, and what to do."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from striate.artifacts.atomic import open_for_reading
from striate.artifacts.canonical_zip import MAGIC
from striate.core.errors import ArgumentError, FileFormatError

SUFFIX = ".striate"

_ELSEWHERE = "Striate writes its own files, which no other program can change unnoticed"
_FOREIGN_SUFFIXES = {
    ".keras": "Keras",
    ".h5": "Keras (HDF5)",
    ".hdf5": "Keras (HDF5)",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".pkl": "Python's pickle",
    ".pickle": "Python's pickle",
    ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite",
    ".pb": "TensorFlow",
    ".safetensors": "safetensors",
    ".npz": "NumPy",
}
_KERAS = "Its weights can be brought over with get_weights() there and set_weights() here"
_PICKLE = "a pickle, which can run any program when it is opened; Striate never does. Bring arrays instead"
_TORCH = "a PyTorch file. Bring its weights over as arrays, with set_weights()"
_ONNX = "an ONNX file, which Striate does not read. Bring its weights over as arrays, with set_weights()"
_MAGIC_BYTES = {
    b"\x89HDF\r\n\x1a\n": f"a Keras or other HDF5 file. {_KERAS}",
    **{bytes([0x80, protocol]): _PICKLE for protocol in (2, 3, 4, 5)},
    **{bytes([0x08, version]): _ONNX for version in range(3, 16)},
    b"\x1f\x8b": "packed with gzip. Unpack it first",
    b"\x93NUMPY": "a NumPy array. Weights go in with set_weights()",
}


def check_suffix(path: str | os.PathLike[str]) -> Path:
    """Hand the path back, unless its suffix promises the file of another program.

    Raises:
        ArgumentError: a suffix such as .keras, .h5, .pt or .onnx, with the name to use.
    """
    wanted = Path(path)
    program = _FOREIGN_SUFFIXES.get(wanted.suffix.lower())
    if program is None:
        return wanted
    advice = "To use the weights in another program, take them from get_weights()."
    raise ArgumentError(
        f"{os.fspath(path)!r} is a name for a file of {program}. {_ELSEWHERE}: "
        f"save({str(wanted.with_suffix(SUFFIX))!r}). {advice}"
    )


def refuse_foreign(path: str | os.PathLike[str], what: str, first_entry: str) -> None:
    """Stop at a file of another kind, and say which; a zip that begins with `first_entry` passes.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: the file is of another kind.
    """
    with open_for_reading(path, what) as file:
        head = file.read(256)
    if head.startswith(MAGIC + b"\x14\x00") and head[30:].startswith(first_entry.encode()):
        return
    if head.startswith(MAGIC):
        raise FileFormatError(f"{os.fspath(path)} is not a {what} but {_kind_of_zip(path)}.")
    if not head:
        raise FileFormatError(f"{os.fspath(path)} is empty, not a {what}. Was it cut off while being copied?")
    for magic, kind in _MAGIC_BYTES.items():
        if head.startswith(magic):
            raise FileFormatError(f"{os.fspath(path)} is not a {what} but {kind}.")
    program = _FOREIGN_SUFFIXES.get(Path(path).suffix.lower())
    hint = f"; by its name it is one of {program}" if program else ""
    raise FileFormatError(
        f"{os.fspath(path)} is not a {what}{hint}. Striate opens files that save('name{SUFFIX}') has written."
    )


def _kind_of_zip(path: str | os.PathLike[str]) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:1000]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged zip"
    if any(name.endswith("weights.h5") for name in names):
        return f"a Keras file. {_KERAS}"
    if any(name.endswith("data.pkl") for name in names):
        return _TORCH
    if names and all(name.endswith(".npy") for name in names):
        return "a NumPy archive. Weights go in with set_weights()"
    return f"a zip of something else (it holds {', '.join(map(repr, names[:3])) or 'nothing'})"
