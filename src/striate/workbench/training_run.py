"""One training from the data to the files of its run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.callbacks import CSVLogger, History, LambdaCallback, ModelCheckpoint
from striate.core.errors import StriateError
from striate.core.runtime import Choice, choose_device, choose_precision, set_random_seed
from striate.datasets.source import DataBundle
from striate.models.saving import load
from striate.visualize.render import save
from striate.visualize.training_curves import compare_training
from striate.workbench.data import Split, class_names_of, load_data, split_data, write_split
from striate.workbench.network import ChosenNetwork, check_can_come_back, compile_network, make_network
from striate.workbench.plan import (
    Say,
    complete_recipe,
    make_optimizer,
    say_data,
    say_machine,
    say_model,
    say_plan,
)
from striate.workbench.preparation import describe_input
from striate.workbench.recipe import Recipe, write_recipe
from striate.workbench.record import Record, begin_record
from striate.workbench.run import Run, check_free, create_run
from striate.workbench.scoring import Scores, score


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What a training left: its run, how it ended ('finished' or 'stopped'), and its test scores.

    `scores` are those of the best epoch; None where the training was stopped before the test.
    `best_epoch` counts from 1.
    """

    run: Run
    status: str
    epochs_done: int
    best_epoch: int | None
    scores: Scores | None
    files: list[Path]
    seconds: float


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that is decided before a run's folder is made."""

    plan: Recipe
    bundle: DataBundle
    split: Split
    network: ChosenNetwork
    machine: dict[str, Choice]


def prepare(recipe: Recipe, say: Say) -> Prepared:
    """Load data, part them, make the network, and say what was chosen; nothing is written yet.

    Raises:
        StriateError: something cannot be used, in words.
    """
    device = choose_device(recipe.device)
    machine = {"device": device, "precision": choose_precision(recipe.precision, device.value)}
    set_random_seed(recipe.seed)
    bundle = load_data(recipe.data, recipe.data_dir)
    split = split_data(bundle, recipe.test_share, recipe.validation_share, recipe.seed)
    say_data(say, bundle, split, recipe)
    names = class_names_of(bundle)
    network = make_network(recipe.model, bundle, len(names))
    say_model(say, network)
    say_machine(say, machine["device"], machine["precision"])
    train = split.take(bundle, "train")
    plan = complete_recipe(recipe, network, train)
    model = network.model
    check_can_come_back(model)
    model.class_names = names
    model.preprocessing = describe_input(bundle)
    model.provenance = {"data": bundle.name, "data_sha256": split.fingerprint, "network": network.name}
    compile_network(model, make_optimizer(plan, len(train)), str(device.value), recipe.precision)
    return Prepared(plan, bundle, split, network, machine)


def train_run(recipe: Recipe, name: str | None, root: Path, say: Say, verbose: str | int) -> TrainResult:
    """Train as the recipe says and leave a run; Ctrl-C ends it early and keeps what is there.

    Raises:
        StriateError: something cannot be used, in words.
    """
    if name is not None:
        check_free(name, root)
    prepared = prepare(recipe, say)
    run = create_run(name, prepared.bundle.name, root)
    say_plan(say, prepared.plan, run.folder.as_posix())
    record = begin_record(
        run, prepared.bundle, prepared.split, prepared.network, prepared.plan, prepared.machine
    )
    scores = None
    with _closing(record):
        record.write()
        write_recipe(run.recipe, prepared.plan)
        write_split(run.splits, prepared.split)
        history = _fit(prepared, run, record, verbose)
        if not history.interrupted:
            scores = _finish(prepared, run, record)
    return TrainResult(
        run,
        record.status,
        record.epochs_done,
        record.best_epoch,
        scores,
        _files(run),
        sum(record.seconds.values()),
    )


@contextmanager
def _closing(record: Record) -> Iterator[None]:
    """Write down how a run ended, whichever way it did."""
    status = "failed"
    try:
        yield
        status = "finished" if record.final else "stopped"
    except KeyboardInterrupt:
        status = "stopped"
    except StriateError as error:
        record.error = str(error)
        raise
    finally:
        record.close(status)


def _fit(prepared: Prepared, run: Run, record: Record, verbose: str | int) -> History:
    model, plan = prepared.network.model, prepared.plan
    parts = {part: prepared.split.take(prepared.bundle, part) for part in ("train", "validation")}
    history = History()
    callbacks = [
        history,
        CSVLogger(run.results),
        ModelCheckpoint(_plain(run.best_model), monitor="val_loss", mode="min", save_best_only=True),
        ModelCheckpoint(_plain(run.last_model)),
        LambdaCallback(on_epoch_end=lambda epoch, logs: _note(record, history)),
    ]
    with record.timed("training"):
        try:
            model.fit(
                parts["train"].x,
                parts["train"].y,
                validation_data=(parts["validation"].x, parts["validation"].y),
                batch_size=plan.batch_size,
                epochs=plan.epochs,
                callbacks=callbacks,
                verbose=verbose,
            )
        except KeyboardInterrupt:
            # Before the first step or after the last one; in between, fit notes it itself.
            history.interrupted = True
    model.save(run.last_model)
    if history.epoch:
        save(compare_training(history, title=f"{run.name}: training"), run.curves)
    return history


def _plain(path: Path) -> str:
    # ModelCheckpoint fills in values where braces stand.
    return str(path).replace("{", "{{").replace("}", "}}")


def _note(record: Record, history: History) -> None:
    losses = history.history.get("val_loss", [])
    finite = [place for place, loss in enumerate(losses) if math.isfinite(loss)]
    record.epochs_done = len(history.epoch)
    if finite:
        best = min(finite, key=lambda place: losses[place])
        record.best_epoch = best + 1
        record.started["validation"] = {
            "loss": losses[best],
            "accuracy": history.history["val_accuracy"][best],
        }
    record.write()


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
    )
    return [path for path in wanted if path.is_file()]
