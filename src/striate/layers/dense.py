"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate import activations, constraints, initializers, regularizers
from striate.core.errors import ShapeError
from striate.core.shapes import Shape, format_shape, per_axis
from striate.layers.base import Layer


class Dense(Layer):
    """Connects every input with every unit: `activation(inputs @ kernel + bias)`.

    Shape:
        in (batch, ..., features), out (batch, ..., units). Weights: kernel (features, units),
        bias (units,).

    Raises:
        ShapeError: an input whose number of features is not known, or not the one built for.

    >>> import numpy as np
    >>> Dense(10)(np.zeros((2, 64))).shape
    torch.Size([2, 10])
    """

    kernel: torch.Tensor

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        input_dim: int | None = None,
        **options: Any,
    ):
        if input_dim is not None:
            options.setdefault("input_shape", (input_dim,))
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.units = per_axis(units, 1, "units")[0]
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: torch.Tensor | None = None

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the input's number of features."""
        self._check_features(input_shape)
        self.add_weight(
            (input_shape[-1], self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            del self.bias
            self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _check_features(self, shape: Shape) -> None:
        if len(shape) < 2 or shape[-1] is None:
            raise ShapeError(
                f"{self._label()} takes (batch, features) with a known number of features "
                f"but got {format_shape(shape)}."
            )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Multiply, add the bias, apply the activation."""
        if inputs.ndim < 2 or inputs.shape[-1] != self.kernel.shape[0]:
            self.compute_output_shape(tuple(inputs.shape))
        # Of a single unit's kernel the turned view would have strides for which PyTorch has slow products.
        kernel = self.kernel.t() if self.units > 1 else self.kernel.view(1, -1)
        return self.activation(F.linear(inputs, kernel, self.bias))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape: the last axis becomes the units.

        Raises:
            ShapeError: another number of features than the layer was built for.
        """
        self._check_features(input_shape)
        if self.built and input_shape[-1] != self.kernel.shape[0]:
            raise ShapeError(
                f"{self._label()} was built for {self.kernel.shape[0]} features "
                f"but got {input_shape[-1]}: {format_shape(input_shape)}."
            )
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
