"""Files of other programs: what they are, by their first bytes or their suffix, and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from striate.artifacts.atomic import reading
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
_KERAS = "Named .keras or .h5, striate.load() reads it (pip install striate[keras])"
_PICKLE = "a pickle, which can run any program when it is opened; Striate never does. Bring arrays instead"
_TORCH = "a PyTorch file. Bring its weights over as arrays, with set_weights()"
_ONNX = "an ONNX file, which Striate does not read. Bring its weights over as arrays, with set_weights()"
_PACKED = "packed with {}. Unpack it first, if you know who made it"
# What a file begins with. The old pickles begin with text: a global's or a tuple's opening.
_MAGIC_BYTES = {
    rb"\x89HDF\r\n\x1a\n": f"a Keras or other HDF5 file. {_KERAS}",
    rb"\x80[\x01-\x06]|c[\w.]+\n\w+\n|\(dp?\d*\n|\(lp?\d*\n": _PICKLE,
    rb"\x08[\x01-\x10][\x12\x1a\x22\x3a]": _ONNX,
    rb"\x1f\x8b": _PACKED.format("gzip"),
    rb"BZh[1-9]": _PACKED.format("bzip2"),
    rb"\xfd7zXZ\x00": _PACKED.format("xz"),
    rb"\x28\xb5\x2f\xfd": _PACKED.format("Zstandard"),
    rb"7z\xbc\xaf\x27\x1c": _PACKED.format("7-Zip"),
    rb"Rar!\x1a\x07": _PACKED.format("RAR"),
    rb".{257}ustar": "a tar archive, which may be an old PyTorch file. Bring its weights over as arrays",
    rb"\x93NUMPY": "a NumPy array. Weights go in with set_weights()",
    rb".{8}\{\"": "a safetensors file of weights alone. Make the network first: model.load_weights(path)",
    rb".{4}TFL3": "a TensorFlow Lite file. Bring its weights over as arrays, with set_weights()",
    rb"GGUF": "a GGUF file of a language model, which Striate does not run",
    rb"\x7fELF|MZ|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe": "a program. Do not run it unless you know who made it",
    rb"#!": "a script. Do not run it unless you know who made it",
    rb"\s*[\{\[]": "a JSON text, which may describe a network but holds no weights",
    rb"\s*<": "a page of HTML or XML. Was it saved in place of the file that it links to?",
}
_NAMES_READ = 1 << 20


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
    place = os.fspath(path)
    with reading(path, what) as file:
        head = file.read(512)
        if head.startswith(MAGIC + b"\x14\x00") and head[30:].startswith(first_entry.encode()):
            return
        if head.startswith(b"PK"):
            raise FileFormatError(f"{place} is not a {what} but {_kind_of_zip(file)}.")
    if not head:
        raise FileFormatError(f"{place} is empty, not a {what}. Was it cut off while being copied?")
    for magic, kind in _MAGIC_BYTES.items():
        if re.match(magic, head, re.DOTALL):
            raise FileFormatError(f"{place} is not a {what} but {kind}.")
    program = _FOREIGN_SUFFIXES.get(Path(path).suffix.lower())
    hint = f"; by its name it is one of {program}" if program else ""
    raise FileFormatError(
        f"{place} is not a {what}{hint}. Striate opens files that save('name{SUFFIX}') has written."
    )


def _kind_of_zip(file: BinaryIO) -> str:
    names = list(_names_in_zip(file))
    if not names:
        return "a damaged zip"
    if any(name.endswith("weights.h5") for name in names):
        return f"a Keras file. {_KERAS}"
    if any(name.endswith((".pkl", ".pickle")) for name in names):
        return _TORCH
    if all(name.endswith(".npy") for name in names):
        return "a NumPy archive. Weights go in with set_weights()"
    return f"a zip of something else (it holds {', '.join(map(repr, names[:3]))})"


def _names_in_zip(file: BinaryIO) -> Iterator[str]:
    # Python's reader takes the sizes and counts in a zip at their word; this takes a piece of the end.
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _NAMES_READ, 0))
    tail = file.read(_NAMES_READ)
    for found in re.finditer(rb"PK\x01\x02", tail):
        start = found.start()
        length = int.from_bytes(tail[start + 28 : start + 30], "little")
        yield tail[start + 46 : start + 46 + min(length, 100)].decode("utf-8", "replace")
