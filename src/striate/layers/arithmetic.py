"""Arithmetic on symbolic tensors: `a + b`, `a * 2` and their like are remembered as layers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import Shape, check_choice
from striate.layers.base import Layer
from striate.layers.merging import Add, ElementwiseMerge, Multiply, Subtract
from striate.layers.symbolic import SymbolicTensor

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
}


class Divide(ElementwiseMerge):
    """Divides its first input by its second. Keras has no such layer; it stands for `a / b`.

    Shape:
        in a list of two (batch, ...), out the same.
    """

    least, most = 2, 2

    def merge(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Divide."""
        return inputs[0] / inputs[1]


class Arithmetic(Layer):
    """Computes with one number: stands for `a + 1`, `2 * a`, `1 / a`, `a**2` on symbolic tensors.

    Shape:
        in and out the same.

    Raises:
        ArgumentError: an unknown operation, or something that is no number.

    >>> Arithmetic("subtract", 1, number_first=True)([[0.25]]).tolist()
    [[0.75]]
    """

    def __init__(self, operation: str, number: float, number_first: bool = False, **options: Any):
        super().__init__(**options)
        self.operation = check_choice(operation, list(OPERATIONS), "operation")
        if isinstance(number, bool) or not isinstance(number, (int, float, np.number)):
            raise ArgumentError(
                f"{self._label()}: symbolic tensors compute with numbers and with each other; "
                f"got {type(number).__name__} {number!r}."
            )
        self.number = number.item() if isinstance(number, np.number) else number
        self.number_first = bool(number_first)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute with the number on its side."""
        compute = OPERATIONS[self.operation]
        return compute(self.number, inputs) if self.number_first else compute(inputs, self.number)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {**super().get_config(), "operation": self.operation}
        return {**config, "number": self.number, "number_first": self.number_first}


MERGES: dict[str, type[Layer]] = {"add": Add, "subtract": Subtract, "multiply": Multiply, "divide": Divide}


def record(operation: str, first: Any, second: Any) -> Any:
    """Remember `first <operation> second`, of which at least one is a symbolic tensor, as a layer's call."""
    if isinstance(first, SymbolicTensor) and isinstance(second, SymbolicTensor):
        if operation not in MERGES:
            raise ArgumentError(
                f"{operation} of two symbolic tensors has no layer: the second must be a number."
            )
        return MERGES[operation]()([first, second])
    if isinstance(first, SymbolicTensor):
        return Arithmetic(operation, second)(first)
    return Arithmetic(operation, first, number_first=True)(second)
