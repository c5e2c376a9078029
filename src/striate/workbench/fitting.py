"""The epochs of a run: what learns, what is written down after each, and what is left when they end."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from striate.callbacks import BackupAndRestore, Callback, CSVLogger, History, LambdaCallback, ModelCheckpoint
from striate.datasets.labels import to_categorical
from striate.datasets.source import Data
from striate.training import fine_tune
from striate.visualize.render import save
from striate.visualize.training_curves import compare_training
from striate.workbench.mishaps import explained
from striate.workbench.plan import TUNED_RATE
from striate.workbench.prepared import Prepared
from striate.workbench.record import Record
from striate.workbench.run import Run

# The last ones beside the best, should one not be read any more.
KEPT_CHECKPOINTS = 2


def fit_run(prepared: Prepared, run: Run, record: Record, verbose: str | int) -> History:
    """Train; answer with the epochs."""
    model, plan = prepared.network.model, prepared.plan
    train, validation = (prepared.split.take(prepared.bundle, part) for part in ("train", "validation"))
    held = len(validation) > 0
    history = History()
    callbacks = _callbacks(run, record, history, "val_loss" if held else "loss")
    labels = [labels_for(prepared, data) for data in (train, validation)]
    with record.timed("training"), explained(run, record, train.names, plan.learning_rate):
        try:
            learner(prepared)(
                train.x,
                labels[0],
                validation_data=(validation.x, labels[1]) if held else None,
                batch_size=plan.batch_size,
                epochs=plan.epochs,
                callbacks=callbacks,
                verbose=verbose,
                augment=prepared.augment,
            )
        except KeyboardInterrupt as end:
            # Before the first step, after the last one, or by SIGTERM; else fit notes it itself.
            history.interrupted, record.signal = True, signal_of(end)
    if history.interrupted and record.signal is None:
        record.signal = int(signal.SIGINT)
    model.save(run.last_model)
    if history.epoch:
        save(compare_training(history, title=f"{run.name}: training"), run.curves)
    return history


def _callbacks(run: Run, record: Record, history: History, monitor: str) -> list[Callback]:
    return [
        history,
        CSVLogger(run.results),
        ModelCheckpoint(_plain(run.best_model), monitor=monitor, mode="min", save_best_only=True),
        ModelCheckpoint(_plain(run.last_model)),
        LambdaCallback(on_epoch_end=lambda epoch, logs: _note(record, history)),
        BackupAndRestore(
            run.checkpoints, delete_checkpoint=False, keep=KEPT_CHECKPOINTS, monitor=monitor, mode="min"
        ),
    ]


def learner(prepared: Prepared) -> Callable[..., Any]:
    """What trains: `fit`; or, where the network has learnt elsewhere, its last layer first."""
    model, plan = prepared.network.model, prepared.plan
    if plan.weights is None:
        return model.fit
    rate, schedule = plan.learning_rate or TUNED_RATE, plan.schedule or "cosine"
    return partial(fine_tune, model, model.compiled, learning_rate=rate, schedule=schedule)


def labels_for(prepared: Prepared, data: Data) -> Any:
    """The labels as the loss takes them: rows where examples are mixed."""
    mixes = prepared.augment is not None and prepared.augment.mixes
    classes = len(prepared.network.model.class_names or ())
    return to_categorical(data.y, classes) if mixes else data.y


def signal_of(end: KeyboardInterrupt) -> int:
    """The signal that ended a training; Ctrl-C's where none is noted."""
    return int(getattr(end, "signal", signal.SIGINT))


def _plain(path: Path) -> str:
    # ModelCheckpoint fills in values where braces stand.
    return str(path).replace("{", "{{").replace("}", "}}")


def _note(record: Record, history: History) -> None:
    prefix = "val_" if "val_loss" in history.history else ""
    losses = history.history.get(f"{prefix}loss", [])
    finite = [place for place, loss in enumerate(losses) if math.isfinite(loss)]
    record.epochs_done = len(history.epoch)
    if finite:
        best = min(finite, key=lambda place: losses[place])
        record.best_epoch = best + 1
        record.started["validation" if prefix else "training"] = {
            "loss": losses[best],
            "accuracy": history.history[f"{prefix}accuracy"][best],
        }
    record.write()
