"""Penalties on weights and activations, by Keras's names.

A regularizer turns a weight, in Keras's layout, into one number that is added to the loss.
Half precisions are added up in float32.
"""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch.nn import functional as F

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, ShapeError
from striate.core.registry import Registry
from striate.core.shapes import check_choice, format_shape


class Regularizer(ABC):
    """Turns a weight into a penalty."""

    # The constructor's arguments, kept as attributes of the same names.
    arguments: tuple[str, ...] = ()

    @abstractmethod
    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the penalty.

        Shape:
            in (...), out a single number ().
        """

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this regularizer again."""
        return {name: getattr(self, name) for name in self.arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the regularizer that `get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        described = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({described})"


class L1(Regularizer):
    """Penalises the sum of the absolute values: `l1 * sum(|w|)`. Draws weights to exactly 0.

    >>> L1(0.5)(torch.tensor([1.0, -3.0]))
    tensor(2.)
    """

    arguments = ("l1",)

    def __init__(self, l1: float | None = 0.01):
        self.l1 = _factor(0.01 if l1 is None else l1, "L1", "l1")

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the penalty."""
        return self.l1 * _wide(weight).abs().sum()


class L2(Regularizer):
    """Penalises the sum of the squares: `l2 * sum(w * w)`. Keeps all weights small.

    >>> L2(0.5)(torch.tensor([1.0, -3.0]))
    tensor(5.)
    """

    arguments = ("l2",)

    def __init__(self, l2: float | None = 0.01):
        self.l2 = _factor(0.01 if l2 is None else l2, "L2", "l2")

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the penalty."""
        return self.l2 * _wide(weight).square().sum()


class L1L2(Regularizer):
    """Penalises absolute values and squares together: `l1 * sum(|w|) + l2 * sum(w * w)`.

    The name 'l1_l2' stands for 0.01 of each, the class without arguments for no penalty.

    >>> L1L2(l1=0.5, l2=0.25)(torch.tensor([1.0, -3.0]))
    tensor(4.5000)
    """

    arguments = ("l1", "l2")

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0):
        self.l1 = _factor(0.0 if l1 is None else l1, "L1L2", "l1")
        self.l2 = _factor(0.0 if l2 is None else l2, "L1L2", "l2")

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the penalty."""
        wide = _wide(weight)
        penalty = wide.new_zeros(())
        if self.l1:
            penalty = penalty + self.l1 * wide.abs().sum()
        if self.l2:
            penalty = penalty + self.l2 * wide.square().sum()
        return penalty


class OrthogonalRegularizer(Regularizer):
    """Penalises the rows or the columns of a matrix for pointing the same way.

    `factor` times the mean, over all pairs, of the absolute cosine between the two. A single
    row has no pair, and no penalty.

    Raises:
        ArgumentError: an unknown mode, or a factor below 0.
        ShapeError: a weight that is no matrix.

    >>> OrthogonalRegularizer(1.0)(torch.tensor([[1.0, 0.0], [3.0, 4.0]]))
    tensor(0.6000)
    """

    arguments = ("factor", "mode")

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _factor(factor, "OrthogonalRegularizer", "factor")
        self.mode = check_choice(mode, ("rows", "columns"), "mode")

    def __call__(self, weight: Any) -> torch.Tensor:
        """Compute the penalty."""
        wide = _wide(weight)
        if wide.ndim != 2:
            raise ShapeError(
                f"OrthogonalRegularizer takes a matrix, with 2 axes; got {wide.ndim}: "
                f"{format_shape(wide.shape)}."
            )
        directions = F.normalize(wide if self.mode == "rows" else wide.T, dim=1)
        count = len(directions)
        cosines = (directions @ directions.T).triu(diagonal=1).abs()
        return self.factor * cosines.sum() / max(count * (count - 1) / 2, 1)


def _factor(value: Any, owner: str, name: str) -> float:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 <= float(value) < math.inf:
        raise ArgumentError(f"{owner}: {name} must be a finite number from 0 up; got {value!r}.")
    return float(value)


def _wide(weight: Any) -> torch.Tensor:
    tensor = as_tensor(weight)
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()


def _members() -> dict[str, Any]:
    return {each.__name__: each for each in (L1, L2, L1L2, OrthogonalRegularizer)}


_registry = Registry("regularizer", _members, aliases={"l1_l2": "L1L2"})


def get(identifier: Any) -> Any:
    """Turn a name, a config, a class or a callable into a regularizer; None stays None.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is none of these.

    >>> get("l2")
    L2(l2=0.01)
    """
    return deserialize(identifier)


def serialize(regularizer: Any) -> Any:
    """Turn a regularizer into its class name and config, a function into its name.

    Raises:
        ArgumentError: a function without a name, such as a lambda.

    >>> serialize(L1(0.5))
    {'class_name': 'L1', 'config': {'l1': 0.5}}
    """
    return _registry.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Turn what `serialize` returned into the regularizer again; `custom_objects` names a person's own.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: something that is neither a name nor a config.
    """
    if isinstance(config, str) and config in ("l1_l2", "l1l2") and config not in (custom_objects or {}):
        # Whoever asks by name wants a penalty; the constructor's zeros would silently give none.
        return L1L2(l1=0.01, l2=0.01)
    return _registry.get(config, custom_objects)


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer
