"""Layers that turn raw values into what a network learns from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.shapes import Shape
from striate.layers.base import Layer


class Rescaling(Layer):
    """Computes `inputs * scale + offset`: `Rescaling(1 / 255)` brings pixels to 0..1.

    `scale` and `offset` are numbers, or one number a channel.

    Shape:
        in and out the same.
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **options: Any):
        super().__init__(**options)
        self.scale, self.offset = scale, offset

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Scale and shift each value."""
        if isinstance(self.scale, (int, float)) and self.offset == 0:
            return inputs * self.scale
        scale = torch.as_tensor(self.scale, dtype=inputs.dtype, device=inputs.device)
        return inputs * scale + torch.as_tensor(self.offset, dtype=inputs.dtype, device=inputs.device)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "scale": np.asarray(self.scale).tolist(),
            "offset": np.asarray(self.offset).tolist(),
        }
