"""The graph in a Keras file, of either version's form, called again on Striate's symbolic tensors."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from striate.core.errors import FileFormatError
from striate.core.tree import leaves
from striate.layers import InputLayer
from striate.layers.base import Layer
from striate.layers.symbolic import SymbolicTensor, is_shape, map_shapes, shapes_of
from striate.models.keras_import_layers import LayerMaker, layer_label
from striate.models.keras_import_nodes import (
    Call,
    Calls,
    Reference,
    map_references,
    read_calls,
    references_in,
)
from striate.models.keras_import_operations import is_operation, operate
from striate.models.keras_import_origin import check_origin
from striate.models.registry import LAYERS

_MODELS = ("Sequential", "Functional", "Model")
_MOST_LAYERS = 10_000
_MOST_STEPS = 100_000
_DEEPEST = 20
# More values than this for one example fit into no memory: a size that was made up.
_MOST_VALUES = 2**31


@dataclass
class Made:
    """One layer that was made: Keras's name for its class, and what is inside where it is a model."""

    kind: str
    layer: Layer
    following: list[Layer] = field(default_factory=list)
    inner: list[Made] | None = None
    # How many layers run when it is called: models inside are called many times, and nesting multiplies.
    steps: int = 1


class Builder:
    """Makes a model of a description."""

    def __init__(self, custom: Mapping[str, Any]):
        self.maker = LayerMaker(custom)
        self._depth = self._count = 0

    def model(self, spec: Mapping[str, Any]) -> Made:
        """Make a model of the description of one.

        Raises:
            FileFormatError: something else, or one that holds models without end.
        """
        what = layer_label(spec)
        name = check_origin(spec, what)
        config = spec.get("config")
        if name not in _MODELS:
            raise FileFormatError(f"{what} is no model that is made of layers; Striate takes {_MODELS}.")
        if isinstance(config, list):
            config = {"layers": config}
        if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
            raise FileFormatError(f"{what} has no layers.")
        self._depth += 1
        self._count += len(config["layers"])
        if self._depth > _DEEPEST or self._count > _MOST_LAYERS:
            raise FileFormatError(f"{what} holds more layers, or models deeper inside, than Striate takes.")
        made = self._sequential(config) if name == "Sequential" else self._functional(config, what)
        self._depth -= 1
        if made.steps > _MOST_STEPS:
            raise FileFormatError(f"{what} takes more than {_MOST_STEPS:,} steps.")
        return Made(name, made.layer, inner=made.inner, steps=made.steps)

    def layer(self, spec: Any) -> Made:
        """Make a layer, which may be a model."""
        if isinstance(spec, Mapping) and spec.get("class_name") in _MODELS:
            return self.model(spec)
        if not isinstance(spec, Mapping):
            raise FileFormatError(f"a layer is described by {str(spec)[:100]}.")
        first, *others = self.maker.make(spec)
        return Made(str(spec["class_name"]), first, others)

    def call(self, made: Made, inputs: Any, options: Mapping[str, Any]) -> Any:
        """Call a layer on symbolic tensors, and what follows it."""
        for layer in (made.layer, *made.following):
            inputs = layer(inputs, **(options if layer is made.layer else {}))
            _check_sizes(layer, inputs)
        return inputs

    def _sequential(self, config: Mapping[str, Any]) -> Made:
        model: Any = LAYERS.find("Sequential")(name=config.get("name"))
        specs = list(config["layers"])
        inner = []
        shape = _first_shape(config)
        for number, spec in enumerate(specs):
            made = self.layer(spec)
            if isinstance(made.layer, InputLayer):
                _check_sizes(made.layer, made.layer.output)
                model.add(made.layer)
                continue
            if number == 0 and shape is not None:
                first = InputLayer(batch_shape=shape)
                _check_sizes(first, first.output)
                model.add(first)
            inner.append(made)
            for layer in (made.layer, *made.following):
                model._append(layer)
                if model.entry is not None:
                    _check_sizes(layer, model._top())
        # Once: the graph of a deep network costs as much as all of its layers.
        model._refresh()
        _set_trainable(model, config)
        return Made("Sequential", model, inner=inner, steps=1 + sum(made.steps for made in inner))

    def _functional(self, config: Mapping[str, Any], what: str) -> Made:
        specs = {}
        for spec in config["layers"]:
            name = spec.get("name") or spec["config"]["name"]
            if name in specs:
                raise FileFormatError(f"{what} has two layers called {name!r}.")
            specs[name] = spec
        calls = read_calls(specs, config["output_layers"])
        run = Run(self, specs, calls)
        if run.steps > _MOST_STEPS:
            raise FileFormatError(
                f"{what} takes more than {_MOST_STEPS:,} steps: models in it are called often."
            )
        inputs = map_references(run.fetch, config["input_layers"], alone=_alone(config))
        outputs = map_references(run.fetch_output, config["output_layers"], alone=_alone(config))
        model: Any = LAYERS.find("Model")(inputs, outputs, name=config.get("name"))
        _set_trainable(model, config)
        return Made("Functional", model, inner=list(run.made.values()), steps=run.steps)


class Run:
    """All calls of one graph, each made as soon as its inputs are there."""

    def __init__(self, builder: Builder, specs: Mapping[str, Any], read: Calls):
        self.builder, self.specs, self.read = builder, specs, read
        calls = read.of_layer
        self.made: dict[str, Made] = {}
        self.results: dict[tuple[str, int], list[SymbolicTensor]] = {}
        for name, spec in specs.items():
            if not is_operation(spec, calls[name]):
                self.made[name] = builder.layer(spec)
        self.steps = 1 + sum(made.steps * len(calls[name]) for name, made in self.made.items())
        # A model of too many steps is not called at all: that alone would take forever.
        if self.steps <= _MOST_STEPS:
            self._inputs(calls)
            self._all(calls)

    def fetch(self, reference: Reference) -> SymbolicTensor:
        """Find what a reference in a call means.

        Raises:
            FileFormatError: nothing.
        """
        return self._find(reference, self.read.first_inside)

    def fetch_output(self, reference: Reference) -> SymbolicTensor:
        """Find what a reference among the model's outputs means.

        Raises:
            FileFormatError: nothing.
        """
        return self._find(reference, self.read.first_outside)

    def _find(self, reference: Reference, first: Mapping[str, int]) -> SymbolicTensor:
        found = self.results.get((reference.layer, reference.node - first.get(reference.layer, 0)), [])
        if not 0 <= reference.part < len(found):
            raise FileFormatError(f"the graph needs an output of {reference.layer!r} that there is not.")
        return found[reference.part]

    def _inputs(self, calls: Mapping[str, list[Call]]) -> None:
        for name, made in self.made.items():
            if isinstance(made.layer, InputLayer):
                _check_sizes(made.layer, made.layer.output)
                self.results[name, 0] = [made.layer.output]

    def _all(self, calls: Mapping[str, list[Call]]) -> None:
        """Make the calls in an order in which they can be made, in time that grows as their number."""
        needs: dict[tuple[str, int], set[tuple[str, int]]] = {}
        needed_by: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
        for name, of_layer in calls.items():
            for number, call in enumerate(of_layer):
                wanted = {
                    (one.layer, one.node - self.read.first_inside.get(one.layer, 0))
                    for one in references_in([call.arguments, call.options])
                }
                needs[name, number] = wanted - self.results.keys()
                for key in needs[name, number]:
                    needed_by[key].append((name, number))
        ready = deque(key for key, wanted in needs.items() if not wanted)
        while ready:
            key = ready.popleft()
            self.results[key] = list(leaves(self._one(key[0], calls[key[0]][key[1]])))
            for other in needed_by[key]:
                needs[other].discard(key)
                if not needs[other]:
                    ready.append(other)
        left = [name for (name, number) in needs if (name, number) not in self.results]
        if left:
            raise FileFormatError(f"the graph goes in a circle, or needs what there is not, at {left[0]!r}.")

    def _one(self, name: str, call: Call) -> Any:
        arguments = map_references(self.fetch, call.arguments, alone=False)
        options = {key: value for key, value in call.options.items() if key not in ("mask", "inputs")}
        # Layers that draw at random have training=True beside them, and still follow the model's mode.
        options = {key: value for key, value in options.items() if value is not None and value is not True}
        if call.options.get("mask") is not None or any(True for _ in references_in(options)):
            raise FileFormatError(f"the call of {name!r} takes masks or further inputs, unknown here.")
        if name not in self.made:
            return operate(self.specs[name], name, arguments)
        if not arguments and "inputs" in call.options:
            arguments = [map_references(self.fetch, call.options["inputs"], alone=False)]
        if len(arguments) != 1:
            raise FileFormatError(f"the call of {name!r} takes {len(arguments)} inputs, not one or a list.")
        return self.builder.call(self.made[name], arguments[0], options)


def _check_sizes(layer: Layer, outputs: Any) -> None:
    for shape in _shapes(shapes_of(outputs)):
        if math.prod(size for size in shape if size is not None) > _MOST_VALUES:
            raise FileFormatError(
                f"layer {layer.name!r} says that it gives {shape}, which fits into no memory."
            )


def _shapes(structure: Any) -> Iterator[Any]:
    found: list[Any] = []
    map_shapes(found.append, structure)
    yield from found


def _first_shape(config: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    """The input of a Sequential without an InputLayer: its first layer's, or what it was built for."""
    first = config["layers"][0] if config["layers"] else {}
    own = first.get("config") if isinstance(first, Mapping) else None
    given = own.get("batch_input_shape") if isinstance(own, Mapping) else None
    if given is not None and is_shape(given):
        return tuple(given)
    built = config.get("build_input_shape")
    return (None, *built[1:]) if built is not None and is_shape(built) else None


def _alone(config: Mapping[str, Any]) -> bool:
    """Whether a list of one input or output stands for the one, as before Keras 3."""
    return not any(
        isinstance(node, Mapping)
        for spec in config["layers"]
        for node in (spec.get("inbound_nodes") if isinstance(spec, Mapping) else None) or ()
    )


def _set_trainable(model: Any, config: Mapping[str, Any]) -> None:
    # Not by the setter, which would thaw layers that the description says are frozen.
    model._trainable = bool(config.get("trainable", True))
