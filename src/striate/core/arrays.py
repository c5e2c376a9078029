"""Between NumPy arrays and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError
from striate.core.tree import leaves, map_leaves

# torch has no operations for these; the next larger type holds every value.
_WIDER = {np.dtype("uint16"): np.int32, np.dtype("uint32"): np.int64, np.dtype("uint64"): np.int64}


def as_tensor(array: Any) -> torch.Tensor:
    """See an array as a tensor, sharing memory where torch can; else the least copy that works.

    Raises:
        DataError: an array of objects or text, or lists of uneven length.
    """
    if isinstance(array, torch.Tensor):
        return array
    try:
        found = np.asarray(array)
    except ValueError as error:
        raise DataError(f"these values make no array with straight edges: {error}.") from error
    if found.dtype.kind not in "biufc":
        raise DataError(f"expected numbers; got an array of dtype {found.dtype} and shape {found.shape}.")
    if isinstance(array, (list, tuple, float)) and not isinstance(array, np.generic) and found.dtype == float:
        found = found.astype(np.float32)
    found = found.astype(_WIDER.get(found.dtype, found.dtype.newbyteorder("=")), copy=False)
    if not found.flags.writeable or any(stride < 0 for stride in found.strides):
        found = found.copy()
    return torch.from_numpy(found)


def is_array(value: Any) -> bool:
    """Whether a person would call this an array: NumPy, numbers, or nested lists of numbers."""
    if isinstance(value, torch.Tensor):
        return False
    if isinstance(value, (list, tuple)):
        return all(is_array(part) for part in value) and not any(
            isinstance(part, np.ndarray) for part in leaves(value)
        )
    return isinstance(value, (int, float, np.generic)) or hasattr(value, "__array__")


def tensors_from(structure: Any, device: torch.device) -> Any:
    """Turn every array in a structure into a tensor on the device; tensors are moved there too."""
    if is_array(structure):
        return as_tensor(structure).to(device)
    if isinstance(structure, (list, tuple)):
        return type(structure)(tensors_from(part, device) for part in structure)
    if isinstance(structure, dict):
        return {key: tensors_from(part, device) for key, part in structure.items()}
    return structure.to(device) if isinstance(structure, torch.Tensor) else structure


def plain(structure: Any) -> Any:
    """Hand tensors to a person: no gradient, on the CPU, bf16 as float32, so that `.numpy()` works."""

    def hand_over(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        value = value.detach().cpu()
        return value.float() if value.dtype in (torch.bfloat16, torch.float16) else value

    return map_leaves(hand_over, structure)


def as_dtype(name: Any) -> torch.dtype:
    """Turn 'float64', numpy.float64 or torch.float64 into torch's dtype.

    Raises:
        ArgumentError: something that names no number type.
    """
    if isinstance(name, torch.dtype):
        return name
    try:
        text = name if isinstance(name, str) else np.dtype(name).name
    except TypeError:
        text = str(name)
    found = getattr(torch, text, None)
    if not isinstance(found, torch.dtype):
        raise ArgumentError(f"dtype {name!r} is not a number type; write 'float32' or 'float64'.")
    return found
