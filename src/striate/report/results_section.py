"""How good the network is: accuracy, confusions, classes, trust, mistakes and doubts."""

from __future__ import annotations

import math

import numpy as np

from striate.report.album import Album
from striate.report.blocks import AnyBlock, Bar, Blocks, Figure, Figures, Table, Vector, Words
from striate.report.confusion import show_confusions
from striate.report.lines import draw_panel
from striate.report.material import Material
from striate.report.panels import show_sheet
from striate.visualize.answers import Answers, calibrate_bins, score_classes
from striate.visualize.base import Line, LinePanel
from striate.visualize.results import answers_in_bin, show_doubts, show_mistakes, show_reliability

# So many mistakes and doubts are shown.
SHOWN = 24


def describe_results(material: Material, album: Album) -> Blocks:
    """Say how many answers are right, and show what was taken for what."""
    blocks: list[AnyBlock] = [Words(accuracy_sentence(material.answers), strong=True)]
    blocks.append(show_confusions(material, album))
    return tuple(blocks)


def accuracy_sentence(answers: Answers) -> str:
    """Say the accuracy, on how many examples, and how far it may be from that on all others."""
    count, right = len(answers.labels), int(answers.right.sum())
    low, high = likely_range(right, count)
    return (
        f"Accuracy on {count:,} test examples: {right / count:.1%}. With so many, the accuracy on others "
        f"like them lies between {low:.1%} and {high:.1%}, 19 times out of 20."
    )


def likely_range(right: int, count: int) -> tuple[float, float]:
    """Give the 95% interval of a share (Wilson, "Probable inference", 1927).

    >>> [round(end, 3) for end in likely_range(90, 100)]
    [0.826, 0.945]
    """
    z = 1.959964
    share = right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def describe_classes(material: Material, album: Album) -> Blocks:
    """List precision, recall and F1 of each class."""
    scores = score_classes(material.answers)
    rows: list[tuple[str | Bar, ...]] = []
    for number, name in enumerate(material.answers.class_names):
        shares = scores.precision[number], scores.recall[number], scores.f1[number]
        rows.append((name, f"{int(scores.counts[number]):,}", *map(_bar, shares)))
    words = (
        "Precision: how many of the answers of a class are right. Recall: how many examples of the class "
        "were found. F1: both in one number."
    )
    table = Table("Each class", ("class", "test examples", "precision", "recall", "F1"), tuple(rows))
    return (Words(words), table)


def _bar(value: float) -> Bar:
    return Bar(None if math.isnan(value) else float(value))


def describe_trust(material: Material, album: Album) -> Blocks:
    """Show whether the network's probabilities can be trusted."""
    found = calibrate_bins(material.answers)
    there = found.counts > 0
    even = np.array([0.0, 1.0])
    lines = (
        Line("as it should be", "faint", even, even),
        Line("this network", "path", found.confidence[there], found.accuracy[there]),
    )
    caption = f"{show_reliability(material.answers).caption} The numbers count the answers of each point."
    panel = LinePanel(
        lines,
        x_label="confidence of the answers",
        y_label="share that is right",
        points=tuple(
            (float(found.confidence[number]), float(found.accuracy[number]), answers_in_bin(found, number))
            for number in np.flatnonzero(there).tolist()
        ),
    )
    rows = tuple(
        (
            f"{low:.0%} to {high:.0%}",
            f"{int(found.counts[number]):,}",
            _bar(found.confidence[number]),
            _bar(found.accuracy[number]),
        )
        for number, (low, high) in enumerate(zip(found.edges[:-1], found.edges[1:], strict=True))
        if found.counts[number]
    )
    drawing = Figure(Vector(draw_panel(panel, f"Reliability. {caption}")))
    figure = Figures("Reliability", caption, (drawing,), "large")
    head = ("confidence", "answers", "confidence on average", "share that is right")
    return (figure, Table("Reliability", head, rows))


def describe_mistakes(material: Material, album: Album) -> Blocks:
    """Show the mistakes that the network was surest of."""
    examples = material.examples
    if not len(material.answers.mistakes()):
        return (Words("There is none: all test examples are answered right."),)
    sheet = show_mistakes(examples.test.x, material.answers, SHOWN, steps=examples.steps)
    return (show_sheet(album, sheet, gallery=True),)


def describe_doubts(material: Material, album: Album) -> Blocks:
    """Show the answers between whose best two classes the network hesitated most."""
    examples = material.examples
    sheet = show_doubts(examples.test.x, material.answers, SHOWN, steps=examples.steps)
    return (show_sheet(album, sheet, gallery=True),)
