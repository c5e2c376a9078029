"""One example of a person's, made ready for a model, and turned into pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError
from striate.core.shapes import format_shape
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
    """Bring an example to 0..1 for drawing: by the model's range, else by its own values.

    Of pictures with more bands than three, the first three are shown; of two, their mean.

    Shape:
        example (height, width, channels); out (height, width, 1 or 3)
    """
    low, high = value_range
    values = np.asarray(example, dtype=np.float64)
    if values.min() < low - 1e-6 or values.max() > high + 1e-6:
        low, high = (
            (0.0, 255.0) if values.min() >= 0 and 1.5 < values.max() <= 255 else (values.min(), values.max())
        )
    pixels = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    if pixels.shape[-1] == 2:
        return pixels.mean(axis=-1, keepdims=True)
    return pixels[..., :3]
