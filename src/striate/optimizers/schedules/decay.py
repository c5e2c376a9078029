"""Rates that fall: by a factor, with time, along a power, or in stairs."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import final

from striate.core.errors import ArgumentError
from striate.optimizers.schedules.base import LearningRateSchedule, check_steps


@final
class ExponentialDecay(LearningRateSchedule):
    """Multiplies the rate by `decay_rate` every `decay_steps` steps, smoothly or in stairs.

    >>> ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)(200)
    0.025
    """

    settings = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: int) -> float:
        """Answer `initial * decay_rate ** (step / decay_steps)`."""
        spans = step / self.decay_steps
        if self.staircase:
            spans = math.floor(spans)
        return self.initial_learning_rate * self.decay_rate**spans


@final
class InverseTimeDecay(LearningRateSchedule):
    """Divides the rate by a number that grows evenly with time.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.05
    """

    settings = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: int) -> float:
        """Answer `initial / (1 + decay_rate * step / decay_steps)`."""
        spans = step / self.decay_steps
        if self.staircase:
            spans = math.floor(spans)
        return self.initial_learning_rate / (1 + self.decay_rate * spans)


@final
class PolynomialDecay(LearningRateSchedule):
    """Goes from the initial rate to the last one along a power of the way left, a straight line for 1.

    After `decay_steps` the last rate stays; with `cycle` the way is stretched to the next
    multiple of `decay_steps` instead, so that the rate jumps up and falls again.

    >>> PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)
    0.05
    """

    settings = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: int) -> float:
        """Answer `(initial - end) * (1 - step / decay_steps) ** power + end`."""
        length = self.decay_steps * (max(math.ceil(step / self.decay_steps), 1) if self.cycle else 1)
        left = 1 - min(step, length) / length
        last = self.end_learning_rate
        return (self.initial_learning_rate - last) * left**self.power + last


@final
class PiecewiseConstantDecay(LearningRateSchedule):
    """Holds `values[0]` up to and with step `boundaries[0]`, then `values[1]`, and so on.

    >>> rate = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> rate(100), rate(101), rate(500)
    (0.1, 0.01, 0.001)

    Raises:
        ArgumentError: not one value more than boundaries, or boundaries that do not rise.
    """

    settings = ("boundaries", "values", "name")

    def __init__(
        self, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(values) != len(boundaries) + 1:
            raise ArgumentError(
                f"{len(boundaries)} boundaries need {len(boundaries) + 1} values; got {len(values)}."
            )
        if list(boundaries) != sorted(boundaries):
            raise ArgumentError(f"boundaries must rise from each to the next; got {list(boundaries)}.")
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: int) -> float:
        """Answer the value of the piece that the step lies in."""
        return self.values[bisect.bisect_left(self.boundaries, step)]
