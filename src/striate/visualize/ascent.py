"""The search for inputs itself: up a score, by changing waves, under small changes and with restraint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.visualize.fourier import Waves
from striate.visualize.model_input import ModelInput
from striate.visualize.question import whole_number
from striate.visualize.transformations import Robustness, usual_robustness

Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@final
@dataclass(frozen=True)
class Ascent:
    """How inputs are searched: so many steps of Adam, under small changes, with restraint.

    `smoothness` weighs the total variation, `moderation` the squared distance from where there is
    nothing to be seen (the middle of the range, or the image that the search began with).
    `robustness` None chooses by the input's size; `Robustness()` is none at all.

    Raises:
        ArgumentError: no steps, or a rate or weight below zero.
    """

    steps: int = 256
    learning_rate: float = 0.05
    smoothness: float = 0.2
    moderation: float = 0.1
    robustness: Robustness | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        whole_number("steps", self.steps)
        if self.learning_rate <= 0 or self.smoothness < 0 or self.moderation < 0:
            raise ArgumentError(
                "learning_rate is above 0, smoothness and moderation from 0 up; "
                f"got {self.learning_rate}, {self.smoothness} and {self.moderation}."
            )
        if isinstance(self.seed, bool) or not hasattr(self.seed, "__index__") or self.seed < 0:
            raise ArgumentError(f"seed is a whole number from 0 up; got {self.seed!r}.")


@final
@dataclass(frozen=True, eq=False)
class Scale:
    """Between shares of the range, 0 to 1, and the values that a model takes; a number, or one a channel."""

    low: np.ndarray
    high: np.ndarray

    def to_values(self, shares: torch.Tensor) -> torch.Tensor:
        """Spread 0..1 over the range."""
        low, high = (
            torch.tensor(end, dtype=shares.dtype, device=shares.device) for end in (self.low, self.high)
        )
        return low + (high - low) * shares

    def to_shares(self, values: np.ndarray) -> np.ndarray:
        """Bring values of the range to 0..1; beyond its ends is cut off."""
        shares: np.ndarray = np.clip(
            (np.asarray(values, np.float64) - self.low) / (self.high - self.low), 0, 1
        )
        return shares.astype(np.float32)


def settle_input(taken: ModelInput, size: Any, value_range: Any) -> tuple[tuple[int, ...], Scale]:
    """Settle the shape of one input and the range of its values, from the model or as told.

    Raises:
        ShapeError: inputs that are neither images nor signals, or of a size nobody knows.
        ArgumentError: a range without extent.
    """
    axes = list(taken.shape[:-1])
    if size is not None:
        given = [size] * len(axes) if hasattr(size, "__index__") else list(size)
        if len(given) == len(taken.shape) and given[-1] == taken.channels:
            # As shapes are written elsewhere, with the channels.
            given = given[:-1]
        axes = [whole_number("size", one) for one in given]
    if len(axes) not in (1, 2) or len(axes) != len(taken.shape) - 1 or taken.channels is None:
        raise ShapeError(
            "inputs are found for images (height, width, channels) and signals (steps, channels); this "
            f"network takes {format_shape(taken.shape)}"
            + (f", and size is {size!r}." if size is not None else ".")
        )
    if None in axes:
        raise ShapeError(
            f"the network takes inputs of any size, {format_shape(taken.shape)}: say size=, such as size=64."
        )
    low, high = (np.asarray(end, np.float64) for end in (value_range or taken.value_range))
    if not np.all(low < high):
        raise ArgumentError(f"value_range is (low, high), numbers or one a channel; got {value_range!r}.")
    return (*(int(one or 0) for one in axes), taken.channels), Scale(low, high)


def climb(
    score: Score, waves: Waves, plan: Ascent, chance: Sequence[np.random.Generator], scale: Scale
) -> torch.Tensor:
    """Change the waves so that the score of each example rises; returns the values found, without gradient.

    `score(values, shares)` gets the changed inputs in the model's range and hands back one
    number an example. Adam's steps have one size whatever the gradient's, and examples do not
    see one another, so each is found as if it were alone, but for the rounding of sums.

    Shape:
        out: (examples, *axes, channels), in the model's own range
    """
    robustness = usual_robustness(waves.sizes) if plan.robustness is None else plan.robustness
    drawn = robustness.draw(chance, plan.steps)
    spectrum = waves.spectrum.clone().requires_grad_()
    optimizer = torch.optim.Adam([spectrum], lr=plan.learning_rate)
    for step in range(plan.steps):
        with torch.enable_grad():
            shares = waves.values(spectrum)
            changed = robustness.apply(shares, drawn[:, step])
            reached = score(scale.to_values(changed), shares)
            loss = -reached + plan.smoothness * total_variation(shares)
            loss = loss + plan.moderation * (shares - waves.rest).square().flatten(1).mean(1)
            (spectrum.grad,) = torch.autograd.grad(loss.sum(), [spectrum])
        optimizer.step()
    with torch.no_grad():
        return scale.to_values(waves.values(spectrum).clamp(0, 1))


def total_variation(values: torch.Tensor) -> torch.Tensor:
    """Add up how neighbours differ along each axis, squared, as means: (examples,).

    (Mahendran and Vedaldi, "Understanding deep image representations by inverting them", 2015,
    section 3, with the exponent 2.)

    >>> total_variation(torch.tensor([[[0.0], [1.0], [1.0]]]))
    tensor([0.5000])
    """
    found = torch.zeros(len(values), device=values.device)
    for axis in range(1, values.ndim - 1):
        if values.shape[axis] > 1:
            found = found + values.diff(dim=axis).square().flatten(1).mean(1)
    return found


def chances(seed: int, keys: Sequence[Sequence[int]]) -> list[np.random.Generator]:
    """Make a generator of its own for each example, so that its company does not change it."""
    return [np.random.default_rng([seed, *key]) for key in keys]
