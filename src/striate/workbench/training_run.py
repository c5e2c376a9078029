"""One training from the data to the files of its run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from striate.augment import Augment
from striate.callbacks import CSVLogger, History, LambdaCallback, ModelCheckpoint
from striate.core.errors import StriateError
from striate.core.runtime import Choice, choose_device, choose_precision, set_random_seed
from striate.datasets.labels import to_categorical
from striate.datasets.opening import open_data
from striate.datasets.options import Progress, no_progress
from striate.datasets.rejects import quarantine
from striate.datasets.source import Data, DataBundle
from striate.models.saving import load
from striate.visualize.render import save
from striate.visualize.training_curves import compare_training
from striate.workbench.network import ChosenNetwork, check_can_come_back, compile_network, make_network
from striate.workbench.normalizing import make_normalization
from striate.workbench.plan import (
    Say,
    choose_augmentation,
    choose_validation_share,
    complete_recipe,
    make_augmentation,
    make_optimizer,
    say_changes,
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
from striate.workbench.split import Split, class_names_of, split_data, write_split


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
    augment: Augment | None


def prepare(recipe: Recipe, say: Say, progress: Progress = no_progress) -> Prepared:
    """Load data, part them, make the network, and say what was chosen; nothing is written yet.

    Raises:
        StriateError: something cannot be used, in words.
    """
    device = choose_device(recipe.device)
    machine = {"device": device, "precision": choose_precision(recipe.precision, device.value)}
    set_random_seed(recipe.seed)
    bundle = open_data(recipe.data, recipe.source_options(), progress)
    recipe = replace(recipe, validation_share=choose_validation_share(recipe, bundle))
    split = split_data(bundle, recipe.test_share, recipe.validation_share or 0.0, recipe.seed)
    say_data(say, bundle, split, recipe)
    names = class_names_of(bundle)
    train = split.take(bundle, "train")
    front = None if recipe.normalize in (None, "none") else make_normalization(recipe.normalize, train.x)
    network = make_network(recipe.model, bundle, len(names), front)
    say_model(say, network)
    chosen = choose_augmentation(recipe.augment, bundle)
    augment = make_augmentation(str(chosen.value), recipe.mix, bundle)
    say_changes(say, chosen, "" if augment is None else augment.describe(), recipe.normalize)
    say_machine(say, machine["device"], machine["precision"])
    plan = complete_recipe(recipe, network, train, chosen)
    model = network.model
    check_can_come_back(model)
    model.class_names = names
    model.preprocessing = describe_input(bundle)
    model.provenance = {"data": bundle.name, "data_sha256": split.fingerprint, "network": network.name}
    mixes = augment is not None and augment.mixes
    compile_network(model, make_optimizer(plan, len(train)), str(device.value), recipe.precision, mixes)
    return Prepared(plan, bundle, split, network, machine, augment)


def train_run(
    recipe: Recipe,
    name: str | None,
    root: Path,
    say: Say,
    verbose: str | int,
    progress: Progress = no_progress,
) -> TrainResult:
    """Train as the recipe says and leave a run; Ctrl-C ends it early and keeps what is there.

    Raises:
        StriateError: something cannot be used, in words.
    """
    if name is not None:
        check_free(name, root)
    prepared = prepare(recipe, say, progress)
    run = create_run(name, prepared.bundle.name, root)
    say_plan(say, prepared.plan, run.folder.as_posix())
    record = begin_record(
        run, prepared.bundle, prepared.split, prepared.network, prepared.plan, prepared.machine
    )
    scores = None
    with _closing(record):
        record.write()
        write_recipe(run.recipe, prepared.plan)
        write_split(run.splits, prepared.split, prepared.bundle)
        if prepared.plan.bad_files == "quarantine":
            quarantine(prepared.bundle.bad_files, run.quarantine)
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
    train, validation = (prepared.split.take(prepared.bundle, part) for part in ("train", "validation"))
    held = len(validation) > 0
    history = History()
    callbacks = [
        history,
        CSVLogger(run.results),
        ModelCheckpoint(
            _plain(run.best_model), monitor="val_loss" if held else "loss", mode="min", save_best_only=True
        ),
        ModelCheckpoint(_plain(run.last_model)),
        LambdaCallback(on_epoch_end=lambda epoch, logs: _note(record, history)),
    ]
    labels = [_labels(prepared, data) for data in (train, validation)]
    with record.timed("training"):
        try:
            model.fit(
                train.x,
                labels[0],
                validation_data=(validation.x, labels[1]) if held else None,
                batch_size=plan.batch_size,
                epochs=plan.epochs,
                callbacks=callbacks,
                verbose=verbose,
                augment=prepared.augment,
            )
        except KeyboardInterrupt:
            # Before the first step or after the last one; in between, fit notes it itself.
            history.interrupted = True
    model.save(run.last_model)
    if history.epoch:
        save(compare_training(history, title=f"{run.name}: training"), run.curves)
    return history


def _labels(prepared: Prepared, data: Data) -> Any:
    """The labels as the loss takes them: rows where examples are mixed."""
    mixes = prepared.augment is not None and prepared.augment.mixes
    classes = len(prepared.network.model.class_names or ())
    return to_categorical(data.y, classes) if mixes and classes > 2 else data.y


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
