"""Separable convolution layers: each channel by itself first, then a mixture of all at each place."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.shapes import Shape, per_axis
from striate.layers.axes import from_channels_last
from striate.layers.channelwise_convolution import ChannelwiseConvolution
from striate.ops.convolution import convolve


class SeparableConvolution(ChannelwiseConvolution):
    """The common part of the separable layers: depthwise, then a 1x1 convolution that mixes the channels.

    (Chollet, "Xception: deep learning with depthwise separable convolutions", 2017.)

    Shape:
        in (batch, *axes, channels), out (batch, *new axes, filters). Weights: depthwise_kernel
        (*kernel_size, channels, depth_multiplier), pointwise_kernel (*ones, channels *
        depth_multiplier, filters), bias (filters,).
    """

    weight_names = ("depthwise", "pointwise", "bias")
    depthwise_kernel: torch.Tensor
    pointwise_kernel: torch.Tensor

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ):
        settings = {
            "depthwise_initializer": depthwise_initializer,
            "pointwise_initializer": pointwise_initializer,
            "bias_initializer": bias_initializer,
            "depthwise_regularizer": depthwise_regularizer,
            "pointwise_regularizer": pointwise_regularizer,
            "bias_regularizer": bias_regularizer,
            "depthwise_constraint": depthwise_constraint,
            "pointwise_constraint": pointwise_constraint,
            "bias_constraint": bias_constraint,
        }
        sizes = (kernel_size, strides, padding, depth_multiplier, data_format, dilation_rate)
        options["activity_regularizer"] = activity_regularizer
        super().__init__(*sizes, activation, use_bias, settings, **options)
        self.filters = per_axis(filters, 1, "filters")[0]

    def build(self, input_shape: Any) -> None:
        """Make both kernels and the bias for the input's number of channels."""
        channels = self._known_channels(input_shape)
        between = channels * self.depth_multiplier
        self._add("depthwise_kernel", "depthwise", (*self.kernel_size, channels, self.depth_multiplier))
        self._add("pointwise_kernel", "pointwise", (*(1,) * self.rank, between, self.filters))
        self._add_bias(self.filters)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Convolve each channel, mix them, add the bias, apply the activation."""
        ones = (1,) * self.rank
        outputs = convolve(
            self._slide(inputs, self.depthwise_kernel),
            self.pointwise_kernel,
            self.bias,
            strides=ones,
            padding="valid",
            dilation=ones,
        )
        # On what is handed back, as in Keras: a softmax means the last axis, whichever that is.
        return self.activation(from_channels_last(outputs, self.data_format))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape; ShapeError where the kernel does not fit into the input once."""
        return self._new_shape(input_shape, self.filters)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "filters": self.filters}


class SeparableConv1D(SeparableConvolution):
    """Slides kernels along each channel of a sequence, then mixes the channels.

    Shape:
        in (batch, steps, channels), out (batch, new steps, filters).
    """

    rank = 1


class SeparableConv2D(SeparableConvolution):
    """Slides kernels over each channel of an image, then mixes the channels.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, filters).

    >>> import numpy as np
    >>> SeparableConv2D(4, 3)(np.zeros((1, 8, 8, 3))).shape
    torch.Size([1, 6, 6, 4])
    """

    rank = 2


# Keras's long names for the same classes.
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
