from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from striate.core.errors import ArgumentError
from tests.reference.metrics import rate

DRAW = np.random.default_rng(7)
LABELS = DRAW.integers(0, 2, 30)
SCORES = np.clip(LABELS * 0.3 + DRAW.random(30) * 0.7, 0, 1)

KINDS = [
    (metrics.SensitivityAtSpecificity, "sensitivity", "specificity"),
    (metrics.SpecificityAtSensitivity, "specificity", "sensitivity"),
    (metrics.PrecisionAtRecall, "precision", "recall"),
    (metrics.RecallAtPrecision, "recall", "precision"),
]


@pytest.mark.parametrize(("kind", "wanted", "kept"), KINDS)
@pytest.mark.parametrize("least", [0.3, 0.9])
def test_the_best_rate_is_found_among_the_thresholds_that_keep_the_other(kind, wanted, kept, least):
    thresholds = np.linspace(0, 1, 50)
    possible = [rate(wanted, LABELS, SCORES, t) for t in thresholds if rate(kept, LABELS, SCORES, t) >= least]
    assert kind(least, num_thresholds=50)(LABELS, SCORES).item() == pytest.approx(max(possible, default=0))


def test_a_single_threshold_lies_at_one_half():
    metric = metrics.RecallAtPrecision(0.0, num_thresholds=1)
    assert metric(LABELS, SCORES).item() == pytest.approx(rate("recall", LABELS, SCORES, 0.5))


def test_zero_is_the_answer_where_no_threshold_is_good_enough():
    assert metrics.RecallAtPrecision(1.0)([1, 0], [0.2, 0.9]).item() == 0.0


def test_one_class_can_be_looked_at():
    labels, scores = np.stack([1 - LABELS, LABELS], 1), np.stack([SCORES, SCORES], 1)
    one = metrics.PrecisionAtRecall(0.5, class_id=1)(labels, scores)
    assert one.item() == metrics.PrecisionAtRecall(0.5)(LABELS, SCORES).item()


def test_arguments_that_cannot_work_are_refused():
    with pytest.raises(ArgumentError, match=r"specificity is a share from 0 to 1; got 1\.5"):
        metrics.SensitivityAtSpecificity(1.5)
    with pytest.raises(ArgumentError, match="num_thresholds must be 1 or more; got 0"):
        metrics.SensitivityAtSpecificity(0.5, num_thresholds=0)
