"""One row for each public callback: what test_callbacks.py proves of it.

A new callback is one more row here: its class, its arguments, and whether training ends with
other weights because of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from striate import callbacks

# What `fit` makes itself: several callbacks called as one, and the values that they are given.
EXCEPTED: set[type] = {callbacks.CallbackList, callbacks.LazyLogs}


@dataclass(frozen=True)
class CallbackRow:
    """A callback, its arguments, what it writes, and where it differs from most.

    `place` is the argument that names a file or folder, `written` what lies there after training
    (`*` where a name tells the time).
    """

    kind: type[callbacks.Callback]
    arguments: dict[str, Any] = field(default_factory=dict)
    place: tuple[str, str] | None = None
    written: tuple[str, ...] = ()
    changes_training: bool = False
    adds_to_logs: tuple[str, ...] = ()
    epochs: int = 2
    optimizer: dict[str, Any] = field(default_factory=dict)

    def make(self, folder: Path) -> callbacks.Callback:
        """Make the callback, which may write into the folder."""
        place = {} if self.place is None else {self.place[0]: folder / self.place[1]}
        return self.kind(**place, **self.arguments)


RATE = ("learning_rate",)

ROWS = [
    CallbackRow(callbacks.Callback),
    CallbackRow(callbacks.BackupAndRestore, place=("backup_dir", "backup")),
    CallbackRow(
        callbacks.BackupAndRestore,
        {"delete_checkpoint": False},
        ("backup_dir", "backup"),
        ("backup/000000000004.checkpoint",),
    ),
    CallbackRow(callbacks.CSVLogger, place=("filename", "log.csv"), written=("log.csv",)),
    CallbackRow(callbacks.EarlyStopping, {"patience": 1}),
    CallbackRow(
        callbacks.EarlyStopping,
        {"min_delta": 1e9, "restore_best_weights": True},
        changes_training=True,
    ),
    CallbackRow(callbacks.History),
    CallbackRow(callbacks.LambdaCallback, {"on_epoch_end": lambda epoch, logs: None}),
    CallbackRow(callbacks.LearningRateScheduler, {"schedule": lambda epoch, rate: rate}, adds_to_logs=RATE),
    CallbackRow(
        callbacks.LearningRateScheduler,
        {"schedule": lambda epoch: 0.001},
        changes_training=True,
        adds_to_logs=RATE,
    ),
    CallbackRow(callbacks.ModelCheckpoint, place=("filepath", "model.striate"), written=("model.striate",)),
    CallbackRow(
        callbacks.ModelCheckpoint,
        {"save_weights_only": True},
        ("filepath", "{epoch}.weights.safetensors"),
        ("1.weights.safetensors", "2.weights.safetensors"),
    ),
    CallbackRow(callbacks.ProgbarLogger),
    CallbackRow(callbacks.ReduceLROnPlateau, {"patience": 5}, adds_to_logs=RATE),
    CallbackRow(
        callbacks.ReduceLROnPlateau,
        {"patience": 1, "min_delta": 1e9},
        changes_training=True,
        adds_to_logs=RATE,
        epochs=3,
    ),
    CallbackRow(callbacks.SwapEMAWeights, optimizer={"use_ema": True}),
    CallbackRow(callbacks.SwapEMAWeights, {"swap_on_epoch": True}, optimizer={"use_ema": True}),
    CallbackRow(
        callbacks.TensorBoard,
        {"histogram_freq": 1, "update_freq": 1},
        ("log_dir", "logs"),
        ("logs/train/events.out.tfevents.*", "logs/validation/events.out.tfevents.*"),
    ),
    CallbackRow(callbacks.TerminateOnNaN),
]
