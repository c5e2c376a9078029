"""One run trained by several processes: the first does all that one process does, the others train along.

The others read the same data and make the same network; they write and say nothing. After torchrun has
started all again because one had died, the run that it had begun goes on from its last checkpoint.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from striate.callbacks import BackupAndRestore, History
from striate.core.errors import StriateError
from striate.core.processes import is_first, restarts, together
from striate.datasets.options import Progress, no_progress
from striate.training.distributed import join, said_when_one_is_gone
from striate.training.stopping import ended_by_sigterm
from striate.workbench.announcement import Announcement, announce, launch
from striate.workbench.fitting import KEPT_CHECKPOINTS, labels_for, learner
from striate.workbench.plan import Say
from striate.workbench.prepared import Prepared, prepare
from striate.workbench.recipe import Recipe
from striate.workbench.resuming import resume_run
from striate.workbench.run import RUNS_FOLDER, Run, list_runs
from striate.workbench.training_run import TrainResult, train_run


def train_jointly(
    recipe: Recipe,
    name: str | None,
    root: Path,
    say: Say,
    verbose: str | int,
    progress: Progress = no_progress,
    report: bool = False,
) -> TrainResult:
    """Train as `train_run` does, in this process alone or together with others that torchrun started.

    Raises:
        StriateError: something cannot be used, in words.
    """
    if not together():
        return train_run(recipe, name, root, say, verbose, progress, report)
    group = join()
    with said_when_one_is_gone(group):
        if not is_first():
            return _follow(group, recipe)
        begun = find_begun(root) if restarts() else None
        if begun is None:
            return train_run(recipe, name, root, say, verbose, progress, report)
        result = resume_run(begun.name, root, {}, say, verbose, progress, report)
        return _nothing_left(begun) if result is None else result


def resume_jointly(
    text: str,
    root: Path,
    options: Mapping[str, Any],
    say: Say,
    verbose: str | int,
    progress: Progress = no_progress,
    report: bool = False,
) -> TrainResult | None:
    """Go on with a run as `resume_run` does, in this process alone or together with others.

    Raises:
        StriateError: no such run, or something cannot be used, in words.
    """
    if not together():
        return resume_run(text, root, options, say, verbose, progress, report)
    group = join()
    with said_when_one_is_gone(group):
        if not is_first():
            return _follow(group, None)
        result = resume_run(text, root, options, say, verbose, progress, report)
        if result is None:
            announce(Announcement(text, None))
        return result


def _nothing_left(run: Run) -> TrainResult:
    """Tell the others, and the caller, of a run whose last process died when it was finished."""
    announce(Announcement(str(run.folder), None))
    return TrainResult(run, "finished", 0, None, None, [], 0.0)


def find_begun(root: Path) -> Run | None:
    """Find the run that this start of torchrun has begun before a process died; None where there is none."""
    mine = launch()
    for name in list_runs(root):
        run = Run(root / RUNS_FOLDER / name)
        try:
            content = run.read()
        except StriateError:
            # One that is damaged is none of ours to complain about.
            continue
        if mine is not None and content.get("launch") == mine:
            return run
    return None


def _follow(group: Any, recipe: Recipe | None) -> TrainResult:
    """Train along with the first process."""
    with ended_by_sigterm():
        told: Announcement = group.from_first()
        if told.recipe is None:
            return TrainResult(told.run, "finished", 0, None, None, [], 0.0)
        if told.resumed or recipe is None:
            prepared = prepare(told.recipe, _silent, earlier=told.run)
        else:
            prepared = prepare(recipe, _silent)
        return _train_along(prepared, told)


def _train_along(prepared: Prepared, told: Announcement) -> TrainResult:
    train, validation = (prepared.split.take(prepared.bundle, part) for part in ("train", "validation"))
    held = len(validation) > 0
    history = History()
    checkpoints = BackupAndRestore(
        told.run.checkpoints,
        delete_checkpoint=False,
        keep=KEPT_CHECKPOINTS,
        monitor="val_loss" if held else "loss",
        mode="min",
    )
    number: int | None = None
    try:
        learner(prepared)(
            train.x,
            labels_for(prepared, train),
            validation_data=(validation.x, labels_for(prepared, validation)) if held else None,
            batch_size=prepared.plan.batch_size,
            epochs=prepared.plan.epochs,
            callbacks=[history, checkpoints],
            verbose=0,
            augment=prepared.augment,
        )
    except KeyboardInterrupt as end:
        history.interrupted, number = True, int(getattr(end, "signal", signal.SIGINT))
    if history.interrupted and number is None:
        number = int(signal.SIGINT)
    status = "stopped" if history.interrupted else "finished"
    return TrainResult(told.run, status, len(history.epoch), None, None, [], 0.0, signal=number)


def _silent(text: str) -> None:
    """Say nothing: the first process speaks."""
