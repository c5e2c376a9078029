"""Where data enter a model."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import Shape, format_shape
from striate.layers.base import Layer
from striate.layers.symbolic import Node, SymbolicTensor, is_shape


class InputLayer(Layer):
    """Stands for the data in a model's list of layers; hands them on.

    Shape:
        in and out (batch, *shape).

    Raises:
        ArgumentError: a shape that is no sequence of sizes.
    """

    casts_input = False

    def __init__(
        self,
        shape: Shape | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Shape | None = None,
        **options: Any,
    ):
        super().__init__(dtype=dtype, **options)
        if batch_shape is not None:
            batch_size, shape = batch_shape[0], tuple(batch_shape[1:])
        if shape is None or not is_shape(shape) or any(size is not None and size < 1 for size in shape):
            raise ArgumentError(f"Input takes the shape of one example, such as (28, 28, 1); got {shape!r}.")
        self.batch_shape: Shape = (batch_size, *shape)
        self.built = True
        tensor = SymbolicTensor(self.batch_shape, self.dtype, self.name)
        self.nodes.append(Node(self, [], {}, tensor))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Hand the data on."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "batch_shape": self.batch_shape}

    def extra_repr(self) -> str:
        """Show the shape where torch prints modules."""
        return format_shape(self.batch_shape)


def Input(  # noqa: N802 - Keras's name; it reads as a layer where models are written
    shape: Shape | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    batch_shape: Shape | None = None,
) -> SymbolicTensor:
    """Begin a functional model: the symbolic tensor of the data to come.

    Shape:
        `shape` is one example's, without the batch: (height, width, channels).

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape, name=name).output
