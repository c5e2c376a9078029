"""The contract of a learning rate schedule: a function of the step, with a config."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from striate.core.errors import ArgumentError


class LearningRateSchedule(ABC):
    """Answers the learning rate of a step, counted from 0.

    Subclass it for a schedule of your own: write `__call__`, name the constructor's arguments
    in `settings`, and keep each as an attribute of that name.

    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 / 2**step
    >>> Halving()(2)
    0.025
    """

    settings: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Answer the learning rate of this step."""

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make this schedule anew."""
        return {setting: getattr(self, setting) for setting in self.settings}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a schedule from its config."""
        return cls(**config)


def check_steps(name: str, steps: float) -> float:
    """Hand back a number of steps that is above zero.

    Raises:
        ArgumentError: zero or fewer.
    """
    if steps <= 0:
        raise ArgumentError(f"{name} must be above 0; got {steps!r}.")
    return steps
