"""A step as PyTorch's own operations, for every rule, type and device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from striate.ops.native.optimizer_step import Rule
from striate.optimizers.clipping import clip
from striate.optimizers.state import Moving, State


class Stepping(Protocol):
    """What a step needs to know of an optimiser."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    multipliers: dict[str, float]
    numbers: dict[str, float]

    @property
    def iterations(self) -> int:
        """How many times the parameters have moved."""

    def rule(self) -> Rule | None:
        """Say what `update` does, where the kernels have it."""

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move the parameters."""


def take_step(optimizer: Stepping, moving: Moving, rate: float, waits: bool) -> None:
    """Add the gradients up, where the move waits for more of them, or move."""
    gradients = moving.gradients
    if optimizer.loss_scale_factor is not None:
        gradients = list(torch._foreach_div(gradients, optimizer.loss_scale_factor))
    parts = optimizer.gradient_accumulation_steps
    if parts:
        sums = moving.state["gradient_accumulator"]
        gradients = list(torch._foreach_add(sums, gradients))
        if waits:
            torch._foreach_copy_(sums, gradients)
            return
        torch._foreach_div_(gradients, parts)
    moving.gradients = clip(gradients, optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm)
    before: Mapping[str, float] = optimizer.numbers
    for share, part in moving.by_rate(optimizer.multipliers):
        # Each part begins with the numbers as they stood before the step: they count up once.
        optimizer.numbers = dict(before)
        kept = [each for each, decay in zip(part.parameters, part.decaying, strict=True) if decay]
        if optimizer.weight_decay and kept:
            torch._foreach_mul_(kept, 1 - rate * share * optimizer.weight_decay)
        optimizer.update(part.parameters, part.gradients, part.state, rate * share)


def average_keeps(optimizer: Stepping) -> float:
    """How much of the moving average stays at this update; nothing at the first."""
    return optimizer.ema_momentum if optimizer.iterations else 0.0


def follow_average(optimizer: Stepping, parameters: list[Tensor], average: list[Tensor], done: bool) -> None:
    """Move the average towards the parameters, unless that is done; put it in their place when it is time."""
    if not done:
        torch._foreach_lerp_(average, parameters, 1 - average_keeps(optimizer))
    every = optimizer.ema_overwrite_frequency
    if every and (optimizer.iterations + 1) % every == 0:
        torch._foreach_copy_(parameters, average)
