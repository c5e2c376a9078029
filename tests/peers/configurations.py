"""Random configurations of layers: one generator a family, found by the layer's class name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.peers.keras_side import Configuration, Made

Generator = Callable[[str, np.random.Generator], Configuration]
GENERATORS: dict[str, Generator] = {}

SMOOTH = (None, None, "relu", "tanh", "sigmoid", "gelu", "softplus", "elu", "selu", "silu", "softmax")
EVERY_ACTIVATION = (
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
    "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
)  # fmt: skip


def family(*names: str) -> Callable[[Generator], Generator]:
    """Let a generator answer for the layers of these names."""

    def keep(generator: Generator) -> Generator:
        GENERATORS.update(dict.fromkeys(names, generator))
        return generator

    return keep


def one(rng: np.random.Generator, *options: Any) -> Any:
    """Choose one of several."""
    return options[int(rng.integers(len(options)))]


def rank_of(name: str) -> int:
    """Read the number of axes off a layer's name."""
    return next(int(sign) for sign in name if sign in "123")


def per_axis(rng: np.random.Generator, rank: int, least: int, most: int) -> Any:
    """Draw a whole number an axis, or one for all of them."""
    drawn = tuple(int(size) for size in rng.integers(least, most + 1, rank))
    return one(rng, drawn, drawn[0])


def spread(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def image_shape(rng: np.random.Generator, rank: int, least: Any, channels: int, data_format: str) -> tuple:
    """Draw a shape in which each axis has at least so many steps."""
    axes = [size + int(rng.integers(0, 6 if rank < 3 else 3)) for size in spread(least, rank)]
    batch = int(rng.integers(1, 4))
    return (batch, *axes, channels) if data_format == "channels_last" else (batch, channels, *axes)


def any_shape(rng: np.random.Generator, least: int = 2, most: int = 4) -> tuple[int, ...]:
    """Draw a shape of a few axes."""
    return tuple(int(size) for size in rng.integers(2, 7, int(rng.integers(least, most + 1))))


def formats(rng: np.random.Generator) -> str:
    return one(rng, "channels_last", "channels_last", "channels_first")


def windows(rng: np.random.Generator, rank: int, paddings: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
    """Draw kernel, strides, dilation and padding, and how long the axes must be at least."""
    kernel = per_axis(rng, rank, 1, 4 if rank < 3 else 3)
    strides, dilation = one(rng, (1, 1), (per_axis(rng, rank, 1, 3), 1), (1, per_axis(rng, rank, 1, 3)))
    arguments = {
        "kernel_size": kernel,
        "strides": strides,
        "dilation_rate": dilation,
        "padding": one(rng, *paddings),
        "activation": one(rng, *SMOOTH),
        "use_bias": one(rng, True, True, False),
    }
    reach = zip(spread(kernel, rank), spread(dilation, rank), strict=True)
    return arguments, tuple((size - 1) * gap + 1 for size, gap in reach)


def in_format(arguments: dict[str, Any], rng: np.random.Generator) -> str:
    """Draw a data format; a softmax over another axis than the channels would be another question."""
    arguments["data_format"] = formats(rng)
    return arguments["data_format"]


@family("Conv1D", "Conv2D", "Conv3D")
def convolution(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    arguments, least = windows(rng, rank, ("valid", "same", "causal") if rank == 1 else ("valid", "same"))
    groups = one(rng, 1, 1, 2, 3)
    arguments |= {"filters": groups * int(rng.integers(1, 4)), "groups": groups}
    data_format = in_format(arguments, rng)
    channels = groups * int(rng.integers(1, 4))
    return Configuration(arguments, image_shape(rng, rank, least, channels, data_format))


@family("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def transposed(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    arguments, _ = windows(rng, rank, ("valid", "same"))
    arguments["filters"] = int(rng.integers(1, 5))
    strides = spread(arguments["strides"], rank)
    kernel = spread(arguments["kernel_size"], rank)
    # Keras takes output_padding only below the stride, and a kernel shorter than the stride leaves gaps.
    if min(strides) > 1 and all(size >= step for size, step in zip(kernel, strides, strict=True)):
        arguments["output_padding"] = one(rng, None, tuple(int(rng.integers(0, step)) for step in strides))
    data_format = in_format(arguments, rng)
    return Configuration(arguments, image_shape(rng, rank, 3, int(rng.integers(1, 4)), data_format))


@family("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
def channelwise(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    arguments, least = windows(rng, rank, ("valid", "same"))
    arguments["depth_multiplier"] = int(rng.integers(1, 4))
    if name.startswith("Separable"):
        arguments["filters"] = int(rng.integers(1, 6))
    data_format = in_format(arguments, rng)
    return Configuration(arguments, image_shape(rng, rank, least, int(rng.integers(1, 4)), data_format))


@family(*(f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def pooling(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    size = per_axis(rng, rank, 1, 3)
    arguments = {
        "pool_size": size,
        "strides": one(rng, None, per_axis(rng, rank, 1, 3)),
        "padding": one(rng, "valid", "same"),
    }
    data_format = in_format(arguments, rng)
    return Configuration(arguments, image_shape(rng, rank, size, int(rng.integers(1, 5)), data_format))


@family(*(f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def global_pooling(name: str, rng: np.random.Generator) -> Configuration:
    arguments = {"keepdims": one(rng, True, False)}
    data_format = in_format(arguments, rng)
    return Configuration(arguments, image_shape(rng, rank_of(name), 2, int(rng.integers(1, 5)), data_format))


@family(*(f"Adaptive{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def adaptive_pooling(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    arguments = {"output_size": per_axis(rng, rank, 1, 4)}
    data_format = in_format(arguments, rng)
    return Configuration(arguments, image_shape(rng, rank, 4, int(rng.integers(1, 4)), data_format))


@family("Dense")
def dense(name: str, rng: np.random.Generator) -> Configuration:
    arguments = {
        "units": int(rng.integers(2, 9)),
        "activation": one(rng, *SMOOTH),
        "use_bias": one(rng, True, False),
    }
    return Configuration(arguments, any_shape(rng))


@family("EinsumDense")
def einsum(name: str, rng: np.random.Generator) -> Configuration:
    equation, output, bias = one(
        rng,
        ("ab,bc->ac", 5, "c"),
        ("abc,cd->abd", (None, 4), "d"),
        ("abc,cde->abde", (None, 2, 3), "e"),
        ("...x,xy->...y", 6, "y"),
    )
    shape = tuple(int(size) for size in rng.integers(2, 6, 2 if equation[:3] in ("ab,", "...") else 3))
    return Configuration(
        {"equation": equation, "output_shape": output, "bias_axes": one(rng, None, bias)}, shape
    )


@family("Embedding")
def embedding(name: str, rng: np.random.Generator) -> Configuration:
    words = int(rng.integers(2, 20))
    return Configuration(
        {"input_dim": words, "output_dim": int(rng.integers(1, 6))}, any_shape(rng, 2, 3), values=words
    )


@family("TimeDistributed", "SpectralNormalization")
def wrapper(name: str, rng: np.random.Generator) -> Configuration:
    shape = tuple(int(size) for size in rng.integers(2, 6, 3))
    return Configuration({"layer": Made("Dense", {"units": int(rng.integers(1, 6))})}, shape)
