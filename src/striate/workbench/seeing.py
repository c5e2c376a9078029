"""Pictures of a trained network and of its answers, by name: what `striate see` and notebooks ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import unknown_name
from striate.visualize.activation_graphs import plot_activations
from striate.visualize.architecture import plot_model
from striate.visualize.attribution import METHODS
from striate.visualize.base import Frames, Picture
from striate.visualize.class_outputs import class_output
from striate.visualize.confusion_matrix import count_confusions
from striate.visualize.dropout_drawing import show_dropout
from striate.visualize.explained_sum import LayerSums
from striate.visualize.explanations import compare_classes, compare_methods, show_why
from striate.visualize.filter_weights import filters
from striate.visualize.loss_landscape import loss_along
from striate.visualize.maps import feature_maps
from striate.visualize.maximisation import maximise
from striate.visualize.patches import exciting_patches
from striate.visualize.pooling import compare_pooling
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
from striate.workbench.run import Run
from striate.workbench.subject import Question, Subject
from striate.workbench.trained import Trained

__all__ = ["VIEWS", "Question", "Seen", "Subject", "View", "see"]

# Examples that are searched for what excites a filter.
_SEARCHED = 1000
# Examples over which the loss is drawn: it is computed about a hundred times.
_OF_LOSS = 200
# Filters whose excitement is sought where nobody says: each takes hundreds of steps.
_MOST_SOUGHT = 16


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
    method = subject.question.method
    return show_why(subject.model, example[None], subject.target(), method, **_layer_for(subject, method))


def _layer_for(subject: Subject, method: str | None = None) -> dict[str, Any]:
    """The layer that was asked for, where a method takes one; None stands for all methods."""
    taken = method is None or (method in METHODS and "layer" in METHODS[method].options)
    return {"layer": subject.layer().name} if taken and subject.question.layer is not None else {}


def _methods(subject: Subject, example: np.ndarray) -> Picture:
    return compare_methods(subject.model, example[None], subject.target(), **_layer_for(subject))


def _classes(subject: Subject, example: np.ndarray) -> Picture:
    method = subject.question.method
    return compare_classes(subject.model, example[None], method=method, **_layer_for(subject, method))


def _sum(subject: Subject, example: np.ndarray) -> Picture:
    asked = subject.question
    number = asked.filters[0] if asked.filters else 0
    sums = LayerSums(subject.model, example, subject.layer().name)
    count = sums.before.shape[-1]
    # A filter that is not there is told by `at`.
    values = sums.before[..., number if 0 <= number < count else 0].float().cpu().numpy()
    place = _strongest(values, [asked.row, asked.column][: values.ndim])
    return sums.at(number, *place).sheet


def _strongest(values: np.ndarray, place: Sequence[int | None]) -> list[int]:
    """Fill in what nobody said of a place, so that it is the one with the largest value."""
    held = list(place)
    within = tuple(
        slice(None) if at is None or not 0 <= at < length else slice(at, at + 1)
        for at, length in zip(held, values.shape, strict=True)
    )
    part = values[within]
    best = np.unravel_index(int(part.argmax()), part.shape) if held else ()
    return [int(found) if at is None else at for at, found in zip(held, best, strict=True)]


def _pooled(subject: Subject, example: np.ndarray) -> Picture:
    return compare_pooling(example)


def _window(subject: Subject, example: np.ndarray) -> Picture:
    number = subject.question.filters[0] if subject.question.filters else 0
    return slide(subject.model, example, subject.layer().name, number)


def _patches(subject: Subject) -> list[Picture]:
    x, layer = np.asarray(subject.data.x[:_SEARCHED]), subject.layer().name
    names = None if subject.data.names is None else subject.data.names[:_SEARCHED]
    return [exciting_patches(subject.model, layer, x, filters=subject.question.filters, names=names)]


def _maximised(subject: Subject) -> list[Picture]:
    asked = subject.question
    found = maximise(
        subject.model,
        subject.layer().name,
        asked.filters,
        value_range=_signal_range(subject),
        most=_MOST_SOUGHT,
        seed=asked.seed,
    )
    return [found.sheet]


def _signal_range(subject: Subject) -> tuple[np.ndarray, np.ndarray] | None:
    """Between which values signals are sought, channel by channel: what real ones have.

    None where the network itself knows, or there are no real ones.
    """
    takes = subject.trained.takes
    if takes.kind != "signal" or takes.pixel_range is not None:
        return None
    if subject.trained.run is None and not subject.files:
        return None
    x = np.asarray(subject.data.x if subject.trained.run is not None else subject.given[1], np.float64)
    low, high = x.min(axis=(0, 1)), x.max(axis=(0, 1))
    # A channel that never changes has no extent, and gets a small one.
    return low, np.where(high > low, high, low + 1e-3)


def _class_inputs(subject: Subject) -> list[Picture]:
    classes = None if subject.question.target is None else [subject.target()]
    start = subject.given[1][:1] if subject.files else None
    ends, seed = _signal_range(subject), subject.question.seed
    return [class_output(subject.model, classes, start, value_range=ends, seed=seed)]


def _confusion(subject: Subject) -> list[Picture]:
    answers = subject.answers
    return [count_confusions(answers.labels, answers.predicted, answers.class_names)]


def _examples(subject: Subject) -> list[Picture]:
    data, names = subject.data, subject.trained.class_names
    return [show_examples(data.x, data.y, names, data.names, subject.question.count)]


def _loss(subject: Subject) -> list[Picture]:
    x = np.asarray(subject.data.x[:_OF_LOSS])
    return [loss_along(subject.model, x, subject.labels[: len(x)], seed=subject.question.seed)]


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
    "pooling": View("an example under max, average and sum pooling", _each(_pooled)),
    "activations": View("activation functions and their derivatives", lambda s: [plot_activations()]),
    "dropout": View(
        "which units dropout leaves out, anew each step", lambda s: [show_dropout(seed=s.question.seed)]
    ),
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
