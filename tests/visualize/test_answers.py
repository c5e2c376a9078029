"""What is read off a network's answers, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import DataError, LabelError
from striate.visualize.answers import calibrate_bins, make_answers, score_classes

ROWS = [[0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.2, 0.3, 0.5], [0.05, 0.95, 0.0], [0.34, 0.33, 0.33]]
LABELS = [0, 0, 2, 2, 0]
FOUND = make_answers(ROWS, LABELS, ["cat", "dog", "owl"], [f"{place}.png" for place in range(5)])


def test_answers_know_what_was_said_how_surely_and_whether_it_is_right():
    assert FOUND.predicted.tolist() == [0, 1, 2, 1, 0]
    assert FOUND.confidence.tolist() == [0.9, 0.6, 0.5, 0.95, 0.34]
    assert FOUND.right.tolist() == [True, False, True, False, True]


def test_mistakes_come_by_confidence_and_doubts_by_the_gap_of_the_best_two():
    assert FOUND.mistakes().tolist() == [3, 1]
    assert FOUND.least_certain().tolist() == [4, 1, 2, 0, 3]
    assert FOUND.cell(2, 1).tolist() == [3]
    assert FOUND.cell(1, 1).tolist() == []


def test_scores_of_classes_are_those_worked_out_by_hand():
    scores = score_classes(FOUND)
    assert scores.counts.tolist() == [3, 0, 2]
    assert scores.precision.tolist() == [1.0, 0.0, 1.0]
    assert np.allclose(scores.recall, [2 / 3, np.nan, 0.5], equal_nan=True)
    assert np.allclose(scores.f1, [4 / 5, 0, 2 / 3])


def test_calibration_is_the_gap_between_confidence_and_accuracy_by_bins():
    found = calibrate_bins(make_answers([[0.75, 0.25]] * 4, [0, 0, 0, 1]), bins=10)
    assert found.error == pytest.approx(0)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 0, 0, 4, 0, 0]
    too_sure = calibrate_bins(make_answers([[0.95, 0.05]] * 4 + [[0.65, 0.35]] * 4, [0, 1, 0, 1, 0, 0, 0, 1]))
    assert too_sure.error == pytest.approx((4 * 0.45 + 4 * 0.10) / 8)
    assert too_sure.accuracy[9] == 0.5


def test_a_single_probability_is_that_of_the_second_class():
    found = make_answers([[0.2], [0.7]], [[0], [1]])
    assert found.probabilities.tolist() == [[0.8, 0.2], [pytest.approx(0.3), 0.7]]
    assert found.class_names == ("0", "1")
    assert found.names == ("example 0", "example 1")
    assert found.least_certain().tolist() == [1, 0]


def test_answers_that_do_not_suit_each_other_are_refused():
    with pytest.raises(
        DataError, match=r"one row of probabilities, one label and one name .* got \(2, 2\), 1"
    ):
        make_answers([[0.5, 0.5], [1, 0]], [0])
    with pytest.raises(LabelError, match="2 probabilities an example, 2 class names and labels up to 5"):
        make_answers([[0.5, 0.5]], [5])
