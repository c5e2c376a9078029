"""Random configurations of the layers without a window: shape, normalisation, activation, merging."""

from __future__ import annotations

import numpy as np

from tests.peers.configurations import (
    EVERY_ACTIVATION,
    any_shape,
    family,
    formats,
    image_shape,
    in_format,
    one,
    per_axis,
    rank_of,
)
from tests.peers.keras_side import Configuration


@family("BatchNormalization")
def batch_normalization(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng)
    arguments = {
        "axis": one(rng, -1, 1, len(shape) - 1),
        "momentum": float(rng.uniform(0, 1)),
        "epsilon": one(rng, 1e-3, 1e-2, 1e-5),
        "center": one(rng, True, True, False),
        "scale": one(rng, True, True, False),
    }
    # A batch of very few values has almost no variance, and then differences are all that is left.
    return Configuration(arguments, (int(rng.integers(6, 12)), *shape[1:]))


@family("LayerNormalization")
def layer_normalization(name: str, rng: np.random.Generator) -> Configuration:
    shape = tuple(int(size) for size in rng.integers(3, 7, int(rng.integers(2, 5))))
    axis = one(rng, -1, len(shape) - 1, *([[-2, -1]] if len(shape) > 2 else []))
    arguments = {"axis": axis, "epsilon": one(rng, 1e-3, 1e-2)}
    return Configuration(
        {**arguments, "center": one(rng, True, False), "scale": one(rng, True, False)}, shape
    )


@family("GroupNormalization")
def group_normalization(name: str, rng: np.random.Generator) -> Configuration:
    groups = int(rng.integers(1, 4))
    channels = groups * int(rng.integers(1, 4))
    first = one(rng, True, False)
    axes = tuple(int(size) for size in rng.integers(3, 6, int(rng.integers(1, 3))))
    shape = (3, channels, *axes) if first else (3, *axes, channels)
    arguments = {"groups": one(rng, groups, -1), "axis": 1 if first else -1, "epsilon": one(rng, 1e-3, 1e-2)}
    return Configuration(
        {**arguments, "center": one(rng, True, False), "scale": one(rng, True, False)}, shape
    )


@family("RMSNormalization", "UnitNormalization")
def scaling_only(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({"axis": -1}, any_shape(rng))


@family("Normalization")
def normalization(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng, 2, 4)
    size = shape[-1]
    arguments = {
        "axis": -1,
        "mean": rng.standard_normal(size).tolist(),
        "variance": rng.uniform(0.5, 2, size).tolist(),
        "invert": one(rng, False, True),
    }
    return Configuration(arguments, shape)


@family("Rescaling")
def rescaling(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng)
    offset = one(rng, 0.0, 0.5, rng.standard_normal(shape[-1]).tolist())
    scale = one(rng, 1 / 255, 2.0, rng.standard_normal(shape[-1]).tolist())
    return Configuration({"scale": scale, "offset": offset}, shape)


@family("Resizing")
def resizing(name: str, rng: np.random.Generator) -> Configuration:
    arguments = {
        "height": int(rng.integers(2, 12)),
        "width": int(rng.integers(2, 12)),
        "interpolation": one(rng, "bilinear", "nearest", "bicubic"),
    }
    manner = one(rng, {}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 0.5})
    data_format = in_format(arguments, rng)
    return Configuration({**arguments, **manner}, image_shape(rng, 2, 4, 3, data_format))


@family("CenterCrop")
def center_crop(name: str, rng: np.random.Generator) -> Configuration:
    arguments = {"height": int(rng.integers(2, 10)), "width": int(rng.integers(2, 10))}
    data_format = in_format(arguments, rng)
    return Configuration(arguments, image_shape(rng, 2, 4, 3, data_format))


@family("Activation")
def activation(name: str, rng: np.random.Generator) -> Configuration:
    chosen = one(rng, *EVERY_ACTIVATION)
    shape = any_shape(rng)
    return Configuration({"activation": chosen}, (*shape[:-1], 2 * shape[-1]) if chosen == "glu" else shape)


@family("ReLU")
def relu(name: str, rng: np.random.Generator) -> Configuration:
    arguments = {
        "max_value": one(rng, None, 1.0, 6.0),
        "negative_slope": one(rng, 0.0, 0.1, 0.3),
        "threshold": one(rng, 0.0, 0.0, 0.5),
    }
    return Configuration(arguments, any_shape(rng))


@family("LeakyReLU")
def leaky_relu(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({"negative_slope": float(rng.uniform(0, 0.5))}, any_shape(rng))


@family("ELU")
def elu(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({"alpha": float(rng.uniform(0.1, 2))}, any_shape(rng))


@family("PReLU")
def prelu(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng, 3, 4)
    return Configuration({"shared_axes": one(rng, None, [1])}, shape)


@family("Softmax")
def softmax(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng)
    return Configuration({"axis": one(rng, -1, 1, len(shape) - 1)}, shape)


@family("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout")
def noise(name: str, rng: np.random.Generator) -> Configuration:
    share = float(rng.uniform(0, 0.9))
    return Configuration({"stddev" if name == "GaussianNoise" else "rate": share}, any_shape(rng))


@family("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
def spatial_dropout(name: str, rng: np.random.Generator) -> Configuration:
    shape = image_shape(rng, rank_of(name), 2, 3, "channels_last")
    return Configuration({"rate": float(rng.uniform(0, 0.9))}, shape)


@family("ActivityRegularization", "Identity", "Masking")
def unchanged(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({}, any_shape(rng, 3, 4))


@family("Flatten")
def flatten(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({"data_format": formats(rng)}, any_shape(rng, 1, 5))


@family("Reshape")
def reshape(name: str, rng: np.random.Generator) -> Configuration:
    first, second, third = (int(size) for size in rng.integers(1, 5, 3))
    target = one(rng, (first * second, third), (-1, third), (third, first, second), (second, -1), (-1,))
    return Configuration({"target_shape": target}, (3, first, second, third))


@family("Permute")
def permute(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng, 3, 5)
    order = tuple(int(axis) + 1 for axis in rng.permutation(len(shape) - 1))
    return Configuration({"dims": order}, shape)


@family("RepeatVector")
def repeat(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({"n": int(rng.integers(1, 6))}, any_shape(rng, 2, 2))


@family(*(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping") for rank in (1, 2, 3)))
def border(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    if rank == 1:
        sizes = one(rng, int(rng.integers(0, 3)), (int(rng.integers(0, 3)), int(rng.integers(0, 3))))
    else:
        pairs = tuple((int(rng.integers(0, 3)), int(rng.integers(0, 3))) for _ in range(rank))
        sizes = one(
            rng, int(rng.integers(0, 3)), tuple(int(size) for size in rng.integers(0, 3, rank)), pairs
        )
    arguments = {"padding" if name.startswith("Zero") else "cropping": sizes}
    data_format = in_format(arguments, rng) if rank > 1 else "channels_last"
    return Configuration(arguments, image_shape(rng, rank, 5, int(rng.integers(1, 4)), data_format))


@family("UpSampling1D", "UpSampling2D", "UpSampling3D")
def upsampling(name: str, rng: np.random.Generator) -> Configuration:
    rank = rank_of(name)
    arguments = {"size": int(rng.integers(1, 4)) if rank == 1 else per_axis(rng, rank, 1, 3)}
    if rank == 2:
        arguments["interpolation"] = one(rng, "nearest", "bilinear", "bicubic")
    data_format = in_format(arguments, rng) if rank > 1 else "channels_last"
    return Configuration(arguments, image_shape(rng, rank, 2, int(rng.integers(1, 4)), data_format))


@family("Add", "Average", "Maximum", "Minimum", "Multiply")
def merge(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({}, [any_shape(rng)] * int(rng.integers(2, 5)))


@family("Subtract")
def subtract(name: str, rng: np.random.Generator) -> Configuration:
    return Configuration({}, [any_shape(rng)] * 2)


@family("Concatenate")
def concatenate(name: str, rng: np.random.Generator) -> Configuration:
    shape = any_shape(rng)
    axis = one(rng, -1, 1)
    shapes = []
    for _ in range(int(rng.integers(2, 4))):
        sizes = list(shape)
        sizes[axis] = int(rng.integers(1, 5))
        shapes.append(tuple(sizes))
    return Configuration({"axis": axis}, shapes)


@family("Dot")
def dot(name: str, rng: np.random.Generator) -> Configuration:
    batch, first, second, shared = (int(size) for size in rng.integers(2, 6, 4))
    axes, shapes = one(
        rng,
        (1, [(batch, shared), (batch, shared)]),
        ((2, 1), [(batch, first, shared), (batch, shared, second)]),
        (2, [(batch, first, shared), (batch, second, shared)]),
    )
    return Configuration({"axes": axes, "normalize": one(rng, False, True)}, shapes)
