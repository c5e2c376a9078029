"""Small files in Keras's two forms, written without Keras: whatever a test wants to be in them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def layer(kind: str, name: str = "", **config: Any) -> dict[str, Any]:
    """Describe a layer as Keras 3 does."""
    full = {"name": name or kind.lower(), "trainable": True, "dtype": "float32", **config}
    return {"module": "keras.layers", "class_name": kind, "config": full, "registered_name": None}


def sequential(*layers: Any, shape: tuple[int | None, ...] = (None, 4), **config: Any) -> dict[str, Any]:
    """Describe a Sequential model that begins with an input."""
    first = layer("InputLayer", "entry", batch_shape=list(shape))
    full = {"name": "net", "trainable": True, "layers": [first, *layers], **config}
    return {"module": "keras", "class_name": "Sequential", "config": full, "registered_name": None}


def tensor(name: str, node: int = 0, part: int = 0) -> dict[str, Any]:
    """Describe the output of a call as Keras 3 does in calls."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, node, part]}}


def call(*arguments: Any, **options: Any) -> dict[str, Any]:
    """Describe a call as Keras 3 does."""
    return {"args": list(arguments), "kwargs": options}


def functional(layers: list[dict[str, Any]], inputs: Any, outputs: Any, **config: Any) -> dict[str, Any]:
    """Describe a model from inputs to outputs."""
    full = {"name": "net", "layers": layers, "input_layers": inputs, "output_layers": outputs, **config}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": full}


DENSE = sequential(layer("Dense", "dense", units=2))
KERNEL = np.arange(8, dtype=np.float32).reshape(4, 2)
BIAS = np.array([1.0, -1.0], np.float32)
WEIGHTS = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS}
LISTS = {"dense": {"dense/kernel": KERNEL, "dense/bias": BIAS}}


def hdf5_bytes(
    weights: Mapping[str, np.ndarray], change: Callable[[h5py.File], object] | None = None
) -> bytes:
    """The bytes of a weights file; `change` may do anything to it."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        for path, array in weights.items():
            file[path] = array
        if change is not None:
            change(file)
    return memory.getvalue()


def write_keras(
    path: Path,
    config: Any = DENSE,
    weights: Mapping[str, np.ndarray] = WEIGHTS,
    *,
    change: Callable[[h5py.File], object] | None = None,
    others: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a `.keras` file; `config` may be JSON data or the bytes themselves."""
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", text)
        archive.writestr("model.weights.h5", hdf5_bytes(weights, change))
        for name, content in (others or {}).items():
            archive.writestr(name, content)
    return path


def write_h5(
    path: Path,
    config: Any = DENSE,
    lists: Mapping[str, Mapping[str, np.ndarray]] = LISTS,
    *,
    change: Callable[[h5py.File], object] | None = None,
    training: Any = None,
) -> Path:
    """Write an `.h5` file as Keras 2 did, with names as bytes."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = b"2.15.0"
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in lists]
        for name, arrays in lists.items():
            group = root.create_group(name)
            group.attrs["weight_names"] = [weight.encode() for weight in arrays]
            for weight, array in arrays.items():
                group[weight] = array
        if change is not None:
            change(file)
    return path
