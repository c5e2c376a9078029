"""Go on after a training that was cut off, as if it had never stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, final

from striate.artifacts.checkpoint import CheckpointFolder
from striate.callbacks.base import Callback, Logs
from striate.callbacks.monitor import Monitor
from striate.core.console import say
from striate.core.errors import ArgumentError
from striate.core.processes import is_first


class Course(Protocol):
    """Where a training stands, as `fit` offers it to be written down."""

    @property
    def steps(self) -> int:
        """How many steps were trained so far, over all epochs."""

    def get_state(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on."""

    def is_sound(self) -> bool:
        """Whether the loss is a number."""


@final
class BackupAndRestore(Callback):
    """Writes down where a training stands, and goes on from there when `fit` is called again.

    A checkpoint is written after every epoch, or every `save_freq` batches, and about every
    `seconds` beside that (None: never), so that a long epoch is not lost. It holds weights, optimiser,
    schedule and moving average, all random states, the place in the epoch and its order, the values
    so far, and what the other callbacks remember. When `fit` is called with the same `backup_dir`,
    data and network, training goes on from the last one, and its result is bit for bit the one of a
    training that was never cut off, on the same machine and number of threads. Ctrl-C and SIGTERM
    write one first.

    A training that ends by itself deletes its checkpoints, unless `delete_checkpoint` is False.
    `double_checkpoint` keeps the last two; `keep` so many, and with `monitor` also that of the best
    epoch by this quantity.

    A callback of one's own is brought back if it has `get_state` and `set_state`; data that come from
    a generator are read on from the beginning to the same place.

    Raises:
        ArgumentError: no folder, or another `save_freq` than 'epoch' or a number of batches.
        FileFormatError: there are checkpoints in the folder, but none that opens.
        FileAccessError: the folder cannot be written.
        StateError: the checkpoint is that of another network or of other data.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
        seconds: float | None = 60.0,
        keep: int | None = None,
        monitor: str | None = None,
        mode: str = "auto",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not str(backup_dir):
            raise ArgumentError("BackupAndRestore takes a folder to write to: backup_dir='backup'.")
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq >= 1
        if save_freq != "epoch" and not whole:
            raise ArgumentError(
                f"save_freq must be 'epoch' or a number of batches of at least 1; got {save_freq!r}."
            )
        kept = (2 if double_checkpoint else 1) if keep is None else keep
        if kept < 1:
            raise ArgumentError(f"keep is a number of checkpoints from 1 up; got {keep!r}.")
        self.backup_dir = Path(backup_dir)
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self.seconds = seconds
        self.files = CheckpointFolder(self.backup_dir, kept)
        self._monitor = None if monitor is None else Monitor(monitor, mode)
        self._best: float | None = None
        self._clock = clock
        self._written_at = clock()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin to count the time between checkpoints."""
        self._best = None
        self._written_at = self._clock()

    def get_state(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self._best}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with this best value."""
        self._best = state["best"]

    def read(self) -> dict[str, Any] | None:
        """Read the state to go on from; None where nothing was written yet.

        Raises:
            FileFormatError: there are checkpoints, but none opens.
        """
        self.files.sweep()
        found = self.files.read_last()
        if found is None:
            return None
        state, path, reasons = found
        for reason in reasons:
            say(f"the last checkpoint cannot be used; the one before it is. {reason}")
        say(f"going on {_place(state)}, from {path}")
        return state

    def is_due(self, course: Course) -> bool:
        """Whether a checkpoint is due within the epoch."""
        by_count = self.save_freq != "epoch" and course.steps % int(self.save_freq) == 0
        return by_count or (self.seconds is not None and self._clock() - self._written_at >= self.seconds)

    def after_step(self, course: Course) -> None:
        """Write a checkpoint if one is due within the epoch."""
        if self.is_due(course):
            self.save(course)

    def after_epoch(self, course: Course, logs: Mapping[str, Any]) -> None:
        """Write a checkpoint after the epoch, when all other callbacks have had their turn."""
        best = False
        if self._monitor is not None:
            current = self._monitor.value(logs, self.params)
            best = current is not None and self._monitor.improved(current, self._best)
            self._best = current if best else self._best
        if self.save_freq == "epoch":
            self.save(course, best)

    def save(self, course: Course, best: bool = False) -> None:
        """Write where the training stands, unless its loss is no number: the last good one stays then."""
        if course.is_sound():
            # All processes of a training say how they stand; the first one writes.
            state = course.get_state()
            if is_first():
                self.files.write(state, course.steps, best)
        self._written_at = self._clock()

    def on_train_end(self, logs: Logs = None) -> None:
        """Delete the checkpoints of a training that came to its end."""
        history = getattr(self.model, "history", None)
        if self.delete_checkpoint and not getattr(history, "interrupted", False) and is_first():
            self.files.clear()


def _place(state: Mapping[str, Any]) -> str:
    position = state["position"]
    if position["taken"]:
        return f"in epoch {position['epoch'] + 1} after step {position['taken']}"
    return f"after epoch {position['epoch']}"
