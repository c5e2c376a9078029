"""Layers and models by name, for configs and files: the allow-list is what the two rooms offer publicly."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from striate.core.errors import ArgumentError, FileFormatError
from striate.core.registry import Registry
from striate.layers.base import Layer


def _members() -> dict[str, Any]:
    # By text, because this room's own classes are among them and import this module.
    layers, models = importlib.import_module("striate.layers"), importlib.import_module("striate.models")
    found = {name: getattr(layers, name) for name in layers.__all__}
    found |= {name: getattr(models, name) for name in ("Model", "Sequential")}
    return {name: kind for name, kind in found.items() if inspect.isclass(kind) and issubclass(kind, Layer)}


_COMMON = ("self", *(name for name in inspect.signature(Layer.__init__).parameters))
LAYERS = Registry("layer", _members)
# Layers that hold a person's code, and the base, which computes nothing.
_NOT_IN_FILES = ("Lambda", "Layer", "TorchModule")


def write_layer(layer: Layer) -> dict[str, Any]:
    """Write one layer as its class name and config.

    Raises:
        ArgumentError: a person's layer with arguments of its own that no get_config tells.
    """
    kind = type(layer)
    own = [
        name
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if name not in _COMMON and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    if own and kind.get_config is Layer.get_config:
        raise ArgumentError(
            f"layer {layer.name!r} ({kind.__name__}) cannot be written: "
            f"its arguments {', '.join(own)} would be lost. Give the class a get_config(self) that returns "
            f"{{**super().get_config(), {own[0]!r}: self.{own[0]}}}."
        )
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def reader(custom: Mapping[str, Any] | None) -> Callable[[Mapping[str, Any]], Layer]:
    """Make the function that makes layers again, with the person's own classes among the known."""

    def read_layer(spec: Mapping[str, Any]) -> Layer:
        if spec["class_name"] in _NOT_IN_FILES and spec["class_name"] not in (custom or {}):
            raise FileFormatError(
                f"a {spec['class_name']} holds code of a person's own, which is never taken from a file. "
                "Write it as a Layer with call() and get_config()."
            )
        kind = LAYERS.find(spec["class_name"], custom)
        if not (inspect.isclass(kind) and issubclass(kind, Layer)):
            raise FileFormatError(
                f"{spec['class_name']!r} is offered in custom={{...}} but is no Layer class."
            )
        if "custom_objects" in inspect.signature(kind.from_config).parameters:
            return kind.from_config(spec["config"], custom_objects=custom)  # type: ignore[call-arg]
        return kind.from_config(spec["config"])

    return read_layer
