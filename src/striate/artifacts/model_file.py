"""The model file: everything about a trained network in one archive, as plain data.

Nothing in it is a program: layers are names and numbers, which `models` makes live again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from striate.artifacts.foreign import check_suffix
from striate.artifacts.format import FileFormat, read_json_entry
from striate.artifacts.json_file import json_bytes
from striate.artifacts.tensors import arrays_from_bytes, tensor_bytes
from striate.core.errors import ArgumentError, FileFormatError

_TABLES = ("graph", "preprocessing", "provenance")
_GRAPH, _PREPROCESSING, _PROVENANCE = (f"{name}.json" for name in _TABLES)
_CLASS_NAMES = "class_names.json"
_WEIGHTS, _OPTIMIZER = "weights.safetensors", "optimizer.safetensors"

MODEL_FORMAT = FileFormat(
    name="striate-model",
    version=1,
    entries=(_GRAPH, _PREPROCESSING, _CLASS_NAMES, _PROVENANCE, _WEIGHTS, _OPTIMIZER),
    what="model file",
)


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What a model file holds.

    `graph` says how the layers hang together, `weights` maps each weight's path to its array in
    Keras's layout, `preprocessing` says what was done to the data before the network,
    `class_names` are the answers in the order of the output, `provenance` says where the
    network comes from, `optimizer` holds what training needs to go on, and is empty in a file
    that is only to be used. `manifest` may carry more facts; format and version are put in by writing.
    """

    graph: dict[str, Any]
    weights: dict[str, np.ndarray]
    preprocessing: dict[str, Any] = field(default_factory=dict)
    class_names: list[str] | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, np.ndarray] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)


def write_model_file(path: str | os.PathLike[str], model: ModelFile) -> None:
    """Write a model file atomically; the same content gives the same bytes.

    Raises:
        ArgumentError: a name that promises another program's file, or content that a file
            cannot hold.
        FileAccessError: the file cannot be written; a file that was there stays as it was.
    """
    check_suffix(path)
    for name in _TABLES:
        kind = type(getattr(model, name))
        if not issubclass(kind, dict):
            raise ArgumentError(f"{name} of a model file must be a dict; got {kind.__name__}.")
    if not _are_class_names(model.class_names):
        raise ArgumentError(
            f"class_names must be a list of different texts, or None; got {model.class_names!r}."
        )
    contents = {f"{name}.json": json_bytes(getattr(model, name)) for name in _TABLES}
    contents[_CLASS_NAMES] = json_bytes(model.class_names)
    contents[_WEIGHTS] = tensor_bytes(model.weights)
    contents[_OPTIMIZER] = tensor_bytes(model.optimizer)
    MODEL_FORMAT.write(path, model.manifest, contents)


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Read a model file, every bit of it checked.

    Raises:
        FileAccessError: the file is missing, a folder, or cannot be read.
        FileFormatError: the file is damaged, foreign or from a newer version.
    """
    place = os.fspath(path)
    manifest, contents = MODEL_FORMAT.read(path)
    tables = {name: read_json_entry(contents, f"{name}.json", place) for name in _TABLES}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise FileFormatError(f"{name}.json in {place} is not a table of names and values.")
    class_names = read_json_entry(contents, _CLASS_NAMES, place)
    if not _are_class_names(class_names):
        raise FileFormatError(f"{_CLASS_NAMES} in {place} is not a list of different texts.")
    weights, optimizer = (arrays_from_bytes(contents.pop(name), place) for name in (_WEIGHTS, _OPTIMIZER))
    return ModelFile(
        weights=weights, optimizer=optimizer, class_names=class_names, manifest=manifest, **tables
    )


def _are_class_names(names: Any) -> bool:
    if names is None:
        return True
    are_texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return are_texts and len(set(names)) == len(names)
