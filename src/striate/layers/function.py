"""Layers that do nothing, or whatever a function does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import Shape
from striate.layers.base import Layer
from striate.layers.symbolic import is_shape


class Identity(Layer):
    """Hands its input on, as a stand-in where a layer is wanted.

    Shape:
        in and out the same.
    """

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Hand the values on."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)


class Lambda(Layer):
    """Runs a function on torch tensors: `Lambda(lambda x: x[:, 0])`.

    A model with it can be trained and used but not saved, since the function's code is not
    written to files; a `Layer` with `get_config` can.

    Shape:
        in what the function takes, out what it gives: `output_shape` says it (one example's,
        or a function of the input's shape), else the function is tried on zeros.

    Raises:
        ArgumentError: something that is no function; a config, since code is not saved.

    >>> Lambda(lambda x, times: x * times, arguments={"times": 3})([[1.0, 2.0]]).tolist()
    [[3.0, 6.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **options: Any,
    ):
        super().__init__(**options)
        if not callable(function):
            raise ArgumentError(f"Lambda takes a function of tensors; got {function!r}.")
        if mask is not None:
            raise ArgumentError(f"{self._label()}: mask is not taken, as no layer here reads masks.")
        self.function, self.output_shape = function, output_shape
        self.arguments = dict(arguments or {})

    def call(self, inputs: Any) -> Any:
        """Run the function."""
        return self.function(inputs, **self.arguments)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Say the output's shape as told, or find it by trying the function."""
        if self.output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self.output_shape):
            return self.output_shape(input_shape)
        batch = input_shape[0] if is_shape(input_shape) else input_shape[0][0]
        return (batch, *self.output_shape)

    def get_config(self) -> dict[str, Any]:
        """Refused: the function's code belongs to the person and is not written to files.

        Raises:
            ArgumentError: always, with what to do instead.
        """
        raise ArgumentError(
            f"{self._label()} holds a function, whose code cannot be saved. Write it as a Layer with call() "
            "and get_config(), and offer it when loading: load(path, custom={'MyLayer': MyLayer})."
        )
