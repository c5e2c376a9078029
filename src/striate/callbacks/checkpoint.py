"""Save the model while it is trained."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_numbers
from striate.callbacks.messages import say
from striate.callbacks.monitor import Monitor
from striate.core.errors import ArgumentError, FileAccessError, did_you_mean


@final
class ModelCheckpoint(Callback):
    """Saves the model, or only its weights, after each epoch or every so many batches.

    `filepath` may name values: "best-{epoch:02d}-{val_loss:.2f}.striate"; epochs count from 1
    there. With `save_best_only` a file is written only when the watched quantity is the best so
    far, and better than `initial_value_threshold` where that is given.

    Raises:
        ArgumentError: an unknown `save_freq`, or a value in the path that is not there.
        FileAccessError: the path is a folder.
    """

    first_process_only = True

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq >= 1
        if save_freq != "epoch" and not whole:
            raise ArgumentError(
                f"save_freq must be 'epoch' or a number of batches of at least 1; got {save_freq!r}."
            )
        self.filepath = os.fspath(filepath)
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        # Without save_best_only nothing is watched, so the name need not tell its direction.
        self._monitor = Monitor(monitor, mode if save_best_only else "min")
        self._epoch = 0
        self._batches = 0

    def get_state(self) -> dict[str, Any]:
        """The best value so far, and how many batches ago a file was written."""
        return {"best": self.best, "batches": self._batches, "seen": self._monitor.seen}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with this best value."""
        self.best, self._batches, self._monitor.seen = state["best"], state["batches"], state["seen"]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the epoch for the file's name."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save every `save_freq` batches."""
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._save(logs, {"batch": batch + 1})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save after the epoch."""
        self._epoch = epoch
        if self.save_freq == "epoch":
            self._save(logs, {})

    def _save(self, logs: Logs, places: dict[str, Any]) -> None:
        if self.save_best_only and not self._is_best(logs):
            return
        path = self._path({**as_numbers(logs), "epoch": self._epoch + 1, **places})
        if self.verbose:
            say(f"Epoch {self._epoch + 1}: saving model to {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)

    def _is_best(self, logs: Logs) -> bool:
        current = self._monitor.value(logs, self.params)
        if current is None:
            return False
        before = "none" if self.best is None else f"{self.best:.5f}"
        better = self._monitor.improved(current, self.best)
        if better:
            self.best = current
        if self.verbose:
            change = (
                f"improved from {before} to {current:.5f}" if better else f"did not improve from {before}"
            )
            say(f"Epoch {self._epoch + 1}: {self.monitor} {change}")
        return better

    def _path(self, values: dict[str, Any]) -> Path:
        try:
            path = Path(self.filepath.format(**values))
        except KeyError as error:
            name = str(error.args[0])
            raise ArgumentError(
                f"the path {self.filepath!r} names {name!r}, which is not among the values."
                f"{did_you_mean(name, values)} There is: {', '.join(sorted(values))}."
            ) from error
        if path.is_dir():
            raise FileAccessError(f"cannot save to {str(path)!r}: that is a folder. Name a file in it.")
        return path
