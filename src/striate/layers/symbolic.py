"""Symbolic tensors: how `Dense(10)(x)` on an `Input` is remembered instead of computed.

A `Node` is one call of a layer; a layer that is called twice (a shared layer) has two nodes.
The room `models` walks the nodes back from a model's outputs to its inputs.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch

from striate.core.errors import ArgumentError, StateError
from striate.core.shapes import Shape, format_shape
from striate.core.tree import leaves, map_leaves


class SymbolicTensor:
    """The promise of a tensor: its shape, with None for the batch, and the call that will make it."""

    # NumPy's numbers leave `2.0 * tensor` to this class.
    __array_ufunc__ = None

    def __init__(self, shape: Shape, dtype: torch.dtype, name: str):
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name
        self.node: Node | None = None

    @property
    def ndim(self) -> int:
        """How many axes the tensor will have."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={format_shape(self.shape)}, name={self.name!r}>"

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ArgumentError(
            f"{self!r} has no numbers yet: it stands for data to come. Make a model of it, "
            "Model(inputs, outputs), and call that on an array."
        )

    def __bool__(self) -> bool:
        raise ArgumentError(f"{self!r} has no numbers yet, so it is neither true nor false.")

    def __add__(self, other: Any) -> Any:
        return _record("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _record("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _record("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _record("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _record("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _record("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _record("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _record("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return _record("power", self, other)

    def __neg__(self) -> Any:
        return _record("multiply", self, -1)

    def __getitem__(self, place: Any) -> Any:
        raise ArgumentError(
            f"{self!r} cannot be indexed: parts of it are cut out by Cropping1D, Cropping2D or Cropping3D, "
            "or by a Layer of your own whose call does it."
        )


def _record(operation: str, first: Any, second: Any) -> Any:
    # By text, because the layers that stand for arithmetic are made of this module.
    return importlib.import_module("striate.layers.arithmetic").record(operation, first, second)


class Node:
    """One call of one layer: what went in, with which options, and what came out."""

    def __init__(self, layer: Any, inputs: Any, options: Mapping[str, Any], outputs: Any):
        self.layer = layer
        self.inputs = inputs
        self.options = dict(options)
        self.outputs = outputs
        self.index = len(layer.nodes)
        for tensor in leaves(outputs):
            tensor.node = self


class Connected:
    """What a layer knows of the calls that were made of it on symbolic tensors."""

    nodes: list[Node]
    name: str

    @property
    def input(self) -> Any:
        """What went into this layer, symbolically; for layers used once."""
        return self._only_node("input").inputs

    @property
    def output(self) -> Any:
        """What came out of this layer, symbolically; for layers used once."""
        return self._only_node("output").outputs

    def get_output_at(self, index: int) -> Any:
        """What came out of the call with this number, for layers used several times."""
        if not 0 <= index < len(self.nodes):
            raise ArgumentError(f"layer {self.name!r} was called {len(self.nodes)} times; no call {index}.")
        return self.nodes[index].outputs

    def _only_node(self, what: str) -> Node:
        if not self.nodes:
            raise StateError(
                f"layer {self.name!r} has no {what} yet: it has not been called on an Input or built "
                "into a model. Give the model an Input((height, width, channels)), or call it on data first."
            )
        if len(self.nodes) > 1:
            raise StateError(
                f"layer {self.name!r} was called {len(self.nodes)} times and so has as many {what}s: "
                f"take one by get_output_at(0) to get_output_at({len(self.nodes) - 1})."
            )
        return self.nodes[0]


def is_symbolic(structure: Any) -> bool:
    """Whether any leaf is symbolic."""
    return any(isinstance(leaf, SymbolicTensor) for leaf in leaves(structure))


def shapes_of(structure: Any) -> Any:
    """The shape of every leaf, in the same structure."""
    return map_leaves(lambda leaf: tuple(leaf.shape), structure)


def is_shape(value: Any) -> bool:
    """Whether this is one shape and not a structure of shapes."""
    return isinstance(value, (tuple, list)) and all(
        part is None or hasattr(part, "__index__") for part in value
    )


def map_shapes(function: Any, shapes: Any) -> Any:
    """Apply a function to every shape in a structure of shapes."""
    if is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, Mapping):
        return {key: map_shapes(function, part) for key, part in shapes.items()}
    return type(shapes)(map_shapes(function, part) for part in shapes)
