"""A model's weights alone, as a safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.artifacts.atomic import open_for_reading, write_atomically
from striate.artifacts.foreign import check_suffix
from striate.artifacts.model_file import read_model_file
from striate.artifacts.tensors import arrays_from_bytes, tensor_bytes
from striate.core.errors import StateError
from striate.layers.weights import named_weights, public_array
from striate.models.saving import fill_weights


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
    write_atomically(place, [tensor_bytes(arrays)])


def load_weights(model: Any, path: str | Path) -> None:
    """Read weights that `save_weights` wrote, or those inside a model file.

    Raises:
        StateError: a model without weights yet.
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or its weights belong to another network.
        ShapeError: a weight of another shape.
    """
    _check_built(model)
    with open_for_reading(path, "weights file") as file:
        content = file.read()
    if content.startswith(b"PK"):
        arrays = read_model_file(path).weights
    else:
        arrays = arrays_from_bytes(content, str(path))
    fill_weights(model, arrays, str(path))


def _check_built(model: Any) -> None:
    if not model.built:
        raise StateError(f"model {model.name!r} has no weights yet: build it or show it data first.")
