"""Named arrays as safetensors bytes, the same bytes for the same arrays, and back.

The header is read here first and with limits: it says sizes, and nothing is made of a size before
it was found to fit the bytes that are there. (Format: an 8-byte length, a JSON header, the numbers.)
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from striate.artifacts.json_file import parse_json
from striate.core.errors import ArgumentError, FileFormatError, StriateError

_DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8")
_UNSIGNED = ("uint64", "uint32", "uint16", "uint8", "bool")
_KNOWN = _DTYPES + _UNSIGNED
_IN_HEADERS = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")
_SIZES = {short: np.dtype(name).itemsize for short, name in zip(_IN_HEADERS, _KNOWN, strict=True)}
_NOTES = "__metadata__"
_SEAL = "sha256"
_LONGEST_HEADER = 1 << 24
_MOST_ARRAYS = 30_000
_MOST_AXES = 32


def tensor_bytes(arrays: Mapping[str, np.ndarray], *, sealed: bool = False) -> bytes:
    """Write arrays as safetensors, bit for bit; the order of the mapping does not matter.

    `sealed` puts a SHA-256 over names, kinds, shapes and numbers among the notes, for bytes that
    stand alone in a file; `check_seal` compares it.

    Raises:
        ArgumentError: an array of a kind that a file does not hold, such as objects or text.
    """
    ready: dict[str, np.ndarray] = {}
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        if array.dtype.name not in _KNOWN:
            raise ArgumentError(
                f"array {name!r} has dtype {array.dtype}, which a file cannot hold; "
                f"it takes {', '.join(_KNOWN)}."
            )
        ready[name] = np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")
    return safetensors.numpy.save(ready, {_SEAL: _digest(ready)} if sealed else None)


def arrays_from_bytes(content: bytes, source: str) -> dict[str, np.ndarray]:
    """Read arrays from safetensors bytes, sorted by name; `source` names the file in errors.

    Raises:
        FileFormatError: not safetensors, or arrays of a kind that Striate does not write.
    """
    _check_header(content, source)
    try:
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise _unreadable(source, str(error)) from error
    return dict(sorted(arrays.items()))


def check_seal(content: bytes, arrays: Mapping[str, np.ndarray], source: str) -> None:
    """Compare arrays with the SHA-256 that stands with them; one of another program may have none.

    Raises:
        FileFormatError: they were changed after they were written, or come with notes of another kind.
    """
    notes = _read_header(content, source).get(_NOTES) or {}
    if _SEAL not in notes:
        if set(notes) - {"format"}:
            strange = ", ".join(repr(name) for name in sorted(notes)[:3])
            raise _unreadable(source, f"it comes with notes that Striate does not know: {strange}")
    elif notes != {_SEAL: _digest(arrays)}:
        raise FileFormatError(
            f"{source} is damaged or was changed after it was written: its checksum does not match its "
            "contents. Take another copy of this weights file, or make it again."
        )


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name!r} {array.dtype.name} {arrays[name].shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _read_header(content: bytes, source: str) -> dict[str, Any]:
    (length,) = struct.unpack("<Q", content[:8]) if len(content) >= 8 else (0,)
    if not 2 <= length <= min(_LONGEST_HEADER, len(content) - 8):
        raise _unreadable(source, "its header claims more than the file holds, or than Striate reads")
    try:
        header = parse_json(content[8 : 8 + length], "its header")
    except StriateError as error:
        raise _unreadable(source, str(error)) from error
    if not isinstance(header, dict):
        raise _unreadable(source, "its header is no table of names")
    return header


def _check_header(content: bytes, source: str) -> None:
    header = _read_header(content, source)
    if len(header) > _MOST_ARRAYS:
        raise _unreadable(source, f"it holds {len(header):,} arrays; Striate reads up to {_MOST_ARRAYS:,}")
    for name, facts in header.items():
        if name != _NOTES and not _is_sound(facts):
            raise _unreadable(
                source,
                f"array {name[:100]!r} is not described as a file of Striate would; it takes numbers of "
                f"{', '.join(_KNOWN)} in up to {_MOST_AXES} axes",
            )


def _is_sound(facts: Any) -> bool:
    if not isinstance(facts, dict) or facts.keys() != {"dtype", "shape", "data_offsets"}:
        return False
    dtype, shape, offsets = facts["dtype"], facts["shape"], facts["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _SIZES or not _are_sizes(shape) or len(shape) > _MOST_AXES:
        return False
    return (
        _are_sizes(offsets)
        and len(offsets) == 2
        and math.prod(shape) * _SIZES[dtype] == offsets[1] - offsets[0]
    )


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**48 for value in values)


def _unreadable(source: str, reason: str) -> FileFormatError:
    return FileFormatError(f"the weights in {source} cannot be read: {reason.rstrip('.')}.")
