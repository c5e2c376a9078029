"""Layers that disturb values in training and do nothing in inference."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch

from striate import regularizers
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape
from striate.layers.axes import axes_of, check_data_format
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec
from striate.layers.regularization import Dropout
from striate.layers.seeded import SeededLayer

# The two numbers of SELU (Klambauer et al., "Self-normalizing neural networks", 2017, equation 14).
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class SpatialDropout(Dropout):
    """The common part of the layers that drop whole feature maps in training.

    (Tompson et al., "Efficient object localization using convolutional networks", 2015, section 3.2.)

    Shape:
        in and out (batch, *axes, channels); channels second with `data_format='channels_first'`.
    """

    rank: ClassVar[int]

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **options: Any):
        self.data_format = check_data_format(data_format)
        ones = (1,) * self.rank
        noise_shape = (None, *ones, None) if self.data_format == "channels_last" else (None, None, *ones)
        super().__init__(rate, noise_shape, seed, **options)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {**super().get_config(), "data_format": self.data_format}
        del config["noise_shape"]
        return config


class SpatialDropout1D(SpatialDropout):
    """Drops whole channels of a sequence in training.

    Shape:
        in and out (batch, steps, channels).
    """

    rank = 1

    def __init__(self, rate: float, seed: int | None = None, **options: Any):
        super().__init__(rate, seed=seed, **options)


class SpatialDropout2D(SpatialDropout):
    """Drops whole feature maps of an image in training.

    Shape:
        in and out (batch, height, width, channels).
    """

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """Drops whole feature maps of a volume in training.

    Shape:
        in and out (batch, depth, height, width, channels).
    """

    rank = 3


class AlphaDropout(Dropout):
    """Sets values to SELU's lower limit with probability `rate` in training, and keeps mean 0 and variance 1.

    (Klambauer et al., "Self-normalizing neural networks", 2017, section 2.)

    Shape:
        in and out the same.
    """

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Drop, scale and shift in training, hand on otherwise."""
        if not self.training or self.rate == 0:
            return inputs
        limit = -SELU_ALPHA * SELU_SCALE
        if self.rate == 1:
            return inputs * 0
        mask = self._kept(inputs, 1 - self.rate)
        scale = ((1 - self.rate) * (1 + self.rate * limit**2)) ** -0.5
        return scale * (inputs * mask + limit * (1 - mask)) - scale * limit * self.rate


class GaussianNoise(SeededLayer):
    """Adds numbers drawn from a normal distribution in training.

    Shape:
        in and out the same.

    Raises:
        ArgumentError: a standard deviation outside 0 to 1, as in Keras.
    """

    def __init__(self, stddev: float, seed: int | None = None, **options: Any):
        super().__init__(seed, **options)
        if not isinstance(stddev, (int, float)) or not 0 <= stddev <= 1:
            raise ArgumentError(f"{self._label()}: stddev is a number from 0 to 1; got {stddev!r}.")
        self.stddev = float(stddev)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Add noise in training, hand on otherwise."""
        if not self.training or self.stddev == 0:
            return inputs
        return inputs + self._normal(inputs) * self.stddev

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(SeededLayer):
    """Multiplies by numbers around 1 in training, with the variance `rate / (1 - rate)` of a dropout.

    (Srivastava et al., "Dropout", JMLR 2014, section 10.)

    Shape:
        in and out the same.

    Raises:
        ArgumentError: a rate outside 0 to 1, or 1, for which there is no variance.
    """

    def __init__(self, rate: float, seed: int | None = None, **options: Any):
        super().__init__(seed, **options)
        if not isinstance(rate, (int, float)) or not 0 <= rate < 1:
            raise ArgumentError(f"{self._label()}: rate is a share from 0 to below 1; got {rate!r}.")
        self.rate = float(rate)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Multiply by noise in training, hand on otherwise."""
        if not self.training or self.rate == 0:
            return inputs
        return inputs * (1 + self._normal(inputs) * math.sqrt(self.rate / (1 - self.rate)))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "rate": self.rate}


class ActivityRegularization(Layer):
    """Hands its input on and adds `l1 * sum|x| + l2 * sum x**2` of it to the loss.

    Shape:
        in and out the same.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Any):
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **options)
        self.l1, self.l2 = float(l1), float(l2)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Hand the values on."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        del config["activity_regularizer"]
        return config
