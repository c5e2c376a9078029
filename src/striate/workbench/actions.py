"""What a person can do with Striate: train, evaluate, predict, look at a network.

Each function does one thing from beginning to end and returns what came of it as data; `say` is
called with each line for the person to read meanwhile. The command line parses, calls and prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.applications.choose import NAMES, build
from striate.core.errors import ArgumentError, StriateError
from striate.core.shapes import Shape
from striate.datasets.options import Progress, no_progress
from striate.models.saving import load
from striate.models.summary import Summary, format_summary, summarize
from striate.workbench.joint_run import resume_jointly, train_jointly
from striate.workbench.preparation import Examples, check_top, files_of, read_examples
from striate.workbench.recipe import Recipe
from striate.workbench.run import find_run, no_such_run
from striate.workbench.scoring import SCORING_BATCH, Scores, probabilities, score
from striate.workbench.trained import (
    Trained,
    find_model_file,
    open_trained,
    other_test_part,
    own_test_part,
    standing,
)
from striate.workbench.training_run import TrainResult

Say = Callable[[str], Any]

# What a network by name is shown for: the shape of an example and the number of classes.
SHOWN_FOR: dict[str, tuple[Shape, int]] = {
    "small": ((28, 28, 1), 10),
    "net_a": ((100, 100, 1), 2),
    "net_b": ((150, 150, 3), 2),
    "net_c": ((32, 32, 3), 10),
    "net_d": ((100, 100, 3), 60),
    "net_e": ((64, 100), 2),
    "fcn1d": ((150, 1), 2),
    "lenet": ((32, 32, 1), 10),
    "resnet18": ((224, 224, 3), 1000),
    "resnet50": ((224, 224, 3), 1000),
    "efficientnet_lite0": ((224, 224, 3), 1000),
    "vgg16": ((224, 224, 3), 1000),
    "vgg19": ((224, 224, 3), 1000),
}


def silent(text: str) -> None:
    """Say nothing."""


def train(
    recipe: Recipe,
    name: str | None = None,
    *,
    root: Path | None = None,
    say: Say = silent,
    verbose: str | int = 0,
    progress: Progress = no_progress,
    report: bool = False,
) -> TrainResult:
    """Train as the recipe says and leave a run in `root/runs/`, the current folder by default.

    `name` is the run's; without it, the data's name is counted up. `verbose` is that of `fit`;
    `progress` is told how far reading the data has come. `report` writes the run's report too.
    Ctrl-C ends the training, and the result says so in `status`. Where torchrun has started several
    processes they train it together, and it goes on where these were started anew.

    Raises:
        StriateError: something cannot be used, in words; a run that was begun is then marked 'failed'.
    """
    return train_jointly(recipe, name, Path() if root is None else root, say, verbose, progress, report)


def resume(
    run: str,
    *,
    root: Path | None = None,
    say: Say = silent,
    verbose: str | int = 0,
    progress: Progress = no_progress,
    report: bool = False,
    **options: Any,
) -> TrainResult | None:
    """Train a run that was stopped or cut off to its end, as if it had never stopped.

    `options` are keys of its recipe and may only say what stands there, or more `epochs` where the
    learning rate is constant. None where the run is finished already.

    Raises:
        StriateError: no such run, another process trains it, its data have changed, or an option
            contradicts its recipe, in words.
    """
    return resume_jointly(run, Path() if root is None else root, options, say, verbose, progress, report)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a network scored, from which file it came, and on which data, in words.

    `standing` says of a run that has not come to its end how far it came.
    """

    scores: Scores
    file: Path
    described: str
    standing: str | None = None


def evaluate(
    run: str,
    data: str | None = None,
    *,
    data_dir: str | None = None,
    label: str | None = None,
    device: str = "auto",
    precision: str | None = None,
    root: Path | None = None,
) -> Evaluation:
    """Score a run's network on its own test part, or on other data.

    `run` is the name of a run, its folder, or a model file. `label` is the column of the classes in
    other data, by default the one that the run's own data had.

    Raises:
        StriateError: no such run, data that have changed or do not suit, in words.
    """
    if data is None and label is not None:
        raise ArgumentError(
            f"label={label!r} names a column of other data, and none were given: --data FILE."
        )
    trained = open_trained(run, Path() if root is None else root, device, precision)
    if data is None:
        examples, described = own_test_part(trained, data_dir)
    else:
        examples, described = other_test_part(trained, data, data_dir, label)
    scores = score(trained.model, examples, trained.class_names, trained.takes.kind)
    return Evaluation(scores, trained.file, described, standing(trained))


@dataclass(frozen=True)
class Answer:
    """A class and how probable the network holds it, 0 to 1."""

    class_name: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The most probable classes of an example, the first most; or in `mistake` why there are none."""

    source: str
    answers: tuple[Answer, ...] = ()
    mistake: str | None = None


def predict(
    run: str,
    files: Sequence[str],
    *,
    top: int = 1,
    device: str = "auto",
    precision: str = "float32",
    root: Path | None = None,
    say: Say = silent,
) -> list[Prediction]:
    """Answer with classes for image files and folders of them, tables of signals, or arrays of examples.

    What cannot be read gets its mistake in words; the others are answered all the same. Images are
    brought to the network's size, channels and range of values as those were that it was trained
    on; dark on light or light on dark stays as it is. `say` hears of a run that has not come to its end.

    Raises:
        StriateError: no such run, or a model that cannot be used.
    """
    trained = open_trained(run, Path() if root is None else root, device, precision)
    top = check_top(top, len(trained.class_names))
    if (unfinished := standing(trained)) is not None:
        say(unfinished)
    found: list[Prediction] = []
    waiting = Examples([], np.zeros((0, *trained.takes.shape)))
    for path in (file for given in files for file in files_of(given)):
        try:
            examples = read_examples(path, trained.takes)
        except StriateError as error:
            found += [*_answer(trained, waiting, top), Prediction(path, mistake=str(error))]
            waiting = Examples([], waiting.x[:0])
            continue
        if len(examples.names) == 1 and len(waiting.names) < SCORING_BATCH:
            # Single images are answered together.
            waiting = waiting.joined(examples)
            continue
        found += [*_answer(trained, waiting, top), *_answer(trained, examples, top, path)]
        waiting = Examples([], waiting.x[:0])
    return found + _answer(trained, waiting, top)


def _answer(trained: Trained, examples: Examples, top: int, source: str | None = None) -> list[Prediction]:
    """Answer for examples, and say of the others why there is no answer."""
    missing = [Prediction(bad.name, mistake=f"{bad.name}: {bad.reason}") for bad in examples.bad]
    if not examples.names:
        return missing
    try:
        answers = trained.model.predict(examples.x, batch_size=SCORING_BATCH, verbose=0)
    except StriateError as error:
        return [*missing, Prediction(source or examples.names[0], mistake=str(error))]
    rows = probabilities(trained.model, answers)
    given = [
        Prediction(name, _best(row, trained, top)) for name, row in zip(examples.names, rows, strict=True)
    ]
    return given + missing


def _best(row: np.ndarray, trained: Trained, top: int) -> tuple[Answer, ...]:
    places = np.argsort(-row, kind="stable")[:top]
    return tuple(Answer(trained.class_names[place], float(row[place])) for place in places)


@dataclass(frozen=True)
class NetworkSummary:
    """A network's table, as data and as text; `described` says which network it is."""

    summary: Summary
    text: str
    described: str


def open_network(network: str, root: Path | None = None) -> tuple[Any, str]:
    """Open a run's network, a model file, or make a ready-made network by name; and say which it is.

    Raises:
        FileAccessError: no run and no network of that name.
    """
    place = Path() if root is None else root
    if network in NAMES and find_run(network, place) is None:
        shape, classes = SHOWN_FOR[network]
        about = f"{network}: {NAMES[network].about} (here for {shape}, {classes} classes)"
        return build(network, shape, classes), about
    if find_run(network, place) is None and not (place / network).is_file():
        listed = f", and no network either ({', '.join(NAMES)})"
        raise no_such_run(network, place, listed, list(NAMES))
    file, _ = find_model_file(network, place)
    return load(file), file.as_posix()


def summary(network: str, *, details: bool = False, root: Path | None = None) -> NetworkSummary:
    """Show the table of a run's network, of a model file, or of a ready-made network by name.

    Raises:
        FileAccessError: no run and no network of that name.
    """
    model, described = open_network(network, root)
    return NetworkSummary(summarize(model), format_summary(summarize(model), details=details), described)
