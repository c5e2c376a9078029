"""A network's answers to labelled examples, and what can be read off them, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.core.errors import DataError, LabelError
from striate.core.shapes import format_shape


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities for examples whose classes are known, with names for both.

    Shape:
        probabilities: (examples, classes), rows that add up to 1
        labels: (examples,) whole numbers from 0

    Raises:
        DataError: other axes, other lengths, or no examples.
        LabelError: labels or names that do not suit the number of classes.
    """

    probabilities: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = self.probabilities.shape
        if len(shape) != 2 or shape[0] == 0 or shape[0] != len(self.labels) or shape[0] != len(self.names):
            raise DataError(
                "answers are one row of probabilities, one label and one name for each example; got "
                f"{format_shape(shape)}, {len(self.labels)} labels and {len(self.names)} names."
            )
        highest = int(self.labels.max())
        if shape[1] != len(self.class_names) or highest >= shape[1]:
            raise LabelError(
                f"{shape[1]} probabilities an example, {len(self.class_names)} class names and labels up to "
                f"{highest} do not suit each other."
            )

    @property
    def predicted(self) -> np.ndarray:
        """The most probable class of each example."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the most probable class."""
        return self.probabilities.max(axis=1)

    @property
    def right(self) -> np.ndarray:
        """Whether each answer is right."""
        return self.predicted == self.labels

    def mistakes(self) -> np.ndarray:
        """The places of wrong answers, the most confident first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]

    def least_certain(self) -> np.ndarray:
        """The places of all answers, those first whose two best classes are nearest to each other."""
        if self.probabilities.shape[1] == 1:
            return np.argsort(self.confidence, kind="stable")
        best = np.sort(self.probabilities, axis=1)
        return np.argsort(best[:, -1] - best[:, -2], kind="stable")

    def cell(self, true: int, predicted: int) -> np.ndarray:
        """The places of examples of one class that were taken for another (or the same)."""
        return np.flatnonzero((self.labels == true) & (self.predicted == predicted))


def make_answers(
    probabilities: Any,
    labels: Any,
    class_names: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> Answers:
    """Put answers together; a single probability an example is that of the second of two classes.

    Shape:
        probabilities: (examples, classes) or (examples, 1) or (examples,)
        labels: (examples,) or (examples, 1)
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.ndim == 1 or (rows.ndim == 2 and rows.shape[1] == 1):
        rows = np.stack([1 - rows.reshape(-1), rows.reshape(-1)], axis=1)
    numbers = np.asarray(labels).reshape(-1).astype(np.int64)
    known = class_names if class_names is not None else [str(number) for number in range(rows.shape[-1])]
    called = names if names is not None else [f"example {place}" for place in range(len(numbers))]
    return Answers(rows, numbers, tuple(map(str, known)), tuple(map(str, called)))


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Precision, recall and F1 of each class, NaN where there is nothing to divide by.

    Shape:
        precision, recall, f1: (classes,), 0 to 1; counts: (classes,) examples of each class
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    counts: np.ndarray


def score_classes(answers: Answers) -> ClassScores:
    """Work out how reliable the answer of each class is, and how much of each class is found."""
    classes = len(answers.class_names)
    hits = np.bincount(answers.labels[answers.right], minlength=classes).astype(np.float64)
    counts = np.bincount(answers.labels, minlength=classes)
    said = np.bincount(answers.predicted, minlength=classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = hits / said, hits / counts
        f1 = 2 * hits / (said + counts)
    return ClassScores(precision, recall, f1, counts)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How often answers of a confidence are right: in `bins` of equal width from 0 to 1.

    `error` is the expected calibration error: the gap between confidence and accuracy, averaged
    over the examples (Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities
    using Bayesian binning", 2015, equation 3).

    Shape:
        edges: (bins + 1,); confidence, accuracy: (bins,), NaN in an empty bin; counts: (bins,)
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray
    error: float


def calibrate_bins(answers: Answers, bins: int = 10) -> Calibration:
    """Sort answers by their confidence and see how many of each bin are right."""
    edges = np.linspace(0, 1, bins + 1)
    number = np.clip(np.digitize(answers.confidence, edges[1:-1], right=True), 0, bins - 1)
    counts = np.bincount(number, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(number, answers.confidence, minlength=bins) / counts
        accuracy = np.bincount(number, answers.right.astype(np.float64), minlength=bins) / counts
    gaps = np.nan_to_num(np.abs(confidence - accuracy)) * counts
    return Calibration(edges, confidence, accuracy, counts, float(gaps.sum() / counts.sum()))
