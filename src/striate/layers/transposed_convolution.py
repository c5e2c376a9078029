"""Transposed convolution layers: they make maps larger, as a convolution with strides makes them smaller."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape, per_axis
from striate.layers.axes import axes_of, from_channels_last, join_shape, split_shape, to_channels_last
from striate.layers.convolution import Convolution
from striate.layers.input_spec import InputSpec
from striate.ops.transposed_convolution import convolve_transposed, transposed_crop, transposed_length


class TransposedConvolution(Convolution):
    """The common part of the transposed convolution layers; arguments not named here are `Convolution`'s.

    `output_padding` adds steps at the end of each axis, fewer than the stride; None chooses
    the length `strides` times the input's for 'same', and what the kernels reach for 'valid'.
    (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.)

    Shape:
        in (batch, *axes, channels), out (batch, *new axes, filters); channels second with
        `data_format='channels_first'`. Weights: kernel (*kernel_size, filters, channels),
        bias (filters,).

    Raises:
        ArgumentError: output_padding that is not below the stride, groups, and what `Convolution` refuses.
        ShapeError: an output of no length.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        output_padding: int | tuple[int, ...] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        *others: Any,
        **options: Any,
    ):
        if "groups" in options:
            raise ArgumentError(f"{type(self).__name__} has no groups: every filter sees all channels.")
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, 1, *others, **options
        )
        if output_padding is None:
            self.output_padding: tuple[int, ...] | None = None
        else:
            self.output_padding = per_axis(output_padding, self.rank, "output_padding", least=0)
            if any(added >= step for added, step in zip(self.output_padding, self.strides, strict=True)):
                raise ArgumentError(
                    f"{self._label()}: output_padding must be below the strides; "
                    f"got output_padding={self.output_padding} and strides={self.strides}."
                )
        self.crops = [
            transposed_crop(size, stride, self.padding, gap, added)
            for size, stride, gap, added in zip(
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                self.output_padding or (None,) * self.rank,
                strict=True,
            )
        ]

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the input's number of channels."""
        channels = self._known_channels(input_shape)
        self.add_weight(
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
            is_kernel=True,
        )
        self._add_bias()
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format), {axis: channels})

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Lay the kernels out, add the bias, apply the activation."""
        self.compute_output_shape(tuple(inputs.shape))
        outputs = convolve_transposed(
            to_channels_last(inputs, self.data_format),
            self.kernel,
            self.bias,
            strides=self.strides,
            dilation=self.dilation_rate,
            crops=self.crops,
        )
        # On what is handed back, as in Keras: a softmax means the last axis, whichever that is.
        return self.activation(from_channels_last(outputs, self.data_format))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Say how long each axis becomes.

        Raises:
            ShapeError: nothing would be left of an axis.
        """
        batch, axes, _ = split_shape(input_shape, self.data_format)
        lengths = [
            transposed_length(length, size, stride, gap, crop)
            for length, size, stride, gap, crop in zip(
                axes, self.kernel_size, self.strides, self.dilation_rate, self.crops, strict=True
            )
        ]
        if any(length is not None and length < 1 for length in lengths):
            raise ShapeError(
                f"{self._label()} would leave nothing of {format_shape(input_shape)}. "
                "Use a larger input, padding='valid' or a larger output_padding."
            )
        return join_shape(batch, lengths, self.filters, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {**super().get_config(), "output_padding": self.output_padding}
        del config["groups"]
        return config


class Conv1DTranspose(TransposedConvolution):
    """Makes a sequence longer.

    Shape:
        in (batch, steps, channels), out (batch, new steps, filters).

    >>> import numpy as np
    >>> Conv1DTranspose(8, 3, strides=2, padding="same")(np.zeros((2, 10, 4))).shape
    torch.Size([2, 20, 8])
    """

    rank = 1


class Conv2DTranspose(TransposedConvolution):
    """Makes an image larger.

    Shape:
        in (batch, height, width, channels), out (batch, new height, new width, filters).

    >>> import numpy as np
    >>> Conv2DTranspose(8, 3, strides=2, padding="same")(np.zeros((1, 7, 7, 4))).shape
    torch.Size([1, 14, 14, 8])
    """

    rank = 2


class Conv3DTranspose(TransposedConvolution):
    """Makes a volume larger.

    Shape:
        in (batch, depth, height, width, channels), out (batch, new depth, new height, new width, filters).
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: int | tuple[int, ...] | None = None,
        *others: Any,
        **options: Any,
    ):
        # Keras has these two the other way round in this class alone.
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, *others, **options
        )


# Keras's long names for the same classes.
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
