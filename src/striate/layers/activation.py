"""Activations as layers."""

from __future__ import annotations

from typing import Any

import torch

from striate import activations
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape
from striate.layers.base import Layer


class Activation(Layer):
    """Applies an activation function by name: `Activation('relu')`.

    Shape:
        in and out the same.
    """

    def __init__(self, activation: Any, **options: Any):
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Apply the function to each value."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ActivationLayer(Layer):
    """The common part of the layers that are one activation function with its parameters."""

    parameters_of_function: tuple[str, ...] = ()

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self.parameters_of_function}}

    def _at_least_zero(self, value: float, name: str) -> float:
        if value is None or value < 0:
            raise ArgumentError(f"{self._label()}: {name} is a number from 0 up; got {value!r}.")
        return float(value)


class ReLU(ActivationLayer):
    """`max(x, 0)`, with an optional ceiling, slope below and threshold.

    Shape:
        in and out the same.
    """

    parameters_of_function = ("max_value", "negative_slope", "threshold")

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ):
        super().__init__(**options)
        self.max_value = None if max_value is None else self._at_least_zero(max_value, "max_value")
        self.negative_slope = self._at_least_zero(negative_slope, "negative_slope")
        self.threshold = self._at_least_zero(threshold, "threshold")

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Apply the function to each value."""
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class LeakyReLU(ActivationLayer):
    """`x` above 0, `negative_slope * x` below.

    (Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.)

    Shape:
        in and out the same.
    """

    parameters_of_function = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.3, **options: Any):
        if "alpha" in options:
            # The argument's name before Keras 3; code of that time is still about.
            negative_slope = options.pop("alpha")
        super().__init__(**options)
        self.negative_slope = self._at_least_zero(negative_slope, "negative_slope")

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Apply the function to each value."""
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class ELU(ActivationLayer):
    """`x` above 0, `alpha * (exp(x) - 1)` below.

    (Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by ELUs", 2016.)

    Shape:
        in and out the same.
    """

    parameters_of_function = ("alpha",)

    def __init__(self, alpha: float = 1.0, **options: Any):
        super().__init__(**options)
        self.alpha = float(alpha)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Apply the function to each value."""
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(ActivationLayer):
    """Turns values into probabilities that sum to 1 along an axis.

    Shape:
        in and out the same; out 0 to 1.
    """

    parameters_of_function = ("axis",)

    def __init__(self, axis: int = -1, **options: Any):
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Apply the function along the axis."""
        return activations.softmax(inputs, axis=self.axis)
