"""A model's weights alone, as a safetensors file with a checksum among its notes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from striate.artifacts.atomic import reading, write_atomically
from striate.artifacts.foreign import check_suffix
from striate.artifacts.model_file import read_model_file
from striate.artifacts.part_files import sweep_parts
from striate.artifacts.tensors import arrays_from_bytes, check_seal, tensor_bytes
from striate.core.errors import FileFormatError, StateError
from striate.core.shapes import format_bytes
from striate.layers.weights import named_weights, public_array
from striate.models.saving import fill_weights

# The widest number takes 8 bytes, and a header this much at most.
_WIDEST, _HEADER = 8, 1 << 25


def save_weights(model: Any, path: str | Path) -> None:
    """Write all weights by path ("conv2d/kernel"), in Keras's layout, atomically.

    Raises:
        StateError: a model without weights yet.
        ArgumentError: a suffix of another program's format.
        FileAccessError: the place cannot be written.
    """
    _check_built(model)
    arrays = {name: public_array(tensor, spec) for name, tensor, spec in named_weights(model)}
    # Weights alone are an ordinary safetensors file, so that name is no false promise here.
    place = Path(path) if Path(path).suffix.lower() == ".safetensors" else check_suffix(path)
    write_atomically(place, [tensor_bytes(arrays, sealed=True)])
    sweep_parts(Path(place).resolve().parent)


def load_weights(model: Any, path: str | Path) -> None:
    """Read weights that `save_weights` wrote, or those inside a model file.

    A safetensors file of another program has no checksum and is taken as it is.

    Raises:
        StateError: a model without weights yet.
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or its weights belong to another network.
        ShapeError: a weight of another shape.
    """
    _check_built(model)
    place = str(path)
    with reading(path, "weights file") as file:
        packed = file.read(2) == b"PK"
        size = file.seek(0, os.SEEK_END)
        most = model.count_params() * _WIDEST + _HEADER
        if not packed and size > most:
            raise FileFormatError(
                f"{place} takes {format_bytes(size)}, more than the weights of model {model.name!r} can "
                f"({format_bytes(most)}): they belong to another network."
            )
        file.seek(0)
        content = b"" if packed else file.read()
    if packed:
        arrays = read_model_file(path).weights
    else:
        arrays = arrays_from_bytes(content, place)
        check_seal(content, arrays, place)
    fill_weights(model, arrays, place)


def _check_built(model: Any) -> None:
    if not model.built:
        raise StateError(f"model {model.name!r} has no weights yet: build it or show it data first.")
