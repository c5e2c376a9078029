"""Pictures of what a network answered: grids of examples, mistakes, doubts, precision and trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.core.errors import DataError
from striate.core.shapes import format_shape
from striate.visualize.answers import Answers, Calibration, calibrate_bins, score_classes
from striate.visualize.base import BarPanel, ImagePanel, Line, LinePanel, Sheet
from striate.visualize.example import pixels_of, range_of, with_bands
from striate.visualize.input_panels import ROLES
from striate.visualize.question import whole_number

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
        ArgumentError: a count below 1.
    """
    # Only those that are shown are read: all of them may not fit into memory.
    x = check_examples(examples[: whole_number("count", count)])
    shown = len(x)
    value_range = range_of(x)
    numbers = None if labels is None else np.asarray(labels).reshape(-1)[:shown]
    titles = [""] * shown if numbers is None else [_class_name(class_names, int(label)) for label in numbers]
    notes = [""] * shown if names is None else [str(name) for name in names[:shown]]
    panels = tuple(
        example_panel(x[place], title, note, "", steps, value_range)
        for place, (title, note) in enumerate(zip(titles, notes, strict=True))
    )
    what = "" if numbers is None else " with their classes"
    caption = with_bands(f"{shown} of {len(examples):,} examples{what}.", x.shape[1:])
    return Sheet("Examples", caption, panels, columns)


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
    shown = chosen[: whole_number("count", count)]
    if not len(shown):
        raise DataError("there is no example to show among these answers.")
    value_range = range_of(x[shown])
    panels = tuple(_answered(x[place], answers, int(place), steps, value_range) for place in shown)
    caption = (
        f"{len(shown):,} of {len(x):,} examples: the predicted class, in brackets the true one, and how "
        f"probable the network holds its answer. {_wrong_in_words(answers, shown)}"
    )
    return Sheet(title, with_bands(caption, x.shape[1:]), panels, columns)


def _wrong_in_words(answers: Answers, shown: np.ndarray) -> str:
    wrong = int((~answers.right[shown]).sum())
    if wrong == len(shown):
        return "It is wrong." if wrong == 1 else "All of them are wrong."
    if not wrong:
        return "It is right." if len(shown) == 1 else "None of them is wrong."
    return f"{wrong} of them {'is' if wrong == 1 else 'are'} wrong."


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
        f"{low:.1f}-{high:.1f}: {answers_in_bin(found, number)}"
        for number, (low, high) in enumerate(zip(found.edges[:-1], found.edges[1:], strict=True))
    )
    panel = BarPanel(
        names,
        (("right answers", found.accuracy),),
        x_label="confidence of the answer: how many answers have it",
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


def answers_in_bin(found: Calibration, number: int) -> str:
    """Say how many answers a bin holds; of one whose answers are all wrong there is no bar, so it says so.

    >>> from striate.visualize.answers import make_answers
    >>> bins = calibrate_bins(make_answers([[0.95, 0.05], [0.45, 0.55]], [0, 0]))
    >>> [answers_in_bin(bins, number) for number in (4, 5, 9)]
    ['0', '1, none right', '1']
    """
    count = int(found.counts[number])
    return f"{count:,}, none right" if count and not found.accuracy[number] else f"{count:,}"


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
    example: np.ndarray,
    title: str,
    note: str = "",
    mark: str = "",
    steps: np.ndarray | None = None,
    value_range: tuple[float, float] | None = None,
) -> ImagePanel | LinePanel:
    """Make the panel of one example: its pixels, or its lines over the signal's own axis.

    `value_range` is that of all examples that are shown together, else the one that its own values tell.
    """
    if example.ndim == 2:
        place = np.arange(len(example)) if steps is None else steps
        lines = tuple(
            Line(f"channel {number + 1}", ROLES[number % len(ROLES)], place, channel)
            for number, channel in enumerate(example.T)
        )
        return LinePanel(lines, title, note, mark=mark)
    ends = range_of(example) if value_range is None else value_range
    drawable = example.dtype == np.uint8 and ends == (0, 255) and example.shape[-1] in (1, 3)
    return ImagePanel(example if drawable else pixels_of(example, ends), title, note, mark)


def _answered(
    example: np.ndarray,
    answers: Answers,
    place: int,
    steps: np.ndarray | None,
    value_range: tuple[float, float],
) -> Any:
    said, true = answers.class_names[answers.predicted[place]], answers.class_names[answers.labels[place]]
    note = f"{answers.confidence[place]:.0%}  {answers.names[place]}"
    mark = "right" if answers.right[place] else "wrong"
    return example_panel(example, f"{said} ({true})", note, mark, steps, value_range)


def _class_name(class_names: Sequence[str] | None, label: int) -> str:
    return str(label) if class_names is None else str(class_names[label])
