"""Layers that normalise each example by itself; training and inference are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from striate import constraints, initializers, regularizers
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.base import Layer
from striate.ops.example_normalization import group_normalize, layer_normalize, rms_normalize, unit_normalize


class ExampleNormalization(Layer):
    """The common part: the axes that are normalised over, checked against the input.

    Raises:
        ArgumentError: axes that are no whole numbers, or not in the input.
        ShapeError: an axis whose size is not known, or not the one built for.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **options: Any):
        super().__init__(**options)
        axes: list[Any] = list(axis) if isinstance(axis, (list, tuple)) else [axis]
        if not axes or any(isinstance(one, bool) or not isinstance(one, int) for one in axes):
            raise ArgumentError(f"{self._label()}: axis is a whole number or several; got {axis!r}.")
        self.axis: int | list[int] = axes if isinstance(axis, (list, tuple)) else axes[0]
        self._built_sizes: tuple[int, ...] | None = None

    def axes(self, shape: Shape) -> list[int]:
        """The axes from 0 up, in order."""
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        if any(not -len(shape) <= one < len(shape) for one in axes):
            raise ArgumentError(f"{self._label()}: axis {self.axis} is not in {format_shape(shape)}.")
        return sorted(one % len(shape) for one in axes)

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """The sizes of the axes, which must be known before data come."""
        found = [shape[one] for one in self.axes(shape)]
        sizes = tuple(size for size in found if size is not None)
        if len(sizes) < len(found):
            raise ShapeError(
                f"{self._label()} must know the size of axis {self.axis}; got {format_shape(shape)}."
            )
        return sizes

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        self.axes(input_shape)
        if self._built_sizes is not None and self.sizes(input_shape) != self._built_sizes:
            raise ShapeError(
                f"{self._label()} was built for {format_shape(self._built_sizes)} along axis {self.axis} "
                f"but got {format_shape(input_shape)}."
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "axis": self.axis}


class ScaledNormalization(ExampleNormalization):
    """The common part of the layers that scale by `gamma` and shift by `beta` after normalising."""

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ):
        super().__init__(axis, **options)
        self.epsilon, self.center, self.scale = float(epsilon), bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: torch.Tensor | None = None
        self.beta: torch.Tensor | None = None

    def build(self, input_shape: Any) -> None:
        """Make scale and shift, one number for each place along the axes."""
        sizes = self.sizes(input_shape)
        for name, wanted in (("gamma", self.scale), ("beta", self.center)):
            if wanted:
                delattr(self, name)
                self.add_weight(
                    sizes,
                    getattr(self, f"{name}_initializer"),
                    regularizer=getattr(self, f"{name}_regularizer"),
                    constraint=getattr(self, f"{name}_constraint"),
                    name=name,
                )
        self._built_sizes = sizes

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {**super().get_config(), "epsilon": self.epsilon, "center": self.center, "scale": self.scale}
        for name in ("beta", "gamma"):
            for role, owner in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                config[f"{name}_{role}"] = owner.serialize(getattr(self, f"{name}_{role}"))
        return config


class LayerNormalization(ScaledNormalization):
    """Gives each example mean 0 and variance 1 along `axis`, then scales and shifts each place along it.

    (Ba, Kiros and Hinton, "Layer normalization", 2016.) Keras's deprecated `rms_scaling` is not
    taken; `RMSNormalization` is what it was meant to be.

    Shape:
        in and out the same. Weights: gamma, beta, each of the sizes of `axis`.

    >>> LayerNormalization(epsilon=0)([[1.0, 3.0]]).tolist()
    [[-1.0, 1.0]]
    """

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Normalise each example."""
        shape = self.compute_output_shape(tuple(inputs.shape))
        return layer_normalize(inputs, self.gamma, self.beta, self.axes(shape), self.epsilon)


class GroupNormalization(ScaledNormalization):
    """Gives each group of channels of an example mean 0 and variance 1, then scales and shifts each channel.

    `groups=-1` makes each channel a group of its own. (Wu and He, "Group normalization", 2018.)

    Shape:
        in and out (batch, ..., channels), with the channels at `axis`. Weights: gamma, beta,
        each (channels,).

    Raises:
        ArgumentError: groups that are neither -1 nor from 1 up, or do not divide the channels; several axes.
    """

    def __init__(self, groups: int = 32, axis: int = -1, *others: Any, **options: Any):
        super().__init__(axis, *others, **options)
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ArgumentError(
                f"{self._label()}: groups is a number from 1 up, or -1 for one a channel; got {groups!r}."
            )
        if isinstance(self.axis, list):
            raise ArgumentError(f"{self._label()}: axis is one whole number; got {axis!r}.")
        self.groups = groups

    def build(self, input_shape: Any) -> None:
        """Make scale and shift, one number a channel."""
        (channels,) = self.sizes(input_shape)
        if self.groups != -1 and channels % self.groups:
            raise ArgumentError(
                f"{self._label()}: the channels must be a multiple of groups; "
                f"got {channels} channels and {self.groups} groups."
            )
        super().build(input_shape)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Normalise each group of channels of each example."""
        shape = self.compute_output_shape(tuple(inputs.shape))
        (axis,) = self.axes(shape)
        groups = shape[axis] if self.groups == -1 else self.groups
        maps = inputs.movedim(axis, -1)
        return group_normalize(maps, self.gamma, self.beta, groups or 1, self.epsilon).movedim(-1, axis)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "groups": self.groups}


class InstanceNormalization(GroupNormalization):
    """Gives each channel of each example mean 0 and variance 1, then scales and shifts it.

    `GroupNormalization` with one channel a group. (Ulyanov, Vedaldi and Lempitsky, "Instance
    normalization", 2016.) Not in Keras.

    Shape:
        in and out (batch, ..., channels), with the channels at `axis`. Weights: gamma, beta,
        each (channels,).
    """

    def __init__(self, axis: int = -1, *others: Any, **options: Any):
        super().__init__(-1, axis, *others, **options)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = super().get_config()
        del config["groups"]
        return config


class RMSNormalization(ExampleNormalization):
    """Divides each example by the root of its mean square along `axis`, then scales each place along it.

    (Zhang and Sennrich, "Root mean square layer normalization", 2019.)

    Shape:
        in and out the same. Weights: scale, of the sizes of `axis`.
    """

    scale: torch.Tensor

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **options: Any):
        super().__init__(axis, **options)
        self.epsilon = float(epsilon)

    def build(self, input_shape: Any) -> None:
        """Make the scale, one number for each place along the axes."""
        self._built_sizes = self.sizes(input_shape)
        self.add_weight(self._built_sizes, "ones", name="scale")

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Normalise each example."""
        shape = self.compute_output_shape(tuple(inputs.shape))
        return rms_normalize(inputs, self.scale, self.axes(shape), self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "epsilon": self.epsilon}


class UnitNormalization(ExampleNormalization):
    """Divides each example by its Euclidean length along `axis`.

    Shape:
        in and out the same; out of length 1 along the axis.

    >>> UnitNormalization()([[3.0, 4.0]])
    tensor([[0.6000, 0.8000]])
    """

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Normalise each example."""
        return unit_normalize(inputs, self.axes(tuple(inputs.shape)))
