"""Limits on weights, applied after each step of the optimiser, by Keras's names.

A constraint takes a weight in Keras's layout and returns the nearest one that keeps the limit,
or one on the way to it. `axis` says along which axes a length is measured: 0 measures each
unit's weights of a Dense kernel (inputs, units); [0, 1, 2] measures each filter of a Conv2D
kernel (height, width, channels, filters).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, ShapeError
from striate.core.registry import Registry
from striate.core.shapes import format_shape

# Keras's: a weight of length 0 is divided by this, and stays 0.
EPSILON = 1e-7


class Constraint(ABC):
    """Brings a weight back within a limit."""

    # The constructor's arguments, kept as attributes of the same names.
    arguments: tuple[str, ...] = ()

    @abstractmethod
    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the weight that keeps the limit; the one given is not changed.

        Shape:
            in and out the same.
        """

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this constraint again."""
        return {name: getattr(self, name) for name in self.arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the constraint that `get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        described = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({described})"


class NonNeg(Constraint):
    """Sets what is below 0 to 0.

    >>> NonNeg()(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the weight that keeps the limit."""
        return as_tensor(weight).clamp(min=0)


class MaxNorm(Constraint):
    """Shortens what is longer than `max_value`.

    (Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014,
    section 5.1.)

    Raises:
        ArgumentError: a `max_value` below 0.
        ShapeError: an axis that the weight does not have.

    >>> MaxNorm(1.0)(torch.tensor([[3.0], [4.0]])).flatten()
    tensor([0.6000, 0.8000])
    """

    arguments = ("max_value", "axis")

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0):
        if not max_value >= 0:
            raise ArgumentError(f"MaxNorm: max_value must be a number from 0 up; got {max_value!r}.")
        self.max_value, self.axis = max_value, axis

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the weight that keeps the limit."""
        tensor = as_tensor(weight)
        lengths = _lengths(tensor, self.axis, "MaxNorm")
        return tensor * (lengths.clamp(max=self.max_value) / (EPSILON + lengths))


class UnitNorm(Constraint):
    """Gives everything the length 1.

    Raises:
        ShapeError: an axis that the weight does not have.

    >>> UnitNorm()(torch.tensor([[3.0], [4.0]])).flatten()
    tensor([0.6000, 0.8000])
    """

    arguments = ("axis",)

    def __init__(self, axis: int | Sequence[int] = 0):
        self.axis = axis

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the weight that keeps the limit."""
        tensor = as_tensor(weight)
        return tensor / (EPSILON + _lengths(tensor, self.axis, "UnitNorm"))


class MinMaxNorm(Constraint):
    """Keeps lengths between `min_value` and `max_value`.

    `rate` is how much of the way is gone each time: 1 goes all of it, 0.1 a tenth.

    Raises:
        ArgumentError: bounds out of order or below 0, or a rate not between 0 and 1.
        ShapeError: an axis that the weight does not have.

    >>> MinMaxNorm(max_value=1.0, rate=0.5)(torch.tensor([[3.0], [4.0]])).flatten()
    tensor([1.8000, 2.4000])
    """

    arguments = ("min_value", "max_value", "rate", "axis")

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ):
        if not 0 <= min_value <= max_value:
            raise ArgumentError(
                "MinMaxNorm: bounds must satisfy 0 <= min_value <= max_value; "
                f"got min_value={min_value!r}, max_value={max_value!r}."
            )
        if not 0 <= rate <= 1:
            raise ArgumentError(f"MinMaxNorm: rate must be a number from 0 to 1; got {rate!r}.")
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the weight that keeps the limit, or is on the way to it."""
        tensor = as_tensor(weight)
        lengths = _lengths(tensor, self.axis, "MinMaxNorm")
        wanted = self.rate * lengths.clamp(self.min_value, self.max_value) + (1 - self.rate) * lengths
        return tensor * (wanted / (EPSILON + lengths))


def _lengths(weight: torch.Tensor, axis: int | Sequence[int], owner: str) -> torch.Tensor:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -weight.ndim <= each < weight.ndim for each in axes):
        raise ShapeError(
            f"{owner} measures lengths along axis {axis}, which a weight with {weight.ndim} axes "
            f"does not have: {format_shape(weight.shape)}."
        )
    return weight.square().sum(dim=axes, keepdim=True).sqrt()


def _members() -> dict[str, Any]:
    return {each.__name__: each for each in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)}


_registry = Registry("constraint", _members)


def get(identifier: Any) -> Any:
    """Turn a name, a config, a class or a callable into a constraint; None stays None.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is none of these.

    >>> get("max_norm")
    MaxNorm(max_value=2, axis=0)
    """
    return deserialize(identifier)


def serialize(constraint: Any) -> Any:
    """Turn a constraint into its class name and config, a function into its name.

    Raises:
        ArgumentError: a function without a name, such as a lambda.

    >>> serialize(NonNeg())
    {'class_name': 'NonNeg', 'config': {}}
    """
    return _registry.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Turn what `serialize` returned into the constraint again; `custom_objects` names a person's own.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is neither a name nor a config.
    """
    return _registry.get(config, custom_objects)


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
