"""One example of a person's, made ready for a model, and turned into pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError
from striate.core.shapes import format_shape
from striate.datasets.value_range import settle_range
from striate.visualize.model_input import ModelInput


def one_example(image: Any, taken: ModelInput) -> torch.Tensor:
    """Give an image or signal the axes that the model wants: of the batch, and of a single channel.

    Shape:
        out (1, *axes, channels)

    Raises:
        ArgumentError: several examples, or another shape than the model takes.
    """
    tensor = as_tensor(image if isinstance(image, torch.Tensor) else np.asarray(image))
    shape = taken.shape
    if shape and tensor.ndim == len(shape) - 1 and shape[-1] == 1:
        tensor = tensor.unsqueeze(-1)
    if not shape or tensor.ndim == len(shape):
        tensor = tensor.unsqueeze(0)
    fits = not shape or (
        tensor.ndim == len(shape) + 1
        and tensor.shape[0] == 1
        and all(want in (None, size) for want, size in zip(shape, tensor.shape[1:], strict=True))
    )
    if not fits:
        raise ArgumentError(
            f"the model takes one example of shape {format_shape(shape)}, channels last; "
            f"got {format_shape(tuple(np.shape(image)))}."
        )
    return tensor


def pixels_of(example: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Bring an example to 0..1 for drawing: by the given range, else by the one that its values tell.

    Bands as in `shown_bands`.

    Shape:
        example (height, width, channels); out (height, width, 1 or 3)
    """
    low, high = value_range
    values = np.asarray(example, dtype=np.float64)
    if values.min() < low - 1e-6 or values.max() > high + 1e-6:
        low, high = range_of(values)
    return shown_bands(np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0))


def range_of(examples: np.ndarray) -> tuple[float, float]:
    """Say between which values examples lie that are shown together: bytes may end far below 255.

    >>> range_of(np.array([0, 16], np.uint8))
    (0.0, 16.0)
    """
    return settle_range(float(examples.min()), float(examples.max()))


def shown_bands(pixels: np.ndarray) -> np.ndarray:
    """Choose what is drawn of pictures with any number of bands: the first three, of two their mean.

    Shape:
        pixels (..., channels); out (..., 1 or 3)
    """
    return pixels.mean(axis=-1, keepdims=True) if pixels.shape[-1] == 2 else pixels[..., :3]


def bands_in_words(channels: int) -> str:
    """Say which bands a picture shows; nothing where it is all of them.

    >>> bands_in_words(5)
    'Of the 5 bands, 0, 1 and 2 are shown as red, green and blue.'
    """
    if channels in (1, 3):
        return ""
    if channels == 2:
        return "Of the 2 bands the mean is shown."
    return f"Of the {channels} bands, 0, 1 and 2 are shown as red, green and blue."


def with_bands(caption: str, shape: tuple[int, ...]) -> str:
    """Add to a caption which bands of images are shown; `shape` is that of one example."""
    words = bands_in_words(shape[-1]) if len(shape) == 3 else ""
    return f"{caption} {words}" if words else caption
