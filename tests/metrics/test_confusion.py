from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import metrics
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.metrics import counts, rate

DRAW = np.random.default_rng(6)
LABELS = DRAW.integers(0, 2, 40)
# Rounded, so that some answers lie exactly on a threshold.
SCORES = np.round(DRAW.random(40), 1).astype("float32")
WEIGHTS = DRAW.random(40)
COUNTS = {
    "true_positives": metrics.TruePositives,
    "false_positives": metrics.FalsePositives,
    "true_negatives": metrics.TrueNegatives,
    "false_negatives": metrics.FalseNegatives,
}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_a_count_is_what_counting_one_by_one_gives(name, weights):
    thresholds = [0.7, 0.0, 0.25, 1.0, 0.5]
    expected = [counts(LABELS, SCORES, np.float32(t), weights)[name] for t in thresholds]
    found = COUNTS[name](thresholds=thresholds)(LABELS, SCORES[:, None], weights)
    assert np.allclose(found, expected)
    assert COUNTS[name]()(LABELS, SCORES, weights).item() == pytest.approx(expected[-1])


@pytest.mark.parametrize(("name", "kind"), [("precision", metrics.Precision), ("recall", metrics.Recall)])
def test_precision_and_recall_are_shares_of_the_counts(name, kind):
    expected = [rate(name, LABELS, SCORES, np.float32(t)) for t in (0.5, 0.2)]
    assert np.allclose(kind(thresholds=[0.5, 0.2])(LABELS, SCORES), expected)
    assert kind(thresholds=0.2)(LABELS, SCORES).item() == pytest.approx(expected[1])


def test_nothing_answered_and_nothing_to_find_make_zero():
    assert metrics.Precision()([0, 1], [0.1, 0.2]).item() == 0.0
    assert metrics.Recall()([0, 0], [0.9, 0.2]).item() == 0.0


def test_with_top_k_the_strongest_answers_are_the_yes():
    answers = [[0.1, 0.2, 0.05], [0.4, 0.3, 0.2]]
    labels = [[0, 1, 1], [1, 1, 1]]
    assert metrics.Recall(top_k=2)(labels, answers).item() == pytest.approx(3 / 5)
    assert metrics.Precision(top_k=2)(labels, answers).item() == pytest.approx(3 / 4)
    assert metrics.Precision(top_k=2, thresholds=0.25)(labels, answers).item() == 1.0


def test_one_class_can_be_looked_at():
    answers, labels = [[0.9, 0.2], [0.8, 0.7]], [[1, 0], [0, 1]]
    assert metrics.Precision(class_id=0)(labels, answers).item() == 0.5
    assert metrics.Precision(class_id=1)(labels, answers, [1.0, 2.0]).item() == 1.0


def test_an_answer_of_nan_is_no_yes():
    assert metrics.FalsePositives()([0, 0], torch.tensor([float("nan"), 0.9])).item() == 1.0


def test_arguments_that_cannot_work_are_refused():
    with pytest.raises(ArgumentError, match=r"thresholds are probabilities from 0 to 1; got \[1.5\]"):
        metrics.Precision(thresholds=[0.5, 1.5])
    with pytest.raises(ShapeError, match=r"class_id=1 picks a column .* shape \(40,\)"):
        metrics.Recall(class_id=1)(LABELS, SCORES)
    with pytest.raises(ShapeError, match=r"precision compares value by value.*to_categorical"):
        metrics.Precision()(LABELS[:, None], np.zeros((40, 3)))
