"""The rectifier whose slope below zero is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from striate import constraints, initializers, regularizers
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.base import Layer


class PReLU(Layer):
    """`x` above 0, `alpha * x` below, with a learned `alpha` for each place.

    `shared_axes` names axes, from 1, along which one slope serves all: `shared_axes=[1, 2]`
    after a Conv2D gives each channel one. (He et al., "Delving deep into rectifiers", 2015,
    equation 1.)

    Shape:
        in and out the same. Weights: alpha, the input's shape without the batch, 1 along shared axes.

    Raises:
        ArgumentError: shared axes that are not in the input, or the batch.
        ShapeError: an axis that is not shared and of unknown size, or not of the size built for.
    """

    alpha: torch.Tensor

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **options: Any,
    ):
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        given = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if given is None else list(given)

    def _slopes_shape(self, input_shape: Any) -> tuple[int, ...]:
        shared = self.shared_axes or []
        if any(not 1 <= axis < len(input_shape) for axis in shared):
            raise ArgumentError(
                f"{self._label()}: shared_axes are axes from 1 to {len(input_shape) - 1} here; got {shared}."
            )
        sizes = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
        known = tuple(size for size in sizes if size is not None)
        if len(known) < len(sizes):
            raise ShapeError(
                f"{self._label()} must know the sizes of all axes that are not shared; "
                f"got {format_shape(input_shape)}."
            )
        return known

    def build(self, input_shape: Any) -> None:
        """Make the slopes."""
        self.add_weight(
            self._slopes_shape(input_shape),
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Apply the function to each value."""
        self.compute_output_shape(tuple(inputs.shape))
        return torch.relu(inputs) - self.alpha * torch.relu(-inputs)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        if self.built and self._slopes_shape(input_shape) != tuple(self.alpha.shape):
            raise ShapeError(
                f"{self._label()} was built for slopes of shape {format_shape(tuple(self.alpha.shape))} "
                f"but got {format_shape(input_shape)}."
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
