"""Learning rates that are set from outside the optimiser, epoch by epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_number
from striate.callbacks.messages import say
from striate.callbacks.monitor import Monitor
from striate.core.errors import ArgumentError


def _note_rate(logs: Logs, optimizer: Any) -> None:
    if isinstance(logs, dict):
        logs["learning_rate"] = float(optimizer.learning_rate)


@final
class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch: `schedule(epoch, learning_rate)`, or `schedule(epoch)`.

    Raises:
        ArgumentError: the schedule answers something that is not a number.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Ask for the rate and set it."""
        optimizer = self.model.optimizer
        found = self.schedule(epoch, optimizer.learning_rate) if self._takes_rate else self.schedule(epoch)
        rate = as_number(found)
        if not isinstance(rate, Real) or isinstance(rate, bool):
            raise ArgumentError(f"the schedule must answer a learning rate, a number; got {found!r}.")
        optimizer.learning_rate = float(rate)
        if self.verbose:
            say(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {float(rate)}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Put the rate among the epoch's values."""
        _note_rate(logs, self.model.optimizer)


def _takes_two(schedule: Callable[..., float]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    return True


@final
class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` after `patience` epochs without an improvement.

    After that it waits `cooldown` epochs before it counts again. The rate stays at or above `min_lr`.

    Raises:
        ArgumentError: a factor outside 0 to 1, or an optimiser whose rate follows a schedule.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not 0 < factor < 1:
            raise ArgumentError(f"factor must lie between 0 and 1, so that the rate falls; got {factor!r}.")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._monitor = Monitor(monitor, mode, min_delta)
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget the last training."""
        if getattr(self.model.optimizer, "learning_rate_schedule", None) is not None:
            raise ArgumentError(
                "ReduceLROnPlateau cannot set the rate of an optimizer that follows a schedule. "
                "Give the optimizer a number, or leave this callback out."
            )
        self._reset()

    def get_state(self) -> dict[str, Any]:
        """The best value so far, and how long ago it was."""
        counted = {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}
        return {**counted, "seen": self._monitor.seen}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on counting from here."""
        self.best, self.wait = state["best"], state["wait"]
        self.cooldown_counter, self._monitor.seen = state["cooldown_counter"], state["seen"]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Count this epoch, and lower the rate where the patience is over."""
        _note_rate(logs, self.model.optimizer)
        current = self._monitor.value(logs, self.params)
        if current is None:
            return
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._monitor.improved(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience:
                self._lower(epoch)

    def _lower(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        before = float(optimizer.learning_rate)
        if before <= self.min_lr:
            return
        optimizer.learning_rate = max(before * self.factor, self.min_lr)
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            rate = optimizer.learning_rate
            say(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
