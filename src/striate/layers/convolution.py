"""Convolution layers."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate import activations, constraints, initializers, regularizers
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, check_choice, format_shape, output_length, per_axis, window_extent
from striate.layers.axes import (
    axes_of,
    check_data_format,
    from_channels_last,
    join_shape,
    split_shape,
    to_channels_last,
)
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec
from striate.ops.convolution import convolve


class Convolution(Layer):
    """The common part of the convolution layers; the number of axes is the class attribute `rank`.

    A filter spans all channels of its input (of its group): each output value is the sum of
    window times kernel, plus the bias. The kernel is not flipped (cross-correlation).

    Shape:
        in (batch, *axes, channels), out (batch, *new axes, filters); channels second with
        `data_format='channels_first'`. Weights: kernel (*kernel_size, channels / groups,
        filters), bias (filters,).

    Raises:
        ArgumentError: sizes below 1, filters or channels that groups do not divide, strides
            together with dilation, an unknown padding.
    """

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    kernel: torch.Tensor

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.filters = per_axis(filters, 1, "filters")[0]
        self.kernel_size = per_axis(kernel_size, self.rank, "kernel_size")
        self.strides = per_axis(strides, self.rank, "strides")
        self.padding = check_choice(padding, self.paddings, "padding")
        self.data_format = check_data_format(data_format)
        self.dilation_rate = per_axis(dilation_rate, self.rank, "dilation_rate")
        self.groups = per_axis(groups, 1, "groups")[0]
        self._reach = max(map(window_extent, self.kernel_size, self.dilation_rate))
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))
        self.bias: torch.Tensor | None = None
        self._check_arguments()

    def _check_arguments(self) -> None:
        if self.filters % self.groups:
            raise ArgumentError(
                f"{self._label()}: filters must be a multiple of groups; got {self.filters} filters "
                f"in {self.groups} groups."
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"{self._label()}: strides above 1 and dilation_rate above 1 cannot be combined; "
                f"got strides={self.strides} and dilation_rate={self.dilation_rate}."
            )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the input's number of channels."""
        channels = self._known_channels(input_shape)
        if channels % self.groups:
            raise ArgumentError(
                f"{self._label()}: the channels must be a multiple of groups; got {channels} channels "
                f"and {self.groups} groups."
            )
        self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
            is_kernel=True,
        )
        self._add_bias()
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format), {axis: channels})

    def _known_channels(self, input_shape: Any) -> int:
        _, _, channels = split_shape(input_shape, self.data_format)
        if channels is None:
            raise ShapeError(
                f"{self._label()} must know the number of channels; got {format_shape(input_shape)}."
            )
        return channels

    def _add_bias(self) -> None:
        if self.use_bias:
            # The placeholder set in __init__ is an ordinary attribute; a weight takes its place.
            del self.bias
            self.add_weight(
                (self.filters,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Convolve, add the bias, apply the activation."""
        # Where every axis is as long as the kernel's reach, it fits: asking exactly takes longer.
        if min(inputs.shape[1:]) < self._reach:
            self.compute_output_shape(tuple(inputs.shape))
        outputs = convolve(
            to_channels_last(inputs, self.data_format),
            self.kernel,
            self.bias,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=self.groups,
        )
        # On what is handed back, as in Keras: a softmax means the last axis, whichever that is.
        return self.activation(from_channels_last(outputs, self.data_format))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say how long each axis becomes.

        Raises:
            ShapeError: the kernel does not fit into the input once.
        """
        batch, axes, _ = split_shape(input_shape, self.data_format)
        lengths = [
            output_length(length, size, stride, self.padding, gap)
            for length, size, stride, gap in zip(
                axes, self.kernel_size, self.strides, self.dilation_rate, strict=True
            )
        ]
        if any(length is not None and length < 1 for length in lengths):
            raise ShapeError(
                f"{self._label()}: the kernel {self.kernel_size} with dilation {self.dilation_rate} "
                f"does not fit into {format_shape(input_shape)}. "
                "Use padding='same', a smaller kernel or a larger input."
            )
        return join_shape(batch, lengths, self.filters, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class Conv1D(Convolution):
    """Slides kernels along a sequence.

    Shape:
        in (batch, steps, channels), out (batch, new steps, filters). `padding='causal'` pads
        on the left only, so that no output sees a later step (van den Oord et al., "WaveNet",
        2016, section 2.1).

    >>> import numpy as np
    >>> Conv1D(8, 3)(np.zeros((2, 64, 100))).shape
    torch.Size([2, 62, 8])
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2D(Convolution):
    """Slides kernels over an image.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, filters).

    >>> import numpy as np
    >>> Conv2D(10, 5, padding="same")(np.zeros((1, 32, 32, 3))).shape
    torch.Size([1, 32, 32, 10])
    """

    rank = 2


class Conv3D(Convolution):
    """Slides kernels through a volume.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, filters).

    >>> import numpy as np
    >>> Conv3D(4, 3)(np.zeros((1, 8, 16, 16, 2))).shape
    torch.Size([1, 6, 14, 14, 4])
    """

    rank = 3


# Keras's long names for the same classes.
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
