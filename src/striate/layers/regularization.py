"""Layers that are active in training only."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.position import here, own_rows
from striate.core.shapes import format_shape
from striate.layers.seeded import SeededLayer


class Dropout(SeededLayer):
    """Sets each value to 0 with probability `rate` in training, and scales the rest by 1 / (1 - rate).

    In inference nothing happens. With `noise_shape`, axes of size 1 drop together. With a
    `seed` the layer draws from a generator of its own, else from torch's.
    (Srivastava et al., "Dropout", JMLR 2014; scaled in training instead of inference.)

    Shape:
        in and out the same.

    Raises:
        ArgumentError: a rate outside 0 to 1.
        ShapeError: a noise_shape of another number of axes than the input's.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: tuple[int | None, ...] | None = None,
        seed: int | None = None,
        **options: Any,
    ):
        super().__init__(seed, **options)
        if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ArgumentError(f"{self._label()}: rate is a share from 0 to 1; got {rate!r}.")
        self.rate = float(rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Drop and scale in training, hand on otherwise."""
        if not self.training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0
        keep = 1 - self.rate
        return inputs * self._kept(inputs, keep).div_(keep)

    def _kept(self, inputs: torch.Tensor, keep: float) -> torch.Tensor:
        """Draw which values stay: 1 for those, 0 for the others."""
        length, *rest = self._mask_shape(inputs)
        generator, spot = self._own_generator(inputs.device), here()

        def draw(rows: int, dtype: torch.dtype) -> torch.Tensor:
            return torch.empty((rows, *rest), dtype=dtype, device=inputs.device).bernoulli_(
                keep, generator=generator
            )

        if spot is None or spot.is_whole or self._is_shared(length):
            return draw(length, inputs.dtype)
        # As bytes, since the whole batch's mask may be large where only a part of the batch fits.
        rows = spot.rows if length == spot.batch and inputs.shape[0] == spot.rows else length
        return own_rows(rows, lambda whole: draw(whole, torch.uint8)).to(inputs.dtype)

    def _is_shared(self, length: int) -> bool:
        """Whether all examples of a batch drop the same."""
        return length == 1 and self.noise_shape is not None and self.noise_shape[0] == 1

    def _mask_shape(self, inputs: torch.Tensor) -> list[int]:
        if self.noise_shape is None:
            return list(inputs.shape)
        if len(self.noise_shape) != inputs.ndim:
            raise ShapeError(
                f"{self._label()}: noise_shape {format_shape(self.noise_shape)} "
                f"has {len(self.noise_shape)} axes but the input {inputs.ndim}: "
                f"{format_shape(tuple(inputs.shape))}."
            )
        return [
            found if wanted is None else wanted
            for found, wanted in zip(inputs.shape, self.noise_shape, strict=True)
        ]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "noise_shape": self.noise_shape,
        }
