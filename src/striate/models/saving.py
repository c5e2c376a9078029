"""Between live models and files: what is written, and how it is made live again through the registry."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from striate import training
from striate.artifacts import ModelFile, read_model_file, write_model_file
from striate.artifacts.keras_file import KerasFile, read_keras_file
from striate.core.allowance import allowance
from striate.core.console import say
from striate.core.errors import (
    ArgumentError,
    FileFormatError,
    StateError,
    StriateError,
    UnknownNameError,
    add_context,
)
from striate.layers.base import Layer
from striate.layers.symbolic import map_shapes
from striate.layers.weights import check_weight_shape, named_weights, public_array, set_public
from striate.models.keras_import import is_keras_file, model_of_keras
from striate.models.network import Network
from striate.models.registry import reader, write_layer
from striate.models.untrusted import check_graph
from striate.optimizers.torch_optimizer import TorchOptimizer

# What layers of a graph that contradicts itself, or asks for impossible sizes, may run into.
_NONSENSE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
# What the counts of all metrics may take, in numbers: the matrix of 4,000 classes.
_MOST_COUNTS = 1 << 24
_COUNTS_REASON = f"those from a file may take {_MOST_COUNTS:,}; try load(path, compile=False)"
_LONGEST_MESSAGE = 1000


def save(model: Any, path: str | Path, *, include_optimizer: bool = True) -> None:
    """Write a model: graph, weights, compile arguments, preprocessing, class names, provenance.

    With `include_optimizer` the file also holds what the optimiser remembers, so that training
    goes on as if it had not stopped; for Adam that is twice the size of the weights.

    Raises:
        StateError: a model without weights yet, since its input's shape is not known.
        ArgumentError: a layer, loss or optimiser that cannot be written, or a layer that two of
            the models inside share; a foreign suffix.
        FileAccessError: the place cannot be written; an older file there stays as it was.
    """
    if not model.built:
        raise StateError(
            f"model {model.name!r} has no weights yet: its input's shape is not known. "
            "Call build((None, height, width, channels)) or show it data before saving."
        )
    _refuse_layers_of_two_models(model)
    content = ModelFile(
        graph={
            "model": write_layer(model),
            "built_shape": model.built_shape,
            "compile": _compile_config(model),
            "input_range": model.input_range,
        },
        weights={name: public_array(tensor, spec) for name, tensor, spec in named_weights(model)},
        optimizer=_optimizer_state(model) if include_optimizer else {},
        preprocessing=model.preprocessing,
        class_names=model.class_names,
        provenance={**versions(), **model.provenance},
    )
    write_model_file(path, content)


def _compile_config(model: Any) -> dict[str, Any] | None:
    if model.compiled is None:
        return None
    if isinstance(model.compiled.optimizer, TorchOptimizer):
        say(
            "the file holds the network without its optimiser, which is PyTorch's own and cannot be made "
            "from a file: compile again after loading."
        )
        return None
    return model.compiled.get_config()


def _optimizer_state(model: Any) -> dict[str, np.ndarray]:
    optimizer = model.compiled.optimizer if model.compiled else None
    if optimizer is None or not optimizer.built or isinstance(optimizer, TorchOptimizer):
        return {}
    if not optimizer.moves(weight for _, weight in training.trainable_weights(model)):
        # Layers were frozen or thawed since: what is remembered belongs to other weights.
        return {}
    return optimizer.state_arrays()


def _refuse_layers_of_two_models(model: Any) -> None:
    """Refuse what a config would write twice, and so make two layers of when it is read."""
    homes: dict[int, Network] = {}
    for network in model.modules():
        if not isinstance(network, Network):
            continue
        for layer in network.layers:
            home = homes.setdefault(id(layer), network)
            if home is not network and layer.count_params():
                raise ArgumentError(
                    f"layer {layer.name!r} belongs to two models at once, {home.name!r} and "
                    f"{network.name!r}, which a file cannot say. Call the inner model where the layer is "
                    "needed, or keep the weights alone: model.save_weights(path)."
                )


def load(
    path: str | Path,
    custom: Mapping[str, Any] | None = None,
    *,
    compile: bool = True,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Read a model that `model.save` wrote, or one of Keras's (`.keras`, `.h5`), ready to use.

    Nothing in the file is run: layers are names and numbers. A layer or a loss of the
    person's own is offered by name in `custom={"MyLayer": MyLayer}`; `custom_objects` is Keras's word
    for the same.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, foreign, from a newer version, or inconsistent.
        UnknownNameError: it names a layer that is neither Striate's nor offered.

    >>> import tempfile, pathlib
    >>> from striate.models import Sequential
    >>> from striate.layers import Dense, Input
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> Sequential([Input((4,)), Dense(2)]).save(folder / "small.striate")
    >>> load(folder / "small.striate").count_params()
    10
    """
    custom = {**(custom or {}), **(custom_objects or {})}
    content = read_keras_file(path) if is_keras_file(path) else read_model_file(path)
    try:
        if isinstance(content, KerasFile):
            return model_of_keras(content, custom, compile=compile)
        return _alive(content, custom, compile)
    except UnknownNameError as error:
        offer = "Classes and functions of your own are offered as load(path, custom={'Name': Name})."
        raise UnknownNameError(f"{path}: {_clipped(error)} {offer}") from error
    except StriateError as error:
        raise type(error)(f"{path}: {_clipped(error)}") from error
    except _NONSENSE as error:
        # The bytes are whole, but the graph in them is none that Striate wrote.
        raise FileFormatError(
            f"{path}: the network in this file makes no sense ({type(error).__name__}: {_clipped(error)})."
        ) from error


def _clipped(error: Exception) -> str:
    """A message as it can be shown: what a file says may be endless, or steer a terminal."""
    text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(error)[:_LONGEST_MESSAGE])
    return text + ("..." if len(str(error)) > _LONGEST_MESSAGE else "")


def _alive(content: ModelFile, custom: Mapping[str, Any] | None, compile: bool) -> Any:
    graph = content.graph
    check_graph(graph)
    held = sum(array.size for array in content.weights.values())
    with allowance(held, f"the file holds {held:,} in its weights"):
        model: Any = reader(custom)(graph["model"])
        if graph["built_shape"] is not None:
            model.ensure_built(map_shapes(tuple, graph["built_shape"]))
    is_whole = isinstance(model, Network) and model.built
    if not is_whole:
        raise FileFormatError("the graph holds no model with the shape of its input, as every saved one has.")
    _fill(model, content.weights)
    # They stand in the model now, and large files are common where memory is small.
    content.weights.clear()
    model.class_names = content.class_names
    model.preprocessing = content.preprocessing
    model.provenance = content.provenance
    if graph["input_range"] is not None:
        low, high = graph["input_range"]
        model.input_range = (float(low), float(high))
    if compile and graph["compile"]:
        with allowance(_MOST_COUNTS, _COUNTS_REASON):
            model.compiled = training.Compiled.from_config(graph["compile"], custom)
        if content.optimizer:
            model.compiled.optimizer.build(training.trainable_weights(model))
            model.compiled.optimizer.load_state_arrays(content.optimizer)
    return model


def _fill(model: Any, arrays: Mapping[str, np.ndarray]) -> None:
    wanted = {name: (tensor, spec) for name, tensor, spec in named_weights(model)}
    if wanted.keys() != arrays.keys():
        here, there = _renumbered(wanted), _renumbered(arrays)
        if here.keys() == there.keys():
            wanted, arrays = here, there
    missing, left_over = sorted(wanted.keys() - arrays.keys()), sorted(arrays.keys() - wanted.keys())
    if missing or left_over:
        raise FileFormatError(
            f"the weights do not belong to this network: missing {missing[:5]}, left over {left_over[:5]}."
        )
    for name, (tensor, spec) in wanted.items():
        check_weight_shape(arrays[name].shape, name, tensor, spec)
        if tensor.is_floating_point() != (arrays[name].dtype.kind == "f"):
            raise FileFormatError(
                f"weight {name!r} is of {str(tensor.dtype).removeprefix('torch.')}, but the file has "
                f"{arrays[name].dtype}."
            )
    for name, (tensor, spec) in wanted.items():
        set_public(tensor, spec, arrays[name])


def _renumbered(named: Mapping[str, Any]) -> dict[str, Any]:
    """Number layers of one kind from the first on: conv2d_9/bias, conv2d_10/bias as conv2d#0, conv2d#1.

    A network built twice in one process has other numbers in its layers' names the second time,
    but in the same order.
    """
    numbers: dict[str, set[int]] = {}
    for path in named:
        for part in path.split("/")[:-1]:
            base, number = _split_number(part)
            numbers.setdefault(base, set()).add(number)

    def renamed(part: str) -> str:
        base, number = _split_number(part)
        return f"{base}#{sorted(numbers[base]).index(number)}"

    return {
        "/".join([*map(renamed, path.split("/")[:-1]), path.split("/")[-1]]): value
        for path, value in named.items()
    }


def _split_number(name: str) -> tuple[str, int]:
    base, _, number = name.rpartition("_")
    return (base, int(number)) if base and number.isdecimal() else (name, 0)


def fill_weights(model: Any, arrays: Mapping[str, np.ndarray], source: str) -> None:
    """Write arrays, named by the weights' paths, into a model; all of them or none.

    Raises:
        FileFormatError: names that are missing or left over.
        ShapeError: an array of another shape.
    """
    try:
        _fill(model, arrays)
    except StriateError as error:
        raise add_context(error, source) from error.__cause__


load_model = load  # Keras's name


def clone_model(model: Any) -> Any:
    """Make a model of the same structure with new weights and names that stay.

    Raises:
        ArgumentError: a layer that has no config, or one that two of the models inside share.
    """
    _refuse_layers_of_two_models(model)
    own = {type(layer).__name__: type(layer) for layer in model.modules() if isinstance(layer, Layer)}
    return reader(own)(write_layer(model))


def versions() -> dict[str, str]:
    """Name the versions that a file came from."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
