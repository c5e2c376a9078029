"""Files of weights from elsewhere, read as arrays: which kind one is shows in what it holds."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from striate.applications.keras_weights import read_keras_weights
from striate.artifacts.atomic import open_for_reading
from striate.artifacts.tensors import arrays_from_bytes
from striate.core.errors import FileFormatError

OWN, TORCH, KERAS = "Striate's", "PyTorch's", "Keras's"

# Names of weights take some hundred bytes each.
_MOST_HEADER = 2**22
_HDF5 = b"\x89HDF\r\n\x1a\n"
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))
# Under what a training script may keep the weights, and what DataParallel puts in front of each name.
_NESTED = ("state_dict", "model_state_dict", "model")
_IN_FRONT = "module."


def kind_of(path: Path) -> str:
    """Say whose weights a file holds, by its first bytes: Striate's, PyTorch's or Keras's.

    Raises:
        FileAccessError: the file is missing or cannot be read.
    """
    with open_for_reading(path, "weights file") as file:
        head = file.read(16)
        names = file.read(_MOST_HEADER) if head[8:9] == b"{" else b""
    if head.startswith(_HDF5):
        return KERAS
    if head.startswith(_PICKLES) or (head.startswith(b"PK") and _is_of_torch(path)):
        return TORCH
    # safetensors: the length of a JSON header, then the header. Our own names of weights are paths.
    header = (head + names)[8 : 8 + int.from_bytes(head[:8], "little")]
    return TORCH if names and b"/" not in header else OWN


def read_weights(path: Path) -> tuple[str, Mapping[str, Any]]:
    """Read a file of weights: whose it is, and arrays by name, for Keras lists of arrays by layer.

    Of Striate's own files nothing is read here. Files of PyTorch are opened without running
    anything that is in them (`weights_only`).

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or holds something else.
        MissingExtraError: h5py is not installed and it is a file of Keras.
    """
    kind = kind_of(path)
    if kind == OWN:
        return kind, {}
    if kind == KERAS:
        return kind, read_keras_weights(path)
    with open_for_reading(path, "weights file") as file:
        packed = file.read(16)[8:9] == b"{"
    arrays = arrays_from_bytes(path.read_bytes(), str(path)) if packed else _state_dict(path)
    return kind, _as_float(arrays, path)


def _is_of_torch(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("data.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _state_dict(path: Path) -> Mapping[str, np.ndarray]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise FileFormatError(
            f"{path} cannot be read as weights of PyTorch: {str(error).splitlines()[0][:200]} Save a plain "
            "state dict: torch.save(model.state_dict(), path)."
        ) from error
    for key in _NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise FileFormatError(
            f"{path} holds {type(content).__name__}, not a state dict: torch.save(model.state_dict(), path)."
        )
    tensors = {
        str(name).removeprefix(_IN_FRONT): tensor
        for name, tensor in content.items()
        if isinstance(tensor, torch.Tensor)
    }
    return {name: _plain(tensor) for name, tensor in tensors.items()}


def _plain(tensor: torch.Tensor) -> np.ndarray:
    return (
        tensor.detach()
        .to_dense()
        .to(torch.float64 if tensor.dtype == torch.float64 else torch.float32)
        .numpy()
    )


def _as_float(arrays: Mapping[str, np.ndarray], path: Path) -> Mapping[str, np.ndarray]:
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise FileFormatError(f"{path}: {name} holds NaN or infinite numbers.")
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}
