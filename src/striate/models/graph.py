"""The graph between a model's symbolic inputs and outputs: found, run, written down, made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from striate.core.errors import ArgumentError, FileFormatError, ShapeError
from striate.core.shapes import format_shape
from striate.core.tree import leaves, map_leaves
from striate.layers.base import Layer
from striate.layers.input import InputLayer
from striate.layers.symbolic import Node, SymbolicTensor, is_shape
from striate.models.fusion.drafts import settings_of
from striate.models.fusion.steps import fuse_steps
from striate.ops.native.mode import fused_precision


@dataclass(frozen=True)
class Step:
    """One call when the graph runs: which slots go in, which come out, which are free afterwards.

    `layer` is a Layer, or a row of them that runs as one.
    """

    layer: Any
    inputs: Any
    options: Mapping[str, Any]
    outputs: tuple[int, ...]
    free: tuple[int, ...]


class Graph:
    """All calls that lead from `inputs` to `outputs`, in an order in which they can run.

    Raises:
        ArgumentError: outputs that do not follow from the inputs; two layers of one name;
            something that is no symbolic tensor.
    """

    def __init__(self, inputs: Any, outputs: Any):
        for tensor in (*leaves(inputs), *leaves(outputs)):
            if not isinstance(tensor, SymbolicTensor):
                raise ArgumentError(
                    f"Model(inputs, outputs) takes what Input(...) and layers called on it return; "
                    f"got {type(tensor).__name__}."
                )
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = _sorted_nodes(list(leaves(inputs)), list(leaves(outputs)))
        self.layers = _layers_of(self.nodes, list(leaves(inputs)))
        self.steps, self._input_slots, self._output_slots = self._plan()
        self._fused: tuple[list[Any], list[Step]] | None = None

    def _plan(self) -> tuple[list[Step], list[int], Any]:
        slots: dict[int, int] = {}

        def slot(tensor: SymbolicTensor) -> int:
            return slots.setdefault(id(tensor), len(slots))

        input_slots = [slot(tensor) for tensor in leaves(self.inputs)]
        output_slots = map_leaves(slot, self.outputs)
        last_use: dict[int, int] = {}
        for number, node in enumerate(self.nodes):
            for tensor in leaves(node.inputs):
                last_use[slot(tensor)] = number
        kept = set(leaves(output_slots))
        steps = []
        for number, node in enumerate(self.nodes):
            free = {slot(tensor) for tensor in leaves(node.inputs)}
            steps.append(
                Step(
                    node.layer,
                    map_leaves(slot, node.inputs),
                    node.options,
                    tuple(slot(tensor) for tensor in leaves(node.outputs)),
                    tuple(one for one in free if last_use[one] == number and one not in kept),
                )
            )
        return steps, input_slots, output_slots

    def run(self, inputs: Any) -> Any:
        """Compute the outputs for tensors in the structure of the inputs.

        Raises:
            ShapeError: another number of inputs than the graph has.
        """
        values: dict[int, torch.Tensor] = dict(zip(self._input_slots, self.match_inputs(inputs), strict=True))
        for step in self._steps_to_run():
            arguments = map_leaves(values.__getitem__, step.inputs)
            results = step.layer(arguments, **step.options)
            for slot, result in zip(step.outputs, leaves(results), strict=True):
                values[slot] = result
            for slot in step.free:
                values.pop(slot, None)
        return map_leaves(values.__getitem__, self._output_slots)

    def _steps_to_run(self) -> list[Step]:
        return self.steps if fused_precision() is None else self.fused_steps

    @property
    def is_flat(self) -> bool:
        """Whether no layer of the graph holds others."""
        return not any(layer._modules for layer in self.layers)

    @property
    def fused_steps(self) -> list[Step]:
        """The steps with fused rows in place of the layers that these hold, as the layers are set now."""
        settings = [settings_of(layer) for layer in self.layers]
        if self._fused is None or self._fused[0] != settings:
            self._fused = settings, fuse_steps(self.steps, set(leaves(self._output_slots)))
        return self._fused[1]

    def output_shapes(self, input_shapes: Any) -> Any:
        """Work out the outputs' shapes for inputs of given shapes, layer by layer."""
        flat = [input_shapes] if is_shape(input_shapes) else list(input_shapes)
        shapes: dict[int, Any] = dict(zip(self._input_slots, flat, strict=True))
        for step in self.steps:
            given = map_leaves(shapes.__getitem__, step.inputs)
            found = step.layer.compute_output_shape(given)
            shapes.update(zip(step.outputs, [found] if is_shape(found) else found, strict=True))
        return map_leaves(shapes.__getitem__, self._output_slots)

    def match_inputs(self, inputs: Any) -> list[torch.Tensor]:
        """Put the person's inputs, also a dict by input name, in the order of the graph's."""
        wanted = list(leaves(self.inputs))
        if isinstance(inputs, Mapping):
            by_name = isinstance(self.inputs, Mapping)
            names = list(self.inputs) if by_name else [tensor.name for tensor in wanted]
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ArgumentError(f"the model's inputs are called {names}; missing in the dict: {missing}.")
            found = [inputs[name] for name in names]
        else:
            found = list(leaves(inputs))
        if len(found) != len(wanted):
            raise ShapeError(f"the model takes {len(wanted)} inputs but got {len(found)}.")
        for tensor, given in zip(wanted, found, strict=True):
            _check_input(tensor, given)
        return found

    def to_config(self, write_layer: Callable[[Layer], Any]) -> dict[str, Any]:
        """Write the graph as JSON can hold it; `write_layer` writes one layer."""
        places = {id(tensor): {"$input": number} for number, tensor in enumerate(leaves(self.inputs))}
        for number, node in enumerate(self.nodes):
            for part, tensor in enumerate(leaves(node.outputs)):
                places[id(tensor)] = {"$call": number, "part": part}

        def place(tensor: SymbolicTensor) -> dict[str, int]:
            return places[id(tensor)]

        return {
            "inputs": map_leaves(_input_config, self.inputs),
            "layers": [write_layer(layer) for layer in self.layers if not isinstance(layer, InputLayer)],
            "calls": [
                {"layer": node.layer.name, "inputs": map_leaves(place, node.inputs), "options": node.options}
                for node in self.nodes
            ],
            "outputs": map_leaves(place, self.outputs),
        }


def graph_from_config(config: Mapping[str, Any], read_layer: Callable[[Any], Layer]) -> tuple[Any, Any]:
    """Make a graph again: its inputs and outputs; `read_layer` makes one layer.

    Raises:
        FileFormatError: a call that takes what no earlier one gives, or places that are none.
    """
    inputs = _map_marked(
        lambda part: (
            InputLayer(batch_shape=part["batch_shape"], dtype=part["dtype"], name=part["name"]).output
        ),
        config["inputs"],
        "batch_shape",
    )
    layers = {layer.name: layer for layer in map(read_layer, config["layers"])}
    results: dict[str, list[list[SymbolicTensor]]] = {
        "$input": [[tensor] for tensor in leaves(inputs)],
        "$call": [],
    }

    def fetch(place: Mapping[str, int]) -> SymbolicTensor:
        kind = "$input" if "$input" in place else "$call"
        number, part = place[kind], place.get("part", 0)
        parts = results[kind][number] if _is_index(number, results[kind]) else []
        if not _is_index(part, parts):
            raise FileFormatError(
                f"a call takes part {part!r} of {kind[1:]} {number!r}, and no earlier one has such a part."
            )
        return parts[part]

    def fetch_all(structure: Any) -> Any:
        return _map_marked(fetch, structure, "$input", "$call")

    for call in config["calls"]:
        outputs = layers[call["layer"]](fetch_all(call["inputs"]), **call["options"])
        results["$call"].append(list(leaves(outputs)))
    return inputs, fetch_all(config["outputs"])


def _is_index(number: Any, things: list[Any]) -> bool:
    return type(number) is int and 0 <= number < len(things)


def _map_marked(function: Callable[[Any], Any], structure: Any, *marks: str) -> Any:
    """Apply a function to the dicts that hold one of the marks, which stand for leaves in JSON."""
    if isinstance(structure, Mapping):
        if any(mark in structure for mark in marks):
            return function(structure)
        return {key: _map_marked(function, part, *marks) for key, part in structure.items()}
    if not isinstance(structure, list | tuple):
        raise FileFormatError(
            f"expected places in the graph, or lists and tables of them; got {str(structure)[:100]!r}."
        )
    return [_map_marked(function, part, *marks) for part in structure]


def _input_config(tensor: SymbolicTensor) -> dict[str, Any]:
    dtype = str(tensor.dtype).removeprefix("torch.")
    name = tensor.name.partition("/")[0]
    return {"name": name, "batch_shape": list(tensor.shape), "dtype": dtype}


def _check_input(tensor: SymbolicTensor, given: Any) -> None:
    shape = tuple(given.shape)
    fits = len(shape) == len(tensor.shape) and all(
        wanted is None or wanted == size for wanted, size in zip(tensor.shape, shape, strict=True)
    )
    # A layer behind the input says more of its axes than the model can; only sizes are checked here.
    if len(shape) == len(tensor.shape) and not fits:
        raise ShapeError(
            f"the model's input {tensor.name!r} takes {format_shape(tensor.shape)} "
            f"but got {format_shape(shape)}."
        )


def _producer(tensor: SymbolicTensor) -> Node | None:
    node = tensor.node
    return None if node is None or isinstance(node.layer, InputLayer) else node


def _sorted_nodes(inputs: list[SymbolicTensor], outputs: list[SymbolicTensor]) -> list[Node]:
    """Order the calls so that each comes after those it needs; without recursion, for deep networks."""
    given = {id(tensor) for tensor in inputs}
    done: dict[int, Node] = {}
    stack: list[tuple[Node, Iterator[SymbolicTensor]]] = []

    def open_node(tensor: SymbolicTensor) -> None:
        if id(tensor) in given:
            return
        node = _producer(tensor)
        if node is None:
            raise ArgumentError(
                f"the outputs need {tensor!r}, which is not among the model's inputs. Add it to inputs."
            )
        if id(node) not in done:
            stack.append((node, leaves(node.inputs)))

    for output in outputs:
        open_node(output)
        while stack:
            node, waiting = stack[-1]
            following = next(waiting, None)
            if following is None:
                stack.pop()
                done.setdefault(id(node), node)
            else:
                open_node(following)
    return list(done.values())


def _layers_of(nodes: list[Node], inputs: list[SymbolicTensor]) -> list[Layer]:
    layers: dict[int, Layer] = {}
    for tensor in inputs:
        if tensor.node is not None and isinstance(tensor.node.layer, InputLayer):
            layers[id(tensor.node.layer)] = tensor.node.layer
    for node in nodes:
        layers[id(node.layer)] = node.layer
    by_name: dict[str, Layer] = {}
    for layer in layers.values():
        if layer.name in by_name:
            raise ArgumentError(
                f"two layers of this model are called {layer.name!r}; "
                "give each a name of its own by name='...'."
            )
        by_name[layer.name] = layer
    return list(layers.values())
