"""What a method of attribution found, before it is handed to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch

# Below this share of the largest score, what comes back is the rounding of fp32, not an answer.
ROUNDING = 1e-5


@final
@dataclass(frozen=True, eq=False)
class Finding:
    """Values for each place of each example, for each channel where the method has them, and notes.

    `blank` says for each example why there is nothing to be seen, in words; "" where there is.

    Shape:
        values: (examples, *axes)
        channels: (examples, *axes, channels)
        maps: (examples, *axes of the layer), for class activation: before it is enlarged
        error: (examples,), for integrated gradients: what is missing, as a share of the score's change
    """

    values: torch.Tensor
    blank: tuple[str, ...]
    channels: torch.Tensor | None = None
    notes: tuple[str, ...] = ()
    maps: torch.Tensor | None = None
    layer: str | None = None
    error: torch.Tensor | None = None


def axes_behind_batch(values: torch.Tensor) -> tuple[int, ...]:
    """All axes but the first."""
    return tuple(range(1, values.ndim))


def explain_blanks(effect: torch.Tensor, scale: torch.Tensor, what: str, why: str) -> tuple[str, ...]:
    """Say for each example whether `what` is zero, or next to it, and `why` that may be.

    Shape:
        effect: (examples,), how much the method says can change; scale: (examples,), a usual score
    """
    reasons = []
    for found, usual in zip(effect.tolist(), scale.tolist(), strict=True):
        if found == 0:
            reasons.append(f"{what} is zero everywhere: {why}")
        elif found < ROUNDING * usual:
            reasons.append(f"{what} is next to zero ({found:.1e} beside scores of {usual:.2g}): {why}")
        else:
            reasons.append("")
    return tuple(reasons)
