"""Named arrays as safetensors bytes, the same bytes for the same arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy

from striate.core.errors import ArgumentError, FileFormatError

_DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8")
_UNSIGNED = ("uint64", "uint32", "uint16", "uint8", "bool")
_KNOWN = _DTYPES + _UNSIGNED


def tensor_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Write arrays as safetensors, bit for bit; the order of the mapping does not matter.

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
    return safetensors.numpy.save(ready)


def arrays_from_bytes(content: bytes, source: str) -> dict[str, np.ndarray]:
    """Read arrays from safetensors bytes, sorted by name; `source` names the file in errors.

    Raises:
        FileFormatError: not safetensors, or arrays of a kind that Striate does not write.
    """
    try:
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(f"the weights in {source} cannot be read: {error}.") from error
    for name, array in arrays.items():
        if array.dtype.name not in _KNOWN:
            raise FileFormatError(
                f"array {name!r} in {source} has dtype {array.dtype}; Striate takes {', '.join(_KNOWN)}."
            )
    return dict(sorted(arrays.items()))
