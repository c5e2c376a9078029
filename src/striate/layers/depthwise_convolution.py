"""Depthwise convolution layers: each channel has kernels of its own."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.shapes import Shape
from striate.layers.axes import from_channels_last, split_shape
from striate.layers.channelwise_convolution import ChannelwiseConvolution


class DepthwiseConvolution(ChannelwiseConvolution):
    """The common part of the depthwise layers.

    Output channel `c * depth_multiplier + m` is kernel `m` of input channel `c`.

    Shape:
        in (batch, *axes, channels), out (batch, *new axes, channels * depth_multiplier).
        Weights: kernel (*kernel_size, channels, depth_multiplier), bias (channels * depth_multiplier,).
    """

    weight_names = ("depthwise", "bias")
    kernel: torch.Tensor

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ):
        settings = {
            "depthwise_initializer": depthwise_initializer,
            "bias_initializer": bias_initializer,
            "depthwise_regularizer": depthwise_regularizer,
            "bias_regularizer": bias_regularizer,
            "depthwise_constraint": depthwise_constraint,
            "bias_constraint": bias_constraint,
        }
        sizes = (kernel_size, strides, padding, depth_multiplier, data_format, dilation_rate)
        options["activity_regularizer"] = activity_regularizer
        super().__init__(*sizes, activation, use_bias, settings, **options)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the input's number of channels."""
        channels = self._known_channels(input_shape)
        self._add("kernel", "depthwise", (*self.kernel_size, channels, self.depth_multiplier))
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Convolve each channel, add the bias, apply the activation."""
        outputs = self._slide(inputs, self.kernel, self.bias)
        # On what is handed back, as in Keras: a softmax means the last axis, whichever that is.
        return self.activation(from_channels_last(outputs, self.data_format))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say the output's shape; ShapeError where the kernel does not fit into the input once."""
        channels = split_shape(input_shape, self.data_format)[2]
        return self._new_shape(input_shape, None if channels is None else channels * self.depth_multiplier)


class DepthwiseConv1D(DepthwiseConvolution):
    """Slides kernels along each channel of a sequence.

    Shape:
        in (batch, steps, channels), out (batch, new steps, channels * depth_multiplier).
    """

    rank = 1


class DepthwiseConv2D(DepthwiseConvolution):
    """Slides kernels over each channel of an image.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width,
        channels * depth_multiplier).

    >>> import numpy as np
    >>> DepthwiseConv2D(3, depth_multiplier=2)(np.zeros((1, 8, 8, 3))).shape
    torch.Size([1, 6, 6, 6])
    """

    rank = 2
