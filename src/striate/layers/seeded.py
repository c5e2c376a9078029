"""What layers that draw at random share: a generator of their own where they have a seed."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.position import own_rows
from striate.core.shapes import Shape
from striate.layers.base import Layer


class SeededLayer(Layer):
    """A layer that draws at random in training: from its own generator with a `seed`, else from torch's."""

    def __init__(self, seed: int | None = None, **options: Any):
        super().__init__(**options)
        self.seed = seed
        self._generator: torch.Generator | None = None

    def _own_generator(self, device: torch.device) -> torch.Generator | None:
        if self.seed is None:
            return None
        if self._generator is None or self._generator.device.type != device.type:
            self._generator = torch.Generator(device).manual_seed(self.seed)
        return self._generator

    def _normal(self, inputs: torch.Tensor) -> torch.Tensor:
        """Draw from the standard normal distribution, one number for each value."""
        generator, rest = self._own_generator(inputs.device), inputs.shape[1:]
        like: dict[str, Any] = {"dtype": inputs.dtype, "device": inputs.device}
        return own_rows(
            inputs.shape[0], lambda rows: torch.empty((rows, *rest), **like).normal_(generator=generator)
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "seed": self.seed}
