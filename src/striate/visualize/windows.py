"""Which inputs of a layer an output value is made of, and how: the window, the weights, the bias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.core.shapes import padding_amount
from striate.layers.activation import Activation, ActivationLayer
from striate.layers.base import Layer
from striate.layers.convolution import Convolution
from striate.layers.dense import Dense
from striate.layers.depthwise_convolution import DepthwiseConvolution
from striate.layers.global_pooling import GlobalPooling
from striate.layers.normalization import BatchNormalization
from striate.layers.pooling import Pooling
from striate.layers.preprocessing import Rescaling
from striate.layers.regularization import Dropout
from striate.layers.separable_convolution import SeparableConvolution
from striate.layers.shape import Flatten
from striate.layers.transposed_convolution import TransposedConvolution
from striate.visualize.layer_search import FoundLayer

Rule = Callable[[Any, tuple[int, ...]], "Window"]


@final
@dataclass(frozen=True, eq=False)
class Window:
    """How a layer looks at its input: a window of `size`, moved by `strides`, after padding.

    `weights` gives for an output channel the input channels it is made of, its kernel and its
    bias. `reduce` is 'sum', 'max' or 'average'; an average counts real values only, unless
    `counts_padding`. `activation` works on the vector of all channels at one place.

    Shape:
        padding: (before, after) for each axis; kernel (*size, channels of the slice)
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    weights: Callable[[int], tuple[slice, np.ndarray | None, float]]
    reduce: str = "sum"
    counts_padding: bool = False
    activation: Callable[[torch.Tensor], torch.Tensor] | None = None
    activation_name: str = ""
    mode: str = "constant"


def window_of(layer: FoundLayer, shape: Sequence[int]) -> Window:
    """Read off a layer how its output comes about, for an input of this shape.

    Shape:
        shape: (*axes, channels) of one example

    Raises:
        ArgumentError: a kind of layer whose output is no sum over a window.
    """
    for kind, rule in _RULES if has_window(layer) else ():
        if isinstance(layer.module, kind):
            return rule(layer.module, tuple(shape))
    raise ArgumentError(
        f"layer {layer.name!r} ({layer.kind}) cannot be explained by a window and a sum. Convolutions, "
        "dense layers, poolings, batch normalisation and activations can."
    )


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().cpu().numpy()


def _bias(module: Any, index: int) -> float:
    return 0.0 if module.bias is None else float(module.bias.detach()[index])


def _activation_of(module: Any) -> dict[str, Any]:
    function = module.activation
    name = getattr(function, "__name__", type(function).__name__)
    return {} if name == "linear" else {"activation": function, "activation_name": name}


def _amounts(module: Any, shape: tuple[int, ...], size: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    return tuple(
        padding_amount(length, window, stride, module.padding, gap)
        for length, window, stride, gap in zip(shape, size, module.strides, dilation, strict=False)
    )


def _convolution(module: Any, shape: tuple[int, ...]) -> Window:
    kernel = _array(module.kernel)
    inputs, outputs = kernel.shape[1], kernel.shape[0] // module.groups

    def weights(index: int) -> tuple[slice, np.ndarray, float]:
        first = index // outputs * inputs
        return slice(first, first + inputs), np.moveaxis(kernel[index], 0, -1), _bias(module, index)

    amounts = _amounts(module, shape, module.kernel_size, module.dilation_rate)
    return Window(
        module.kernel_size, module.strides, amounts, module.dilation_rate, weights, **_activation_of(module)
    )


def _depthwise(module: Any, shape: tuple[int, ...]) -> Window:
    kernel = _array(module.kernel)
    many = module.depth_multiplier

    def weights(index: int) -> tuple[slice, np.ndarray, float]:
        channel = index // many
        own = kernel[index % many, channel][..., None]
        return slice(channel, channel + 1), own, _bias(module, index)

    amounts = _amounts(module, shape, module.kernel_size, module.dilation_rate)
    return Window(
        module.kernel_size, module.strides, amounts, module.dilation_rate, weights, **_activation_of(module)
    )


def _separable(module: Any, shape: tuple[int, ...]) -> Window:
    # (multiplier, channels, *window) and (filters, channels * multiplier, *ones): together one kernel.
    each = np.moveaxis(_array(module.depthwise_kernel), 0, 1)
    mixing = _array(module.pointwise_kernel).reshape(module.filters, each.shape[0], each.shape[1])

    def weights(index: int) -> tuple[slice, np.ndarray, float]:
        kernel = np.einsum("cm,cm...->c...", mixing[index], each)
        return slice(None), np.moveaxis(kernel, 0, -1), _bias(module, index)

    amounts = _amounts(module, shape, module.kernel_size, module.dilation_rate)
    return Window(
        module.kernel_size, module.strides, amounts, module.dilation_rate, weights, **_activation_of(module)
    )


def _pooling(module: Any, shape: tuple[int, ...]) -> Window:
    name = type(module).pool.__name__
    ones = (1,) * len(module.pool_size)
    return Window(
        module.pool_size,
        module.strides,
        _amounts(module, shape, module.pool_size, ones),
        ones,
        _one_channel,
        reduce={"max_pool": "max", "average_pool": "average", "sum_pool": "sum"}[name],
    )


def _one_channel(index: int) -> tuple[slice, None, float]:
    return slice(index, index + 1), None, 0.0


def _global_pooling(module: Any, shape: tuple[int, ...]) -> Window:
    axes = shape[:-1]
    reduce = "max" if module.takes_largest else "average"
    return Window(axes, axes, ((0, 0),) * len(axes), (1,) * len(axes), _one_channel, reduce=reduce)


def _dense(module: Any, shape: tuple[int, ...]) -> Window:
    matrix = _array(module.kernel if isinstance(module, Dense) else module.weight.t())

    def weights(index: int) -> tuple[slice, np.ndarray, float]:
        ones = (1,) * (len(shape) - 1)
        return slice(None), matrix[:, index].reshape(*ones, -1), _bias(module, index)

    found = _activation_of(module) if isinstance(module, Dense) else {}
    return _point(shape, weights, **found)


def _point(shape: tuple[int, ...], weights: Any, **options: Any) -> Window:
    """A window of a single place."""
    ones = (1,) * (len(shape) - 1)
    return Window(ones, ones, ((0, 0),) * len(ones), ones, weights, **options)


def _scaled(scale: np.ndarray, shift: np.ndarray, shape: tuple[int, ...]) -> Window:
    def weights(index: int) -> tuple[slice, np.ndarray, float]:
        kernel = np.full((1,) * len(shape), scale[index])
        return slice(index, index + 1), kernel, float(shift[index])

    return _point(shape, weights)


def _normalization(module: Any, shape: tuple[int, ...]) -> Window:
    is_own = isinstance(module, BatchNormalization)
    names = ("moving_mean", "moving_variance", "gamma", "beta")
    mean, variance, scale, shift = (
        getattr(module, name, None)
        for name in (names if is_own else ("running_mean", "running_var", "weight", "bias"))
    )
    if mean is None or variance is None:
        raise ArgumentError("a normalisation without moving statistics depends on the batch: no window.")
    width = 1.0 / np.sqrt(_array(variance) + (module.epsilon if is_own else module.eps))
    width = width if scale is None else width * _array(scale)
    offset = -_array(mean) * width
    return _scaled(width, offset if shift is None else offset + _array(shift), shape)


def _rescaling(module: Any, shape: tuple[int, ...]) -> Window:
    parts = (np.asarray(part, dtype=float) for part in (module.scale, module.offset))
    scale, shift = (np.broadcast_to(part, shape[-1:]) for part in parts)
    return _scaled(scale, shift, shape)


def _element(module: Any, shape: tuple[int, ...]) -> Window:
    """Activations, and what hands values on when it does not train."""
    found: dict[str, Any] = {}
    if isinstance(module, Activation):
        found = _activation_of(module)
    elif isinstance(module, Layer) and isinstance(module, ActivationLayer):
        found = {"activation": module.call, "activation_name": type(module).__name__}
    elif not isinstance(module, (Layer, nn.Dropout, nn.Identity)):
        found = {"activation": module.forward, "activation_name": type(module).__name__}
    return _point(shape, _one_channel, **found)


def _flatten(module: Any, shape: tuple[int, ...]) -> Window:
    # Each value goes to a place of its own in the flat vector, which counts as its channel.
    return _point((int(np.prod(shape)),), _one_channel)


def _of_torch(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _torch_convolution(module: Any, shape: tuple[int, ...]) -> Window:
    kernel, rank = _array(module.weight), len(shape) - 1
    inputs, outputs = kernel.shape[1], kernel.shape[0] // module.groups

    def weights(index: int) -> tuple[slice, np.ndarray, float]:
        first = index // outputs * inputs
        return slice(first, first + inputs), np.moveaxis(kernel[index], 0, -1), _bias(module, index)

    if isinstance(module.padding, str):
        word = module.padding
        amounts = [
            padding_amount(length, size, 1, word, gap)
            for length, size, gap in zip(shape, module.kernel_size, module.dilation, strict=False)
        ]
    else:
        amounts = [(amount, amount) for amount in module.padding]
    modes = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    mode = modes[module.padding_mode]
    strides, dilation = _of_torch(module.stride, rank), _of_torch(module.dilation, rank)
    return Window(kernel.shape[2:], strides, tuple(amounts), dilation, weights, mode=mode)


def _torch_pooling(module: Any, shape: tuple[int, ...]) -> Window:
    rank = len(shape) - 1
    size, strides = _of_torch(module.kernel_size, rank), _of_torch(module.stride, rank)
    takes_largest = isinstance(module, nn.modules.pooling._MaxPoolNd)
    padding = tuple((amount, amount) for amount in _of_torch(module.padding, rank))
    return Window(
        size,
        strides,
        padding,
        _of_torch(getattr(module, "dilation", 1), rank),
        _one_channel,
        reduce="max" if takes_largest else "average",
        counts_padding=getattr(module, "count_include_pad", False),
    )


_RULES: tuple[tuple[Any, Rule], ...] = (
    (Convolution, _convolution),
    (DepthwiseConvolution, _depthwise),
    (SeparableConvolution, _separable),
    (Pooling, _pooling),
    (GlobalPooling, _global_pooling),
    ((Dense, nn.Linear), _dense),
    ((BatchNormalization, nn.modules.batchnorm._BatchNorm), _normalization),
    (Rescaling, _rescaling),
    ((Flatten, nn.Flatten), _flatten),
    ((Activation, ActivationLayer, Dropout, nn.modules.dropout._DropoutNd, nn.Identity), _element),
    ((nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.ReLU6), _element),
    ((nn.Conv1d, nn.Conv2d), _torch_convolution),
    ((nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd), _torch_pooling),
)


def has_window(layer: FoundLayer) -> bool:
    """Whether `window_of` knows the layer's kind."""
    known = any(isinstance(layer.module, kind) for kind, _ in _RULES)
    return known and not isinstance(layer.module, TransposedConvolution)
