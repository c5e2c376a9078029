"""Pictures of a trained network and of its answers, by name: what `striate see` and notebooks ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError, LabelError, unknown_name
from striate.datasets.source import Data
from striate.visualize.answers import Answers, make_answers
from striate.visualize.architecture import plot_model
from striate.visualize.base import Frames, Picture
from striate.visualize.class_outputs import class_output
from striate.visualize.confusion_matrix import count_confusions
from striate.visualize.explained_sum import sum_at
from striate.visualize.explanations import compare_classes, compare_methods, show_why
from striate.visualize.filter_weights import filters
from striate.visualize.layer_search import FoundLayer, find_layer, find_layers
from striate.visualize.loss_landscape import loss_along
from striate.visualize.maps import feature_maps
from striate.visualize.maximisation import maximise
from striate.visualize.patches import exciting_patches
from striate.visualize.render import save
from striate.visualize.results import (
    show_class_scores,
    show_doubts,
    show_examples,
    show_mistakes,
    show_predictions,
    show_reliability,
)
from striate.visualize.sliding_window import slide
from striate.workbench.preparation import read_examples
from striate.workbench.run import Run
from striate.workbench.scoring import SCORING_BATCH, probabilities
from striate.workbench.trained import Trained, own_test_part

# Examples that are searched for what excites a filter.
_SEARCHED = 1000


@dataclass(frozen=True)
class Question:
    """What is asked of a picture beside its name; None leaves the choice to it.

    `layer` is a layer's name or number, `filters` are numbers from 0, `target` a class by name or
    number, `row` and `column` a place in a layer's output.
    """

    layer: str | None = None
    filters: tuple[int, ...] | None = None
    target: str | None = None
    method: str = "grad_cam"
    row: int = 0
    column: int = 0
    count: int = 25
    sort: str | None = None
    untrained: bool = False
    before_activation: bool = False
    seed: int = 0


@dataclass(eq=False)
class Subject:
    """A trained network with examples: those of the person's files, else of the run's own test part."""

    trained: Trained
    question: Question
    files: Sequence[str] = ()
    _data: Data | None = field(default=None, init=False)

    @property
    def model(self) -> Any:
        """The network."""
        return self.trained.model

    @cached_property
    def data(self) -> Data:
        """The test part of the run.

        Raises:
            ArgumentError: the network comes from a file outside any run.
        """
        return own_test_part(self.trained, None)[0]

    @cached_property
    def given(self) -> tuple[list[str], np.ndarray]:
        """The person's examples with their names; without any, the first of the test part."""
        if not self.files:
            names = self.data.names or ["example 0"]
            return names[:1], np.asarray(self.data.x[:1])
        read = [read_examples(file, self.trained.takes) for file in self.files]
        return [name for one in read for name in one.names], np.concatenate([one.x for one in read])

    @cached_property
    def answers(self) -> Answers:
        """The answers to the test part.

        Raises:
            LabelError: a test part without labels.
        """
        if self.data.y is None:
            raise LabelError("this picture compares answers with labels, and the test part has none.")
        found = self.model.predict(self.data.x, batch_size=SCORING_BATCH, verbose=0)
        rows = probabilities(self.model, found)
        return make_answers(rows, self.data.y, self.trained.class_names, self.data.names)

    def layer(self) -> FoundLayer:
        """The layer that was asked for, else the first convolution, else the first with weights."""
        if self.question.layer is not None:
            asked = self.question.layer
            return find_layer(self.model, int(asked) if asked.lstrip("-").isdecimal() else asked)
        layers = [layer for layer in find_layers(self.model) if list(layer.module.parameters(recurse=False))]
        kinds = [layer for layer in layers if "Conv" in layer.kind]
        if not layers:
            raise ArgumentError("this network has no layer with weights to look into.")
        return (kinds or layers)[0]

    def target(self) -> Any:
        """The class that was asked for, by its name or number; None is the network's own answer."""
        asked = self.question.target
        if asked is None or asked in self.trained.class_names:
            return asked
        return int(asked) if asked.isdecimal() else asked


Make = Callable[[Subject], list[Picture]]


@dataclass(frozen=True)
class View:
    """A kind of picture: what it shows, in a line, and the function that computes it."""

    about: str
    make: Make


def _each(make: Callable[[Subject, np.ndarray], Picture]) -> Make:
    """One picture for each of the person's examples."""
    return lambda subject: [make(subject, example) for example in subject.given[1]]


def _maps(subject: Subject, example: np.ndarray) -> Picture:
    asked = subject.question
    return feature_maps(
        subject.model,
        example,
        subject.layer().name,
        asked.filters,
        asked.sort,
        untrained=True if asked.untrained else None,
        before_activation="both" if asked.before_activation else False,
    )


def _why(subject: Subject, example: np.ndarray) -> Picture:
    asked = subject.question
    chosen = {"layer": subject.layer().name} if asked.layer is not None else {}
    return show_why(subject.model, example[None], subject.target(), asked.method, **chosen)


def _methods(subject: Subject, example: np.ndarray) -> Picture:
    return compare_methods(subject.model, example[None], subject.target())


def _classes(subject: Subject, example: np.ndarray) -> Picture:
    return compare_classes(subject.model, example[None], method=subject.question.method)


def _sum(subject: Subject, example: np.ndarray) -> Picture:
    asked = subject.question
    number = asked.filters[0] if asked.filters else 0
    column = asked.column if example.ndim == 3 else None
    return sum_at(subject.model, example, subject.layer().name, number, asked.row, column).sheet


def _window(subject: Subject, example: np.ndarray) -> Picture:
    number = subject.question.filters[0] if subject.question.filters else 0
    return slide(subject.model, example, subject.layer().name, number)


def _patches(subject: Subject) -> list[Picture]:
    x, layer = np.asarray(subject.data.x[:_SEARCHED]), subject.layer().name
    names = None if subject.data.names is None else subject.data.names[:_SEARCHED]
    return [exciting_patches(subject.model, layer, x, filters=subject.question.filters, names=names)]


def _maximised(subject: Subject) -> list[Picture]:
    asked = subject.question
    return [maximise(subject.model, subject.layer().name, asked.filters, seed=asked.seed).sheet()]


def _class_inputs(subject: Subject) -> list[Picture]:
    classes = None if subject.question.target is None else [subject.target()]
    start = subject.given[1][:1] if subject.files else None
    return [class_output(subject.model, classes, start, seed=subject.question.seed)]


def _confusion(subject: Subject) -> list[Picture]:
    answers = subject.answers
    return [count_confusions(answers.labels, answers.predicted, answers.class_names)]


def _examples(subject: Subject) -> list[Picture]:
    data, names = subject.data, subject.trained.class_names
    shown = np.asarray(data.x[: subject.question.count])
    return [show_examples(shown, data.y, names, data.names, subject.question.count)]


def _loss(subject: Subject) -> list[Picture]:
    x = np.asarray(subject.data.x[:_SEARCHED])
    return [loss_along(subject.model, x, subject.data.y[: len(x)], seed=subject.question.seed)]


def _of_answers(make: Callable[..., Picture]) -> Make:
    def made(subject: Subject) -> list[Picture]:
        return [make(np.asarray(subject.data.x), subject.answers, count=subject.question.count)]

    return made


VIEWS: dict[str, View] = {
    "architecture": View("the network's blocks with their shapes", lambda s: [plot_model(s.model)]),
    "feature_maps": View("an example, and what the filters of a layer make of it", _each(_maps)),
    "filters": View(
        "the weights of a layer", lambda s: [filters(s.model, s.layer().name, s.question.filters)]
    ),
    "patches": View("the real patches that excite each filter most", _patches),
    "excitement": View("the input that excites each filter most, made by gradient ascent", _maximised),
    "class_output": View("the input that the network takes for each class", _class_inputs),
    "why": View("what in an example speaks for a class, by --method", _each(_why)),
    "methods": View("the same by every method, each with its check", _each(_methods)),
    "classes": View("what speaks for each of the three most probable classes", _each(_classes)),
    "sum": View("one number of a feature map, term by term", _each(_sum)),
    "window": View("the window sliding over an example, as an animation", _each(_window)),
    "examples": View("examples of the test part with their classes", _examples),
    "predictions": View("answers to the test part, predicted (true)", _of_answers(show_predictions)),
    "mistakes": View("the wrong answers that the network was most certain of", _of_answers(show_mistakes)),
    "doubts": View("the answers that it was least certain of", _of_answers(show_doubts)),
    "confusion": View("which classes are taken for which", _confusion),
    "scores": View("precision and recall of each class", lambda s: [show_class_scores(s.answers)]),
    "reliability": View("how far its probabilities can be trusted", lambda s: [show_reliability(s.answers)]),
    "loss": View("the loss over one weight, with the way down", _loss),
}
WITH_EXAMPLES, WITHOUT = ("feature_maps", "why"), ("architecture", "filters", "class_output")


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture, which view it is of, and the file that it was written to."""

    view: str
    picture: Picture
    file: Path


def see(
    trained: Trained,
    files: Sequence[str] = (),
    views: Sequence[str] = (),
    question: Question | None = None,
    *,
    out: str | Path | None = None,
    kind: str = "png",
) -> list[Seen]:
    """Draw pictures of a network into a folder, `see/` of its run unless told otherwise.

    Without `views`, feature maps and the reason of the answer for each file; without files, the
    network's drawing, its filters, and what it takes for each class.

    Raises:
        UnknownNameError: no such view, layer, class or method.
        StriateError: what a view cannot show, in words.
    """
    wanted = list(views) or list(WITH_EXAMPLES if files else WITHOUT)
    for view in wanted:
        if view not in VIEWS:
            raise unknown_name("picture", view, VIEWS)
    subject = Subject(trained, question or Question(), files)
    folder = Path(out) if out is not None else _folder_of(trained.run)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for view in wanted:
        pictures = VIEWS[view].make(subject)
        for number, picture in enumerate(pictures, start=1):
            counted = f"-{number}" if len(pictures) > 1 else ""
            ending = "gif" if isinstance(picture, Frames) else kind
            found.append(Seen(view, picture, save(picture, folder / f"{view}{counted}.{ending}")))
    return found


def _folder_of(run: Run | None) -> Path:
    return Path("see") if run is None else run.folder / "see"
