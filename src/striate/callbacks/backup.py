"""Go on after a training that was cut off."""

from __future__ import annotations

import os
from pathlib import Path
from typing import final

from striate.artifacts.format import FileFormat, read_json_entry
from striate.artifacts.json_file import json_bytes
from striate.artifacts.tensors import arrays_from_bytes, tensor_bytes
from striate.callbacks.base import Callback, Logs
from striate.core.console import say
from striate.core.errors import ArgumentError

_STATE, _WEIGHTS, _OPTIMIZER = "state.json", "weights.safetensors", "optimizer.safetensors"
BACKUP_FORMAT = FileFormat(
    name="striate-backup", version=1, entries=(_STATE, _WEIGHTS, _OPTIMIZER), what="training backup"
)


@final
class BackupAndRestore(Callback):
    """Writes weights and optimiser state after every epoch, and goes on from there next time.

    When `fit` is called again with the same `backup_dir` and a backup is there, the weights and
    the optimiser's state come back and training begins with the epoch after it. A training
    that ends by itself deletes its backup, unless `delete_checkpoint` is False.

    Random states do not come back: the order of the examples is another one than it would
    have been.

    Raises:
        ArgumentError: no folder, or another `save_freq` than 'epoch'.
        FileFormatError: the backup in the folder is damaged.
        FileAccessError: the folder cannot be written.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str = "epoch",
        delete_checkpoint: bool = True,
    ) -> None:
        if not str(backup_dir):
            raise ArgumentError("BackupAndRestore takes a folder to write to: backup_dir='backup'.")
        if save_freq != "epoch":
            raise ArgumentError(
                f"save_freq must be 'epoch': backups are written between epochs; got {save_freq!r}."
            )
        self.backup_dir = Path(backup_dir)
        self.delete_checkpoint = delete_checkpoint
        self._waiting: dict[str, bytes] | None = None

    @property
    def path(self) -> Path:
        """The file that holds the backup."""
        return self.backup_dir / "training.backup"

    def on_train_begin(self, logs: Logs = None) -> None:
        """Look for a backup, and tell the training at which epoch to begin."""
        self._waiting = None
        if not self.path.exists():
            return
        _, self._waiting = BACKUP_FORMAT.read(self.path)
        done = int(read_json_entry(self._waiting, _STATE, str(self.path))["epochs_done"])
        self.model.resumed_epoch = done
        say(f"going on after epoch {done}, from {self.path}")

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Put the state back before the first step, when model and optimiser have their weights."""
        if self._waiting is None:
            return
        place = str(self.path)
        weights = arrays_from_bytes(self._waiting[_WEIGHTS], place)
        self.model.set_weights([weights[name] for name in sorted(weights)])
        arrays = arrays_from_bytes(self._waiting[_OPTIMIZER], place)
        saved = read_json_entry(self._waiting, _STATE, place)["optimizer"]
        known = list(self.model.optimizer.state_arrays())
        if len(saved) == len(known):
            # By order, not by name: a network built again in one process has layers with other numbers.
            arrays = {new: arrays[old] for new, old in zip(known, saved, strict=True)}
        self.model.optimizer.load_state_arrays(arrays)
        self._waiting = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the backup; the one before stays until the new one is complete."""
        self.backup_dir.mkdir(parents=True, exist_ok=True)
        weights = {f"{number:06d}": array for number, array in enumerate(self.model.get_weights())}
        state = self.model.optimizer.state_arrays()
        contents = {
            _STATE: json_bytes({"epochs_done": epoch + 1, "optimizer": list(state)}),
            _WEIGHTS: tensor_bytes(weights),
            _OPTIMIZER: tensor_bytes(state),
        }
        BACKUP_FORMAT.write(self.path, {}, contents)

    def on_train_end(self, logs: Logs = None) -> None:
        """Delete the backup of a training that came to its end."""
        history = getattr(self.model, "history", None)
        if self.delete_checkpoint and not getattr(history, "interrupted", False):
            self.path.unlink(missing_ok=True)
