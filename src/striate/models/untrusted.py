"""What a graph from a file must look like before anything is made of it.

A file may come from anybody. Its graph is looked at here as plain data: only what Striate itself
would have written goes on to the layers, with limits on everything that can be made large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from striate.core.errors import FileFormatError, did_you_mean

_MOST_LAYERS = 10_000
_MOST_STEPS = 30_000
_LONGEST_TEXT = 100_000
_LONGEST_KEY = 200
_LARGEST = 2**64
_DTYPES = (
    *("float64", "float32", "float16", "bfloat16"),
    *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"),
)
_GRAPH = ("model", "built_shape", "compile", "input_range")
_SPEC = ("class_name", "config")
_NETWORKS = {
    "Sequential": ("name", "trainable", "layers", "input"),
    "Model": ("name", "trainable", "inputs", "layers", "calls", "outputs"),
}
_CALL = ("layer", "inputs", "options")


def check_graph(graph: Mapping[str, Any]) -> None:
    """Refuse a graph that Striate would not have written, or that is larger than any network.

    Raises:
        FileFormatError: with what is wrong.
    """
    _check_keys(graph, _GRAPH, "the graph")
    layers = 0
    for value, key in _values(graph):
        layers += isinstance(value, dict) and "class_name" in value
        _check_value(value, key)
    if layers > _MOST_LAYERS:
        raise FileFormatError(f"the graph names {layers:,} layers; Striate reads up to {_MOST_LAYERS:,}.")
    _check_spec(graph["model"])
    _count_steps(graph["model"])
    _check_shapes(graph["built_shape"])
    _check_range(graph["input_range"])


def _values(data: Any) -> Iterator[tuple[Any, str]]:
    """Go through all values with the key each stands under; without recursion."""
    stack = [(data, "")]
    while stack:
        value, key = stack.pop()
        yield value, key
        if isinstance(value, dict):
            stack.extend((part, name) for name, part in value.items())
        elif isinstance(value, list):
            stack.extend((part, key) for part in value)


def _check_value(value: Any, key: str) -> None:
    if len(key) > _LONGEST_KEY:
        raise FileFormatError(f"the graph has a name of {len(key):,} characters: {key[:40]!r}...")
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        raise FileFormatError(f"{key!r} in the graph is a text of {len(value):,} characters.")
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise FileFormatError(f"{key!r} in the graph is a number beyond 64 bits.")
    if key == "dtype" and not (value is None or (isinstance(value, str) and value in _DTYPES)):
        raise FileFormatError(f"{str(value)[:100]!r} is no dtype of a file; there are {', '.join(_DTYPES)}.")


def _check_keys(table: Any, known: tuple[str, ...], what: str) -> None:
    if not isinstance(table, dict):
        raise FileFormatError(f"{what} is a {type(table).__name__}, not a table of {', '.join(known)}.")
    for name in table:
        if name not in known:
            raise FileFormatError(f"{what} has no entry {name!r}.{did_you_mean(name, known)}")
    missing = [name for name in known if name not in table]
    if missing:
        raise FileFormatError(f"{what} lacks {missing[0]!r}.")


def _check_spec(spec: Any) -> None:
    _check_keys(spec, _SPEC, "a layer")
    if not isinstance(spec["class_name"], str) or not isinstance(spec["config"], dict):
        raise FileFormatError("a layer is not written as the name of a class and a table of arguments.")


def _count_steps(spec: Mapping[str, Any]) -> int:
    """Count the layers that run, those of a network called twice twice: nesting multiplies."""
    kind, config = spec["class_name"], spec["config"]
    if kind not in _NETWORKS:
        # A person's own network may write its layers as it likes.
        inner = config.get("layers")
        return 1 + sum(map(_count_steps, filter(_is_spec, inner if isinstance(inner, list) else ())))
    _check_keys(config, _NETWORKS[kind], f"a {kind}")
    if not isinstance(config["layers"], list):
        raise FileFormatError("the layers of a network are not a list.")
    steps: dict[str, int] = {}
    for inner in config["layers"]:
        _check_spec(inner)
        name = inner["config"].get("name")
        if not isinstance(name, str) or name in steps:
            raise FileFormatError(
                f"the layers of a network have names of their own; {str(name)[:100]!r} is none."
            )
        steps[name] = _count_steps(inner)
    total = 1 + (_count_calls(config["calls"], steps) if "calls" in config else sum(steps.values()))
    if total > _MOST_STEPS:
        raise FileFormatError(
            f"the network takes more than {_MOST_STEPS:,} steps, as networks in it are called many times."
        )
    return total


def _is_spec(thing: Any) -> bool:
    kinds = (thing.get("class_name"), thing.get("config")) if isinstance(thing, dict) else (None, None)
    return isinstance(kinds[0], str) and isinstance(kinds[1], dict)


def _count_calls(calls: Any, steps: Mapping[str, int]) -> int:
    if not isinstance(calls, list):
        raise FileFormatError("the calls of a network are not a list.")
    total = 0
    for call in calls:
        _check_keys(call, _CALL, "a call")
        name = call["layer"]
        if not isinstance(name, str) or name not in steps:
            shown = str(name)[:100]
            near = did_you_mean(shown, list(steps)[:100])
            raise FileFormatError(f"a call is of layer {shown!r}, which the network has not.{near}")
        total += steps[name]
    return total


def _check_shapes(shapes: Any) -> None:
    """Refuse what is neither nothing nor a shape nor lists and tables of shapes."""
    for value, _ in _values(shapes):
        if not (value is None or isinstance(value, dict | list) or type(value) is int):
            raise FileFormatError(f"the shape that the network was built for holds {value!r}.")


def _check_range(limits: Any) -> None:
    if limits is not None and not (
        isinstance(limits, list) and len(limits) == 2 and all(type(one) in (int, float) for one in limits)
    ):
        raise FileFormatError(f"the range of the inputs is not two numbers: {str(limits)[:100]}.")
