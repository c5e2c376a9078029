"""What depthwise and separable convolution layers share: kernels that see one channel each."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from striate import activations, constraints, initializers, regularizers
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, check_choice, format_shape, output_length, per_axis
from striate.layers.axes import (
    axes_of,
    check_data_format,
    join_shape,
    split_shape,
    to_channels_last,
)
from striate.layers.base import Layer
from striate.layers.input_spec import InputSpec
from striate.ops.convolution import convolve_depthwise

ROLES = ("initializer", "regularizer", "constraint")
OWNERS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class ChannelwiseConvolution(Layer):
    """The common part of depthwise and separable convolutions: `depth_multiplier` kernels a channel.

    `settings` are the initialisers, regularisers and constraints of the weights named in
    `weight_names`, each under its Keras name (`depthwise_initializer`).

    Raises:
        ArgumentError: sizes below 1, strides together with dilation, an unknown padding.
    """

    rank: ClassVar[int]
    weight_names: ClassVar[tuple[str, ...]]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...],
        padding: str,
        depth_multiplier: int,
        data_format: str | None,
        dilation_rate: int | tuple[int, ...],
        activation: Any,
        use_bias: bool,
        settings: dict[str, Any],
        **options: Any,
    ):
        super().__init__(**options)
        self.kernel_size = per_axis(kernel_size, self.rank, "kernel_size")
        self.strides = per_axis(strides, self.rank, "strides")
        self.padding = check_choice(padding, self.paddings, "padding")
        self.depth_multiplier = per_axis(depth_multiplier, 1, "depth_multiplier")[0]
        self.data_format = check_data_format(data_format)
        self.dilation_rate = per_axis(dilation_rate, self.rank, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        for name, value in settings.items():
            setattr(self, name, OWNERS[name.rpartition("_")[2]].get(value))
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format))
        self.bias: torch.Tensor | None = None
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"{self._label()}: strides above 1 and dilation_rate above 1 cannot be combined; "
                f"got strides={self.strides} and dilation_rate={self.dilation_rate}."
            )

    def _known_channels(self, input_shape: Any) -> int:
        _, _, channels = split_shape(input_shape, self.data_format)
        if channels is None:
            raise ShapeError(
                f"{self._label()} must know the number of channels; got {format_shape(input_shape)}."
            )
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(axes_of(self.rank, self.data_format), {axis: channels})
        return channels

    def _add(self, name: str, kind: str, shape: tuple[int, ...]) -> None:
        initializer, regularizer, constraint = (getattr(self, f"{kind}_{role}") for role in ROLES)
        self.add_weight(
            shape,
            initializer,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
            is_kernel=len(shape) > 1,
        )

    def _add_bias(self, count: int) -> None:
        if self.use_bias:
            del self.bias
            self._add("bias", "bias", (count,))

    def _slide(
        self, inputs: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        self.compute_output_shape(tuple(inputs.shape))
        return convolve_depthwise(
            to_channels_last(inputs, self.data_format),
            kernel,
            bias,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
        )

    def _new_shape(self, input_shape: Any, channels: int | None) -> Shape:
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
        return join_shape(batch, lengths, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        config = {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "depth_multiplier": self.depth_multiplier,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
        for weight in self.weight_names:
            for role in ROLES:
                name = f"{weight}_{role}"
                config[name] = OWNERS[role].serialize(getattr(self, name))
        return config
