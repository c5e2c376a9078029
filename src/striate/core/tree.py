"""Nested structures of inputs and outputs: a single leaf, or lists, tuples and dicts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def leaves(structure: Any) -> Iterator[Any]:
    """Go through the leaves in order; dicts in the order of their keys' insertion."""
    if isinstance(structure, (list, tuple)):
        for part in structure:
            yield from leaves(part)
    elif isinstance(structure, Mapping):
        for part in structure.values():
            yield from leaves(part)
    else:
        yield structure


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to every leaf and keep the structure."""
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_leaves(function, part) for part in structure)
    if isinstance(structure, Mapping):
        return {key: map_leaves(function, part) for key, part in structure.items()}
    return function(structure)
