"""Normalisation layers."""

from __future__ import annotations

from typing import Any

import torch

from striate import constraints, initializers, regularizers
from striate.core.errors import ArgumentError, ShapeError
from striate.core.position import here
from striate.core.shapes import Shape, format_shape
from striate.layers.base import Layer
from striate.ops.normalization import batch_normalize
from striate.ops.synchronized_normalization import synchronized_normalize


class BatchNormalization(Layer):
    """Gives each channel mean 0 and variance 1 over the batch, then scales and shifts it.

    In training the batch's own statistics are used, and the moving ones follow them:
    `moving = moving * momentum + batch * (1 - momentum)`, with the biased variance, as in
    Keras. In inference, and when `trainable` is False, the moving statistics are used.
    (Ioffe and Szegedy, "Batch Normalization", 2015, algorithm 1; they keep the unbiased
    variance.)

    Where several processes train together, each has a part of the batch. With `synchronized` the
    statistics are those of the whole batch; without, `compile(sync_batch_norm=...)` decides.

    Shape:
        in and out (batch, ..., channels), with the channels at `axis`. Weights: gamma, beta,
        moving_mean, moving_variance, each (channels,).

    Raises:
        ArgumentError: an axis that is no whole number or not in the input, a momentum outside 0 to 1.
        ShapeError: an input whose number of channels is not known.
    """

    moving_mean: torch.Tensor
    moving_variance: torch.Tensor

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        synchronized: bool = False,
        **options: Any,
    ):
        super().__init__(**options)
        self.synchronized = bool(synchronized)
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"{self._label()}: axis is one whole number; got {axis!r}.")
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"{self._label()}: momentum lies from 0 to 1; got {momentum!r}.")
        self.axis, self.momentum, self.epsilon = axis, float(momentum), float(epsilon)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: torch.Tensor | None = None
        self.beta: torch.Tensor | None = None

    def build(self, input_shape: Any) -> None:
        """Make scale, shift and the moving statistics for the input's number of channels."""
        channels = self._channels(input_shape)
        if self.scale:
            del self.gamma
            self.add_weight(
                (channels,),
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            del self.beta
            self.add_weight(
                (channels,),
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )
        self.add_weight((channels,), self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.add_weight(
            (channels,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def _channels(self, shape: Shape) -> int:
        if not -len(shape) <= self.axis < len(shape):
            raise ArgumentError(f"{self._label()}: axis {self.axis} is not in {format_shape(shape)}.")
        channels = shape[self.axis]
        if channels is None:
            raise ShapeError(
                f"{self._label()} must know the size of axis {self.axis}; got {format_shape(shape)}."
            )
        return channels

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Normalise by the batch in training, by the moving statistics otherwise."""
        self.compute_output_shape(tuple(inputs.shape))
        outputs, mean, variance = self._normalized(inputs.movedim(self.axis, -1))
        if mean is not None and variance is not None:
            with torch.no_grad():
                self.moving_mean.lerp_(mean.to(self.moving_mean.dtype), 1 - self.momentum)
                self.moving_variance.lerp_(variance.to(self.moving_variance.dtype), 1 - self.momentum)
        return outputs.movedim(-1, self.axis)

    def _normalized(
        self, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        by_batch, spot = self.training and self.trainable, here()
        if by_batch and spot is not None and spot.processes > 1 and (self.synchronized or spot.synchronize):
            return synchronized_normalize(
                values, self.gamma, self.beta, epsilon=self.epsilon, counts=spot.counts
            )
        return batch_normalize(
            values,
            self.gamma,
            self.beta,
            self.moving_mean,
            self.moving_variance,
            by_batch=by_batch,
            epsilon=self.epsilon,
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays.

        Raises:
            ShapeError: another number of channels than the layer was built for.
        """
        channels = self._channels(input_shape)
        if self.built and channels != self.moving_mean.shape[0]:
            raise ShapeError(
                f"{self._label()} was built for {self.moving_mean.shape[0]} channels "
                f"but got {channels}: {format_shape(input_shape)}."
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {**super().get_config(), "axis": self.axis, "momentum": self.momentum}
        config |= {"epsilon": self.epsilon, "center": self.center, "scale": self.scale}
        for name in ("beta", "gamma", "moving_mean", "moving_variance"):
            key = f"{name}_initializer"
            config[key] = initializers.serialize(getattr(self, key))
        for name in ("beta", "gamma"):
            config[f"{name}_regularizer"] = regularizers.serialize(getattr(self, f"{name}_regularizer"))
            config[f"{name}_constraint"] = constraints.serialize(getattr(self, f"{name}_constraint"))
        # Left out where it says nothing, so that files stay readable for a Striate that has no such argument.
        return {**config, "synchronized": True} if self.synchronized else config
