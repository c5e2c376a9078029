"""The layer that looks up a learned vector for each whole number."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate import constraints, initializers, regularizers
from striate.core.errors import ArgumentError, DataError
from striate.core.shapes import Shape, per_axis
from striate.layers.base import Layer


class Embedding(Layer):
    """Gives each whole number from 0 to below `input_dim` a vector of `output_dim` numbers.

    `mask_zero` is refused: no layer here reads masks. `weights` takes a first matrix.

    Shape:
        in (batch, ...) whole numbers, out (batch, ..., output_dim). Weights: embeddings
        (input_dim, output_dim).

    Raises:
        ArgumentError: sizes below 1, or mask_zero.
        DataError: a number outside 0 to below input_dim.

    >>> import numpy as np
    >>> Embedding(1000, 64)(np.array([[3, 999]])).shape
    torch.Size([1, 2, 64])
    """

    casts_input = False
    embeddings: torch.Tensor

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **options: Any,
    ):
        # Named by code from before Keras 3, where it did nothing either.
        options.pop("input_length", None)
        super().__init__(**options)
        if mask_zero:
            raise ArgumentError(
                f"{self._label()}: mask_zero=True would tell later layers to skip steps, and none here does. "
                "Leave it out; a learned vector for 0 does the same for convolutions and pooling."
            )
        self.input_dim = per_axis(input_dim, 1, "input_dim")[0]
        self.output_dim = per_axis(output_dim, 1, "output_dim")[0]
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        if weights is not None:
            self.build((None,))
            self.set_weights(list(weights) if isinstance(weights, (list, tuple)) else [weights])

    def build(self, input_shape: Any) -> None:
        """Make the matrix of vectors."""
        self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Look each number up."""
        numbers = inputs if inputs.dtype in (torch.int32, torch.int64) else inputs.long()
        # On a GPU, looking would wait for everything before it; there torch itself stops.
        if numbers.device.type == "cpu" and numbers.numel():
            smallest, largest = torch.aminmax(numbers)
            if smallest < 0 or largest >= self.input_dim:
                raise DataError(
                    f"{self._label()} knows the numbers 0 to {self.input_dim - 1} "
                    f"but got {int(smallest)} to {int(largest)}. Choose input_dim above the largest."
                )
        return F.embedding(numbers, self.embeddings)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: with a last axis for the vectors."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
        }
