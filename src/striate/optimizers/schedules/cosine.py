"""Rates that follow half a cosine down, once or again and again."""

from __future__ import annotations

import math
from typing import final

from striate.core.errors import ArgumentError
from striate.optimizers.schedules.base import LearningRateSchedule, check_steps


def _falling(fraction: float, alpha: float, top: float = 1.0) -> float:
    return (1 - alpha) * 0.5 * top * (1 + math.cos(math.pi * fraction)) + alpha


@final
class CosineDecay(LearningRateSchedule):
    """Falls along half a cosine to `alpha` times the rate; may first rise in a straight line.

    With `warmup_target` the rate goes from the initial one to the target in `warmup_steps`,
    then falls from the target in `decay_steps`. (Loshchilov and Hutter, arXiv 1608.03983.)

    >>> CosineDecay(0.0, decay_steps=10, warmup_target=0.1, warmup_steps=4)(2)
    0.05

    Raises:
        ArgumentError: no steps to decay in, or a warm-up with a target but no steps.
    """

    settings = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        if warmup_steps < 0:
            raise ArgumentError(f"warmup_steps must be at least 0; got {warmup_steps!r}.")
        if warmup_steps and warmup_target is None:
            raise ArgumentError(
                f"warmup_steps={warmup_steps} needs a warmup_target, the rate to rise to; got None."
            )
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: int) -> float:
        """Answer the rate on the way up or down."""
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            top = self.warmup_target
            if step < self.warmup_steps:
                start = self.initial_learning_rate
                return start + (top - start) * step / self.warmup_steps
            step -= self.warmup_steps
        return top * _falling(min(step / self.decay_steps, 1.0), self.alpha)


@final
class CosineDecayRestarts(LearningRateSchedule):
    """Falls along half a cosine, then starts again, each time `t_mul` times longer and `m_mul` as high.

    (Loshchilov and Hutter, "SGDR", arXiv 1608.03983.)

    >>> CosineDecayRestarts(0.1, first_decay_steps=10)(10)
    0.1

    Raises:
        ArgumentError: no steps to decay in, or periods that do not last.
    """

    settings = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        if t_mul < 1:
            raise ArgumentError(f"t_mul must be at least 1, or the periods shrink to nothing; got {t_mul!r}.")
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = check_steps("first_decay_steps", first_decay_steps)
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: int) -> float:
        """Answer the rate within the period that the step lies in."""
        period, length, start = 0, float(self.first_decay_steps), 0.0
        if self.t_mul == 1:
            period, start = int(step // length), step // length * length
        while self.t_mul > 1 and step >= start + length:
            start, length, period = start + length, length * self.t_mul, period + 1
        top = self.m_mul**period
        return self.initial_learning_rate * _falling((step - start) / length, self.alpha, top)
