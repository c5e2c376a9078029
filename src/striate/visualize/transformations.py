"""Small changes under which a found input has to hold: shifts, sizes, turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch.nn import functional as F

from striate.core.errors import ArgumentError

# Below this many pixels, resampling would wash out what a small network looks at: shifts alone.
SMALL = 48
# Below this one, a shift of a pixel is a large part of the input.
TINY = 8


@final
@dataclass(frozen=True)
class Robustness:
    """How far an input is shifted, resized and turned at random while it is searched.

    `jitter` in pixels or steps, `scale` as a share (0.1: 10% smaller to larger), `rotation` in
    degrees, of images alone. What comes in at the border is the input's own mirror image.
    (Mordvintsev, Pezzotti, Schubert and Olah, "Differentiable image parameterizations", 2018;
    Olah, Mordvintsev and Schubert, "Feature visualization", 2017.)

    Raises:
        ArgumentError: a negative number, or a scale from 1 up.
    """

    jitter: int = 0
    scale: float = 0.0
    rotation: float = 0.0

    def __post_init__(self) -> None:
        if min(self.jitter, self.scale, self.rotation) < 0 or self.scale >= 1:
            raise ArgumentError(
                "jitter, scale and rotation are numbers from 0 up, scale below 1; "
                f"got {self.jitter}, {self.scale} and {self.rotation}."
            )

    def draw(self, chance: Sequence[np.random.Generator], steps: int) -> np.ndarray:
        """Draw for each example and step: turn in radians, size, shift across, shift down."""
        turn = math.radians(self.rotation)
        drawn = [
            np.stack(
                [
                    each.uniform(-turn, turn, steps),
                    np.exp(each.uniform(-1, 1, steps) * math.log1p(self.scale)),
                    each.integers(-self.jitter, self.jitter + 1, steps).astype(np.float64),
                    each.integers(-self.jitter, self.jitter + 1, steps).astype(np.float64),
                ],
                axis=-1,
            )
            for each in chance
        ]
        return np.stack(drawn)

    def apply(self, x: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        """Change each example by its row of what was drawn.

        Shape:
            x: (examples, height, width, channels) or (examples, steps, channels), out the same;
            drawn: (examples, 4)
        """
        if not (self.jitter or self.scale or self.rotation) or x.ndim not in (3, 4):
            return x
        image = (x[:, None] if x.ndim == 3 else x).movedim(-1, 1)
        height, width = image.shape[2:]
        turn, size, across, down = torch.tensor(drawn, dtype=x.dtype, device=x.device).unbind(1)
        zero, one = torch.zeros_like(turn), torch.ones_like(turn)
        if x.ndim == 3:
            rows = [torch.stack([1 / size, zero, across * 2 / width], 1), torch.stack([zero, one, zero], 1)]
        else:
            # The grid counts from -1 to 1 along each side, so a turn of an oblong has to be evened out.
            cosine, sine, ratio = turn.cos() / size, turn.sin() / size, height / width
            rows = [
                torch.stack([cosine, -sine * ratio, across * 2 / width], 1),
                torch.stack([sine / ratio, cosine, down * 2 / height], 1),
            ]
        grid = F.affine_grid(torch.stack(rows, 1), list(image.shape), align_corners=False)
        warped = F.grid_sample(image, grid, padding_mode="reflection", align_corners=False).movedim(1, -1)
        return warped[:, 0] if x.ndim == 3 else warped


def usual_robustness(sizes: Sequence[int]) -> Robustness:
    """Choose what inputs of this size can bear: nothing if tiny, shifts if small, turns as well if large.

    >>> usual_robustness((32, 32))
    Robustness(jitter=2, scale=0.0, rotation=0.0)
    """
    side = min(sizes, default=0)
    if side < TINY:
        return Robustness()
    if side < SMALL:
        return Robustness(jitter=max(side // 16, 1))
    return Robustness(jitter=side // 16, scale=0.08, rotation=6.0 if len(sizes) == 2 else 0.0)
