"""Pictures of what a network answered: grids of examples, mistakes, doubts, precision and trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.core.errors import DataError
from striate.core.shapes import format_shape
from striate.visualize.answers import Answers, calibrate_bins, score_classes
from striate.visualize.base import BarPanel, ImagePanel, Line, LinePanel, Sheet
from striate.visualize.example import pixels_of
from striate.visualize.input_panels import ROLES

# Twenty-five in five columns, as introductions show them.
USUAL = 25


def show_examples(
    examples: Any,
    labels: Any = None,
    class_names: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    count: int = USUAL,
    columns: int = 5,
    steps: np.ndarray | None = None,
) -> Sheet:
    """Show examples in a grid, each with the name of its class, and of its file where there is one.

    Shape:
        examples: (examples, height, width, channels) or (examples, steps, channels)
        labels: (examples,) or (examples, 1)

    Raises:
        DataError: examples of other axes, or none.
    """
    x = check_examples(examples)
    shown = min(count, len(x))
    numbers = None if labels is None else np.asarray(labels).reshape(-1)[:shown]
    titles = [""] * shown if numbers is None else [_class_name(class_names, int(label)) for label in numbers]
    notes = [""] * shown if names is None else [str(name) for name in names[:shown]]
    panels = tuple(
        example_panel(x[place], title, note, "", steps)
        for place, (title, note) in enumerate(zip(titles, notes, strict=True))
    )
    what = "" if numbers is None else " with their classes"
    return Sheet("Examples", f"{shown} of {len(x):,} examples{what}.", panels, columns)


def show_predictions(
    examples: Any,
    answers: Answers,
    places: Any = None,
    count: int = USUAL,
    columns: int = 5,
    title: str = "Predictions",
    steps: np.ndarray | None = None,
) -> Sheet:
    """Show examples titled "predicted (true)", wrong ones marked; `places` chooses and orders them.

    Shape:
        examples: (examples, height, width, channels) or (examples, steps, channels), in the order
            of the answers
    """
    x = check_examples(examples)
    chosen = np.arange(len(x)) if places is None else np.asarray(places)
    panels = tuple(_answered(x[place], answers, int(place), steps) for place in chosen[:count])
    if not panels:
        raise DataError("there is no example to show among these answers.")
    wrong = int((~answers.right[chosen[:count]]).sum())
    caption = (
        f"{len(panels)} examples: the predicted class, in brackets the true one, and how probable the "
        f"network holds its answer. {wrong} of them are wrong."
    )
    return Sheet(title, caption, panels, columns)


def show_mistakes(
    examples: Any, answers: Answers, count: int = USUAL, steps: np.ndarray | None = None
) -> Sheet:
    """Show the wrong answers that the network was most certain of.

    Raises:
        DataError: there are no mistakes.
    """
    found = answers.mistakes()
    if not len(found):
        raise DataError(f"all {len(answers.labels)} answers are right: there is no mistake to show.")
    return show_predictions(examples, answers, found, count, title="The most confident mistakes", steps=steps)


def show_doubts(
    examples: Any, answers: Answers, count: int = USUAL, steps: np.ndarray | None = None
) -> Sheet:
    """Show the examples between whose two best classes the network hesitated most."""
    found = answers.least_certain()
    return show_predictions(examples, answers, found, count, title="The least certain answers", steps=steps)


def show_class_scores(answers: Answers) -> Sheet:
    """Show precision and recall of each class side by side."""
    scores = score_classes(answers)
    panel = BarPanel(
        answers.class_names,
        (("precision", scores.precision), ("recall", scores.recall)),
        y_label="share",
    )
    found = np.nan_to_num(scores.f1)
    worst, best = int(found.argmin()), int(found.argmax())
    caption = (
        "Precision: how many of the answers of a class are right. Recall: how many examples of the class "
        f"were found. Best together: {answers.class_names[best]} (F1 {found[best]:.3f}); worst: "
        f"{answers.class_names[worst]} ({found[worst]:.3f})."
    )
    return Sheet("Precision and recall of each class", caption, (panel,), 1)


def show_reliability(answers: Answers, bins: int = 10) -> Sheet:
    """Show how often answers of each confidence are right: on the diagonal, a probability can be trusted."""
    found = calibrate_bins(answers, bins)
    names = tuple(
        f"{low:.1f}-{high:.1f}" for low, high in zip(found.edges[:-1], found.edges[1:], strict=True)
    )
    panel = BarPanel(
        names,
        (("right answers", found.accuracy),),
        x_label="confidence of the answer",
        y_label="share that is right",
        diagonal=True,
    )
    mean, share = float(answers.confidence.mean()), float(answers.right.mean())
    lean = "too certain" if mean > share else "too cautious"
    caption = (
        f"Answers are held {mean:.1%} probable on average and {share:.1%} of them are right: the network is "
        f"{lean} by {abs(mean - share):.1%}. Expected calibration error {found.error:.3f}, 0 is best."
    )
    return Sheet("Reliability", caption, (panel,), 1)


def check_examples(examples: Any) -> np.ndarray:
    """Hand back examples as an array that can be shown.

    Raises:
        DataError: neither images nor signals, or none.
    """
    x = np.asarray(examples)
    if x.ndim not in (3, 4) or not len(x):
        raise DataError(
            "examples to show are images (examples, height, width, channels) or signals (examples, steps, "
            f"channels), at least one; got {format_shape(x.shape)}."
        )
    return x


def example_panel(
    example: np.ndarray, title: str, note: str = "", mark: str = "", steps: np.ndarray | None = None
) -> ImagePanel | LinePanel:
    """Make the panel of one example: its pixels, or its lines over the signal's own axis."""
    if example.ndim == 2:
        place = np.arange(len(example)) if steps is None else steps
        lines = tuple(
            Line(f"channel {number + 1}", ROLES[number % len(ROLES)], place, channel)
            for number, channel in enumerate(example.T)
        )
        return LinePanel(lines, title, note, mark=mark)
    drawable = example.dtype == np.uint8 and example.shape[-1] in (1, 3)
    return ImagePanel(example if drawable else pixels_of(example, (0.0, 1.0)), title, note, mark)


def _answered(example: np.ndarray, answers: Answers, place: int, steps: np.ndarray | None) -> Any:
    said, true = answers.class_names[answers.predicted[place]], answers.class_names[answers.labels[place]]
    note = f"{answers.confidence[place]:.0%}  {answers.names[place]}"
    mark = "right" if answers.right[place] else "wrong"
    return example_panel(example, f"{said} ({true})", note, mark, steps)


def _class_name(class_names: Sequence[str] | None, label: int) -> str:
    return str(label) if class_names is None else str(class_names[label])
