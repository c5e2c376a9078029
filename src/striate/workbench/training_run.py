"""One training from the data to the files of its run."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.artifacts.checkpoint import CheckpointFolder
from striate.callbacks import History
from striate.core.errors import FileAccessError, StriateError
from striate.datasets.options import Progress, no_progress
from striate.datasets.rejects import quarantine
from striate.diagnose import Verdict, read_curves
from striate.models.saving import load
from striate.training.stopping import ended_by_sigterm
from striate.visualize.render import save
from striate.workbench.announcement import Announcement, announce
from striate.workbench.fitting import fit_run, signal_of
from striate.workbench.locking import locked
from striate.workbench.plan import Say, line, say_plan
from striate.workbench.prepared import Prepared, prepare
from striate.workbench.recipe import Recipe, write_recipe
from striate.workbench.record import Record, begin_record
from striate.workbench.reporting import write_report
from striate.workbench.run import Run, check_free, create_run
from striate.workbench.scoring import Scores, score
from striate.workbench.split_file import write_split


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What a training left: its run, how it ended ('finished' or 'stopped'), and its test scores.

    `scores` are those of the best epoch; None where the training was stopped before the test.
    `best_epoch` counts from 1, `chosen_by` says by which loss. `verdict` says what the curves show,
    `signal` which signal stopped it.
    """

    run: Run
    status: str
    epochs_done: int
    best_epoch: int | None
    scores: Scores | None
    files: list[Path]
    seconds: float
    verdict: Verdict | None = None
    chosen_by: str = "validation loss"
    signal: int | None = None


def train_run(
    recipe: Recipe,
    name: str | None,
    root: Path,
    say: Say,
    verbose: str | int,
    progress: Progress = no_progress,
    report: bool = False,
) -> TrainResult:
    """Train as the recipe says and leave a run; Ctrl-C ends it early and keeps what is there.

    With `report` a finished run gets its report as well.

    Raises:
        StriateError: something cannot be used, in words.
    """
    if name is not None:
        check_free(name, root)
    with ended_by_sigterm():
        prepared = prepare(recipe, say, progress)
        run = create_run(name, prepared.bundle.name, root)
        with _undone(run) as undo, locked(run.folder, say):
            bundle, split, network = prepared.bundle, prepared.split, prepared.network
            record = begin_record(run, bundle, split, network, prepared.plan, prepared.machine)
            _write_plan(prepared, run, record)
            record.write()
            undo.pop_all()
            return carry_out(prepared, run, record, say, verbose, report)


def _undone(run: Run) -> ExitStack:
    """Remove a run again that ends before it holds what it needs to go on."""
    stack = ExitStack()
    stack.callback(shutil.rmtree, run.folder, ignore_errors=True)
    return stack


def carry_out(
    prepared: Prepared, run: Run, record: Record, say: Say, verbose: str | int, report: bool
) -> TrainResult:
    """Train, from the run's last checkpoint on where there is one, test, and leave all files.

    Raises:
        StriateError: something cannot be used, in words.
    """
    scores = verdict = None
    with _closing(record):
        announce(Announcement(str(run.folder), prepared.plan, "resumed" in record.started))
        say_plan(say, prepared.plan, run.folder.as_posix())
        record.write()
        history = fit_run(prepared, run, record, verbose)
        if not history.interrupted:
            scores = _finish(prepared, run, record)
        verdict = _judge(record, history)
    if report and scores is not None:
        _report(prepared, run, say)
    return TrainResult(
        run,
        record.status,
        record.epochs_done,
        record.best_epoch,
        scores,
        _files(run),
        sum(record.seconds.values()),
        verdict,
        "validation loss" if len(prepared.split.places["validation"]) else "training loss",
        record.signal,
    )


def _write_plan(prepared: Prepared, run: Run, record: Record) -> None:
    # run.json comes after these: a folder that has it can go on.
    write_recipe(run.recipe, prepared.plan)
    record.started["data"]["splits"] = write_split(run.splits, prepared.split, prepared.bundle)
    if prepared.plan.bad_files == "quarantine":
        quarantine(prepared.bundle.bad_files, run.quarantine)


def _report(prepared: Prepared, run: Run, say: Say) -> None:
    say(line("report", "being written"))
    write_report(run, bundle=prepared.bundle, split=prepared.split, device=prepared.plan.device)


def _judge(record: Record, history: History) -> Verdict | None:
    """Say what the curves of loss and accuracy show, in run.json as well."""
    if not history.epoch:
        return None
    examples = record.started.get("data", {}).get("parts", {}).get("validation") or None
    found = read_curves(history, validation_examples=examples)
    record.started["verdict"] = {
        "kind": found.kind,
        "epoch": found.epoch,
        "evidence": found.evidence,
        "advice": found.advice,
    }
    return found


@contextmanager
def _closing(record: Record) -> Iterator[None]:
    """Write down how a run ended, whichever way it did."""
    status = "failed"
    try:
        yield
        status = "finished" if record.final else "stopped"
    except KeyboardInterrupt as end:
        status, record.signal = "stopped", signal_of(end)
    except StriateError as error:
        record.error = str(error)
        raise
    finally:
        try:
            record.close(status)
        except FileAccessError:
            # What failed first says more: a disk that is full now was so before.
            if record.error is None:
                raise


def _finish(prepared: Prepared, run: Run, record: Record) -> Scores:
    """Score the best epoch on the test part."""
    with record.timed("test"):
        model: Any = load(run.best_model if run.best_model.is_file() else run.last_model)
        model.compiled.device = str(prepared.machine["device"].value)
        data = prepared.split.take(prepared.bundle, "test")
        scores = score(model, data, list(model.class_names), prepared.bundle.kind)
    record.final = {
        "test_accuracy": scores.accuracy,
        "test_loss": scores.loss if math.isfinite(scores.loss) else None,
        "test_examples": scores.examples,
    }
    save(scores.confusion, run.confusion)
    # The last one lets a finished run be trained for more epochs.
    CheckpointFolder(run.checkpoints).clear(keep=1)
    return scores


def _files(run: Run) -> list[Path]:
    wanted = (
        run.best_model,
        run.last_model,
        run.record,
        run.recipe,
        run.results,
        run.splits,
        run.curves,
        run.confusion,
        run.report,
    )
    return [path for path in wanted if path.is_file()]
