"""What is done to the values before a network sees them, fitted on the training part, kept in the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from striate.core.shapes import Shape
from striate.datasets.rows import Rows
from striate.layers import Input, Layer, Normalization, Rescaling, ZCAWhitening
from striate.models import Model, Sequential

# Values read together while statistics are taken of data that lie on the disk.
_CHUNK = 1024
ABOUT = {
    "mean": "the mean of each channel taken off",
    "channel": "each channel brought to mean 0 and deviation 1",
    "pixel": "each place and channel brought to mean 0 and deviation 1",
    "zca": "whitened (ZCA): no correlation left between places and channels",
}


def make_normalization(name: str, x: Any) -> Layer:
    """Make the layer for a word of a recipe and fit it to the training examples.

    Shape:
        x: (examples, height, width, channels) or (examples, steps, channels)
    """
    if name == "zca":
        whitening = ZCAWhitening(name="whitening")
        whitening.adapt(x[:] if isinstance(x, Rows) else x)
        return whitening
    axis = tuple(range(1, x.ndim)) if name == "pixel" else -1
    fitted = Normalization(axis=axis, name="normalization")
    fitted.adapt(_chunks(x))
    if name == "mean":
        mean = fitted.mean.detach().cpu().numpy()
        return Normalization(axis=axis, mean=mean, variance=np.ones_like(mean), name="normalization")
    return fitted


def _chunks(x: Any) -> Iterator[np.ndarray]:
    for start in range(0, len(x), _CHUNK):
        yield np.asarray(x[start : start + _CHUNK])


def with_front(model: Model, shape: Shape, layer: Layer) -> Model:
    """Put a layer in front of a network."""
    if isinstance(model, Sequential):
        return Sequential([Input(shape), layer, *model.layers])
    inputs = Input(shape)
    return Model(inputs, model(layer(inputs)), name=f"scaled_{model.name}")


def rescales(model: Model) -> bool:
    """Whether a network brings its values to a range by itself."""
    return any(isinstance(layer, Rescaling | Normalization | ZCAWhitening) for layer in model.layers)
