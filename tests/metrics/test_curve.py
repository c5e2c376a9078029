from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.metrics import chance_that_a_yes_outranks_a_no

DRAW = np.random.default_rng(8)
LABELS = DRAW.integers(0, 2, 60)
# Hundredths, so that a thousand thresholds tell all answers apart and the area is exact.
SCORES = np.round(np.clip(LABELS * 0.25 + DRAW.random(60) * 0.75, 0, 1), 2)
# Three answers, counted by hand below.
FEW = ([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])


def test_with_thresholds_between_all_answers_the_roc_area_is_exact():
    expected = chance_that_a_yes_outranks_a_no(LABELS, SCORES)
    assert metrics.AUC(num_thresholds=1002)(LABELS, SCORES).item() == pytest.approx(expected)


# At thresholds below 0, 0.5 and above 1 the counts are TP 2, 1, 0 and FP 2, 0, 0.
@pytest.mark.parametrize(
    ("curve", "method", "area"),
    [
        ("ROC", "interpolation", (1 / 2 + 1) / 2),
        ("ROC", "majoring", 1.0),
        ("ROC", "minoring", 0.5),
        ("PR", "majoring", 1 / 2 * 1 + 1 / 2 * 1),
        ("PR", "minoring", 1 / 2 * 1 / 2 + 1 / 2 * 0),
        # From (TP 2, answered 4) to (1, 1): slope 1/3, start 2/3; then from (1, 1) to (0, 0).
        ("PR", "interpolation", (1 / 3 * (1 + 2 / 3 * np.log(4)) + 1) / 2),
        # Recall gains 1, 0, 0 and precision gains 0, 1, 1.
        ("PRGAIN", "interpolation", 0.5),
    ],
)
def test_the_area_between_three_thresholds_is_the_one_worked_out_by_hand(curve, method, area):
    metric = metrics.AUC(num_thresholds=3, curve=curve, summation_method=method)
    assert metric(*FEW).item() == pytest.approx(area)
    own = metrics.AUC(thresholds=[0.5], curve=curve.lower(), summation_method=method)
    assert own(*FEW).item() == pytest.approx(area)


def test_each_label_has_its_own_curve_and_weight():
    labels = np.stack([LABELS, LABELS[::-1]], 1)
    scores = np.stack([SCORES, SCORES], 1)
    each = [metrics.AUC()(labels[:, k], scores[:, k]).item() for k in range(2)]
    assert metrics.AUC(multi_label=True)(labels, scores).item() == pytest.approx(np.mean(each))
    weighted = metrics.AUC(multi_label=True, num_labels=2, label_weights=[3.0, 1.0])
    assert weighted(labels, scores).item() == pytest.approx(0.75 * each[0] + 0.25 * each[1])


def test_label_weights_weigh_the_samples_of_one_common_curve():
    labels = np.stack([LABELS, LABELS[::-1]], 1)
    scores = np.stack([SCORES, SCORES], 1)
    only_first = metrics.AUC(label_weights=[1.0, 0.0])(labels, scores).item()
    assert only_first == pytest.approx(metrics.AUC()(LABELS, SCORES).item())


def test_logits_are_turned_into_probabilities():
    odds = np.log(0.01 + SCORES) - np.log(1.01 - SCORES)
    squashed = 1 / (1 + np.exp(-odds))
    assert metrics.AUC(from_logits=True)(LABELS, odds).item() == metrics.AUC()(LABELS, squashed).item()


def test_before_the_first_batch_and_without_both_classes_the_area_is_zero():
    assert metrics.AUC().result().item() == 0.0
    assert metrics.AUC(multi_label=True).result().item() == 0.0
    assert metrics.AUC()([1, 1], [0.2, 0.9]).item() == 0.0


def test_own_thresholds_come_back_from_the_config():
    again = metrics.AUC.from_config(metrics.AUC(thresholds=[0.9, 0.1]).get_config())
    assert again.thresholds == metrics.AUC(thresholds=[0.9, 0.1]).thresholds


def test_arguments_that_cannot_work_are_refused():
    with pytest.raises(ArgumentError, match=r"num_labels says how many curves.*needs multi_label=True"):
        metrics.AUC(num_labels=2)
    with pytest.raises(ArgumentError, match="num_thresholds of a curve must be 2 or more; got 1"):
        metrics.AUC(num_thresholds=1)
    with pytest.raises(ArgumentError, match="curve must be one of 'roc', 'pr', 'prgain'; got 'ROCK'"):
        metrics.AUC(curve="ROCK")
    with pytest.raises(ArgumentError, match="summation_method must be one of"):
        metrics.AUC(summation_method="best")
    with pytest.raises(ShapeError, match=r"multi_label=True takes answers of shape .* got \(60,\)"):
        metrics.AUC(multi_label=True)(LABELS, SCORES)
