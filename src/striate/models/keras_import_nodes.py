"""How Keras writes which layer was called on what: the form of Keras 3, and that before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from striate.core.errors import FileFormatError


class Reference(NamedTuple):
    """One output of one call of a layer."""

    layer: str
    node: int
    part: int


@dataclass(frozen=True)
class Call:
    """One call: its arguments, with references where tensors were, and its options."""

    arguments: list[Any]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Calls:
    """The calls of each layer, and the number of a layer's first call where that is not 0.

    A model inside another one was called once before, when it was made. Keras counts that call or
    does not: before version 3 it does everywhere; since then only where a model's outputs are named.
    """

    of_layer: dict[str, list[Call]]
    first_inside: dict[str, int]
    first_outside: dict[str, int]


def read_calls(specs: Mapping[str, Any], outputs: Any) -> Calls:
    """Read the calls of all layers; `outputs` names the outputs of the model.

    Raises:
        FileFormatError: something that is no call.
    """
    calls = {
        name: [_call(node, name) for node in spec.get("inbound_nodes") or ()] for name, spec in specs.items()
    }
    inside: dict[str, set[int]] = {name: set() for name in specs}
    outside: dict[str, set[int]] = {name: set() for name in specs}
    for one in references_in([[call.arguments, call.options] for each in calls.values() for call in each]):
        inside.get(one.layer, set()).add(one.node)
    map_references(lambda one: outside.get(one.layer, set()).add(one.node), outputs, alone=False)
    if not _is_of_today(specs):
        # What is called is also used, so a first call with number 0 is named somewhere.
        counted = {name: int(bool(calls[name]) and 0 not in inside[name] | outside[name]) for name in specs}
        return Calls(calls, counted, counted)
    first = {name: int(len(calls[name]) > 0 and len(calls[name]) in inside[name]) for name in specs}
    last = {
        name: int(specs[name].get("class_name") in ("Functional", "Model") and 0 not in outside[name])
        for name in specs
    }
    return Calls(calls, first, last)


def _is_of_today(specs: Mapping[str, Any]) -> bool:
    """Whether calls are written as Keras 3 does."""
    return any(
        isinstance(node, Mapping) for spec in specs.values() for node in spec.get("inbound_nodes") or ()
    )


def _call(node: Any, layer: str) -> Call:
    if isinstance(node, Mapping):
        arguments, options = node.get("args"), node.get("kwargs")
        if not isinstance(arguments, list) or not isinstance(options, Mapping):
            raise FileFormatError(f"a call of {layer!r} is described by {str(node)[:100]}.")
        return Call([_marked(one) for one in arguments], {key: _marked(one) for key, one in options.items()})
    if not isinstance(node, list) or not node:
        raise FileFormatError(f"a call of {layer!r} is described by {str(node)[:100]}.")
    if _is_old_reference(node):
        node = [node]
    options = node[0][3] if len(node[0]) > 3 else {}
    inputs = [_old_reference(one, layer) for one in node]
    return Call([inputs[0] if len(inputs) == 1 else inputs], options)


def _is_old_reference(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and all(isinstance(one, int) for one in value[1:3])
    )


def _old_reference(value: Any, layer: str) -> Reference:
    if not _is_old_reference(value):
        raise FileFormatError(f"a call of {layer!r} is described by {str(value)[:100]}.")
    return Reference(value[0], value[1], value[2])


def _marked(value: Any) -> Any:
    """An argument with references in the place of Keras's descriptions of tensors."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            history = value["config"]["keras_history"]
            if not _is_old_reference(history):
                raise FileFormatError(f"a tensor is described by {str(history)[:100]}.")
            return Reference(*history[:3])
        if "class_name" in value:
            raise FileFormatError(f"a call has the argument {str(value)[:100]}, no tensor and no number.")
        return {key: _marked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_marked(one) for one in value]
    return value


def references_in(structure: Any) -> Iterator[Reference]:
    """Go through all references."""
    if isinstance(structure, Reference):
        yield structure
    elif isinstance(structure, Mapping):
        for part in structure.values():
            yield from references_in(part)
    elif isinstance(structure, list):
        for part in structure:
            yield from references_in(part)


def map_references(function: Callable[[Reference], Any], structure: Any, *, alone: bool) -> Any:
    """Put something in the place of each reference, written `[name, node, part]` or made already.

    With `alone`, a list of one stands for the one.
    """
    if isinstance(structure, Reference):
        return function(structure)
    if _is_old_reference(structure):
        return function(Reference(*structure[:3]))
    if isinstance(structure, Mapping):
        return {key: map_references(function, part, alone=False) for key, part in structure.items()}
    if isinstance(structure, list):
        parts = [map_references(function, part, alone=False) for part in structure]
        return parts[0] if alone and len(parts) == 1 else parts
    return structure
