"""The network of a run: a ready-made one by its name, or the person's own from a Python file."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from striate.activations import sigmoid, softmax
from striate.applications.choose import NAMES, build, choose
from striate.applications.transfer import PRETRAINED
from striate.artifacts.json_file import json_bytes
from striate.core.errors import ArgumentError, FileAccessError, StriateError, add_context, unknown_name
from striate.core.shapes import Shape, format_shape
from striate.datasets.source import DataBundle
from striate.layers import Layer, Rescaling
from striate.losses import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from striate.models import Model
from striate.models.registry import reader, write_layer
from striate.workbench.normalizing import rescales, with_front

_OWN = "file.py:function"


@dataclass(frozen=True)
class ChosenNetwork:
    """A network with its name, why it was taken, and what it does to the values first."""

    model: Model
    name: str
    reason: str


def make_network(
    request: str | None,
    bundle: DataBundle,
    classes: int,
    front: Layer | None = None,
    weights: str | None = None,
) -> ChosenNetwork:
    """Make the network that was asked for, or else one that suits the data.

    It takes the data as they are: where pixels or signals reach beyond 1, it begins with a layer
    that brings them to about 0 to 1, or with `front` where that is given. One that the person's
    own network has already stays alone. With `weights` it has learnt elsewhere.

    Raises:
        UnknownNameError: no network of this name.
        FileAccessError: the person's file is missing.
        ArgumentError: the file or its function cannot be used, or the answer does not suit the classes.
        ShapeError: data that the network cannot take.
    """
    shape = tuple(bundle.train.x.shape[1:])
    if weights is not None:
        return _pretrained(request, bundle, classes, front, weights)
    scale = None if front is not None else scale_of(bundle)
    chosen = _choose(request, bundle, shape, classes, scale)
    return chosen if front is None else replace(chosen, model=with_front(chosen.model, shape, front))


def _pretrained(
    request: str | None, bundle: DataBundle, classes: int, front: Layer | None, weights: str
) -> ChosenNetwork:
    if request is None or front is not None:
        raise ArgumentError(
            "weights learnt elsewhere go with a network by name, which prepares values as it learnt them: "
            f"give --model, one of {', '.join(PRETRAINED)}, and leave --normalize out."
        )
    model = build(request, tuple(bundle.train.x.shape[1:]), classes, scale_of(bundle), weights=weights)
    return ChosenNetwork(model, request, f"asked for, with weights from {weights}")


def _choose(
    request: str | None, bundle: DataBundle, shape: Shape, classes: int, scale: float | None
) -> ChosenNetwork:
    if request is None:
        name, reason = choose(f"{bundle.kind}s", shape, classes)
        return ChosenNetwork(build(name, shape, classes, scale), name, reason)
    if _is_own(request):
        model = _call(load_function(request), request, shape, classes)
        check_network(model, request, shape, classes)
        scaled = _scaled(model, shape, scale)
        note = "" if scaled is model or scale is None else f"; a layer in front divides by {1 / scale:g}"
        return ChosenNetwork(scaled, request, f"asked for{note}")
    if request not in NAMES:
        raise unknown_name(f"network (and no {_OWN})", request, NAMES)
    return ChosenNetwork(build(request, shape, classes, scale), request, "asked for")


def scale_of(bundle: DataBundle) -> float | None:
    """What to multiply the values by so that they come to about 0 to 1; None where they are there."""
    if bundle.pixel_range is not None:
        highest = max(abs(value) for value in bundle.pixel_range)
    else:
        highest = max(abs(float(bundle.train.x.min())), abs(float(bundle.train.x.max())))
    return None if highest in (0, 1) else 1 / highest


def _is_own(request: str) -> bool:
    file, colon, _ = request.rpartition(":")
    return request.endswith(".py") or bool(colon and file.endswith(".py"))


def load_function(request: str) -> Callable[..., Any]:
    """Load the function that `file.py:function` names.

    Raises:
        FileAccessError: the file is missing.
        ArgumentError: no function is named, the file is no Python, or it has no such function.
    """
    if request.endswith(".py"):
        raise ArgumentError(
            f"{request} needs a colon and the function that makes the network: {request}:build."
        )
    file, _, name = request.rpartition(":")
    module = _load_module(Path(file))
    found = getattr(module, name, None)
    if not callable(found):
        here = [key for key, value in vars(module).items() if _is_function_of(value, module)]
        raise add_context(unknown_name("function", name, here), file)
    return found


def _is_function_of(value: Any, module: ModuleType) -> bool:
    return inspect.isfunction(value) and value.__module__ == module.__name__


def _load_module(place: Path) -> ModuleType:
    if not place.is_file():
        raise FileAccessError(f"there is no file {place} (seen from {Path.cwd()}).")
    module = ModuleType(place.stem)
    module.__file__ = str(place)
    # As with `python file.py`, its neighbours can be imported by it.
    sys.path.insert(0, str(place.resolve().parent))
    try:
        SourceFileLoader(place.stem, str(place)).exec_module(module)
    except (SyntaxError, ImportError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ArgumentError(f"{place}{line} cannot be run: {error.msg}.") from error
    finally:
        sys.path.remove(str(place.resolve().parent))
    return module


def _call(function: Callable[..., Any], request: str, shape: Shape, classes: int) -> Any:
    try:
        inspect.signature(function).bind(shape, classes)
    except TypeError as error:
        raise ArgumentError(
            f"{request} is called with (input_shape, classes), here ({shape}, {classes}), but it does not "
            f"take that: {error}."
        ) from error
    try:
        return function(shape, classes)
    except StriateError as error:
        raise add_context(error, request) from error.__cause__


def check_network(model: Any, request: str, shape: Shape, classes: int) -> None:
    """Make sure that what a person's function returned can learn these data.

    Raises:
        ArgumentError: no model, or one with other inputs or another number of answers.
    """
    if not isinstance(model, Model):
        raise ArgumentError(
            f"{request} must return a Sequential or a Model; got {type(model).__name__} {model!r:.60}."
        )
    if not model.built:
        model.build((None, *shape))
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ArgumentError(
            f"the network of {request} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "striate train takes networks with one of each."
        )
    wanted = tuple(model.inputs[0].shape[1:])
    if len(wanted) != len(shape) or any(a not in (None, b) for a, b in zip(wanted, shape, strict=False)):
        raise ArgumentError(
            f"the network of {request} takes {format_shape(wanted)}, but the data are {format_shape(shape)}. "
            "Use the input_shape that the function is called with."
        )
    answer = tuple(model.outputs[0].shape[1:])
    if answer != (classes,) and not (classes == 2 and answer == (1,)):
        also = " (or 1, with a sigmoid)" if classes == 2 else ""
        raise ArgumentError(
            f"the network of {request} answers with {format_shape(answer)}, but there are {classes} classes: "
            f"its last layer must be Dense({classes}){also}."
        )


def _scaled(model: Model, shape: Shape, scale: float | None) -> Model:
    if scale is None or rescales(model):
        return model
    return with_front(model, shape, Rescaling(scale, name=_free("rescaling", model)))


def _free(name: str, model: Model) -> str:
    return name if all(layer.name != name for layer in model.layers) else f"striate_{name}"


def ends_in_probabilities(model: Any) -> bool:
    """Whether the answers are probabilities: the last layer is, or has, a softmax or a sigmoid."""
    last = model
    while getattr(last, "layers", None):
        last = last.outputs[0].node.layer
    if type(last).__name__ in ("Softmax", "Sigmoid"):
        return True
    return getattr(last, "activation", None) in (softmax, sigmoid)


def compile_network(
    model: Model, optimizer: Any, device: str | None, precision: str, label_rows: bool = False
) -> None:
    """Compile a network for classes: the cross-entropy that suits its last layer, and accuracy.

    `label_rows` says that labels come as rows of one number a class, as mixed examples have them.

    Raises:
        ArgumentError: mixed examples for a network with a single answer.
    """
    binary = model.outputs[0].shape[-1] == 1
    if binary and label_rows:
        raise ArgumentError(
            "this augmentation mixes examples of different classes, which takes an answer for each class; "
            "the network has one for both. Choose augment 'standard', or a network ending in Dense(2)."
        )
    loss = BinaryCrossentropy if binary else SparseCategoricalCrossentropy
    if label_rows:
        loss = CategoricalCrossentropy
    model.compile(
        optimizer=optimizer,
        loss=loss(from_logits=not ends_in_probabilities(model)),
        metrics=["accuracy"],
        precision=precision,
        device=device,
    )


def digest_of(model: Any) -> str:
    """Name a network's layers, their settings and how they hang together by a SHA-256.

    The names of layers count for nothing: a network made twice in one process has others.
    """
    names: dict[str, int] = {}

    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: plain(value[name], name) for name in sorted(value)}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        if key in ("name", "layer") and isinstance(value, str):
            return names.setdefault(value, len(names))
        # What was measured on the data may differ in its last digits on another machine.
        return f"{value:.6g}" if isinstance(value, float) else value

    return hashlib.sha256(json_bytes(plain(write_layer(model)))).hexdigest()


def check_can_come_back(model: Any) -> None:
    """Refuse, before the first step, a network that a run's file could not bring back.

    Raises:
        StriateError: a layer that cannot be written, or one that only the person's own code knows.
    """
    try:
        reader(None)(write_layer(model))
    except StriateError as error:
        advice = (
            "a run must be able to open its own network again, without running a file of yours: use "
            "Striate's layers, or train in Python and load with striate.load(path, custom={...})"
        )
        raise add_context(error, advice) from error.__cause__
