"""Images and signals written as waves: what a search for inputs changes instead of single pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch

# Brightness, red against blue, green against both: nearly uncorrelated in natural images.
# (Ohta, Kanade and Sakai, "Color information for region segmentation", 1980, section 3.)
OPPONENTS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (-0.5, 1.0, -0.5))
# How much the three differ in such images: the colours vary far less than the brightness.
SPREADS = (1.0, 0.35, 0.15)
# From the parameters' units to a share of the range of values.
_CONTRAST = 0.25
_FIRST_NOISE = 0.01


@final
class Waves:
    """Examples as the strengths of their waves, which an optimiser can change; values within 0..1.

    Each wave's strength is multiplied by one over its frequency, as natural images have it, so
    that steps of one size move all frequencies in fair proportion and no pixel noise appears.
    Three channels are mixed from uncorrelated colours; others stand for themselves. (Olah,
    Mordvintsev and Schubert, "Feature visualization", Distill 2017, section "Preconditioning
    and parameterization".)

    Shape:
        shape: of one example, (*axes, channels); `spectrum` (examples, *axes, channels, 2),
        the last of the axes halved, as the input is real

    >>> Waves((4, 4, 1), [np.random.default_rng(0)]).values().shape
    torch.Size([1, 4, 4, 1])
    """

    def __init__(self, shape: Sequence[int], chance: Sequence[np.random.Generator], device: Any = "cpu"):
        self.sizes = tuple(shape[:-1])
        self.axes = tuple(range(1, len(shape)))
        frequencies = [np.fft.fftfreq(size) for size in self.sizes[:-1]] + [np.fft.rfftfreq(self.sizes[-1])]
        squares: Any = 0
        for axis, found in enumerate(frequencies):
            squares = squares + (found**2).reshape(
                [-1 if axis == one else 1 for one in range(len(frequencies))]
            )
        weight = 1 / np.maximum(np.sqrt(squares), 1 / max(self.sizes))
        weight = weight / math.sqrt(float(np.mean(weight**2)))
        self.weight = torch.tensor(weight[..., None], dtype=torch.float32, device=device)
        self.colours = _colours(device) if shape[-1] == 3 else None
        self.uncoloured = None if self.colours is None else torch.linalg.inv(self.colours)
        noise = [each.standard_normal((*weight.shape, shape[-1], 2)) * _FIRST_NOISE for each in chance]
        self.spectrum = torch.tensor(np.stack(noise), dtype=torch.float32, device=device)
        # Where there is nothing to be seen: the middle of the range, or what the search began with.
        self.rest = torch.tensor(0.5, device=device)

    def values(self, spectrum: torch.Tensor | None = None) -> torch.Tensor:
        """Add up the waves: (examples, *axes, channels), 0 to 1."""
        found = torch.view_as_complex(self.spectrum if spectrum is None else spectrum) * self.weight
        mixed = torch.fft.irfftn(found, s=self.sizes, dim=self.axes, norm="ortho")
        if self.colours is not None:
            mixed = mixed @ self.colours
        bounded: torch.Tensor = _Bounded.apply(0.5 + _CONTRAST * mixed)
        return bounded

    def waves_of(self, values: torch.Tensor) -> torch.Tensor:
        """Find the waves that add up to examples, (examples, *axes, channels), in the form of `spectrum`."""
        centred = (values - 0.5) / _CONTRAST
        if self.uncoloured is not None:
            centred = centred @ self.uncoloured
        found = torch.fft.rfftn(centred, dim=self.axes, norm="ortho") / self.weight
        return torch.view_as_real(found).contiguous()

    def begin_from(self, values: torch.Tensor) -> None:
        """Take the waves of given examples, (examples, *axes, channels) with values 0 to 1."""
        self.rest = values.to(self.spectrum)
        self.spectrum = self.waves_of(self.rest)


def _colours(device: Any) -> torch.Tensor:
    opponents = torch.tensor(OPPONENTS)
    rows = opponents / opponents.norm(dim=1, keepdim=True)
    return (torch.tensor(SPREADS)[:, None] * rows * math.sqrt(3)).to(device)


class _Bounded(torch.autograd.Function):
    """Cut off at 0 and 1, with a gradient that still leads back from beyond.

    A sigmoid's gradient is gone where it is full, so a value that overshot would stay, and 0
    and 1 would never be reached.
    """

    @staticmethod
    def forward(context: Any, values: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(values)
        return values.clamp(0, 1)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (values,), (gradient,) = context.saved_tensors, gradients
        # Down is where the search goes: a negative gradient raises the value.
        outwards = ((values > 1) & (gradient < 0)) | ((values < 0) & (gradient > 0))
        return torch.where(outwards, 0, gradient)
