from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.metrics import f_beta

DRAW = np.random.default_rng(9)
SCORES = DRAW.random((25, 4))
LABELS = np.eye(4)[DRAW.integers(0, 3, 25)]
STRONGEST = np.eye(4)[SCORES.argmax(1)]


@pytest.mark.parametrize("beta", [1.0, 0.5, 2])
@pytest.mark.parametrize(("threshold", "answers"), [(None, STRONGEST), (0.6, SCORES > 0.6)])
def test_every_average_comes_from_the_scores_of_the_classes(beta, threshold, answers):
    each = [f_beta(LABELS[:, k], answers[:, k], beta) for k in range(4)]
    expected = {
        None: each,
        "macro": np.mean(each),
        "micro": f_beta(LABELS.ravel(), answers.ravel(), beta),
        "weighted": np.average(each, weights=LABELS.sum(0)),
    }
    for average, score in expected.items():
        found = metrics.FBetaScore(average, beta, threshold)(LABELS, SCORES)
        assert np.asarray(found) == pytest.approx(np.asarray(score))


def test_f1_is_the_f_score_with_beta_1():
    one, other = metrics.F1Score("macro"), metrics.FBetaScore("macro", beta=1.0)
    assert one(LABELS, SCORES).item() == other(LABELS, SCORES).item()
    assert "beta" not in one.get_config()


def test_a_row_of_zeros_answers_nothing():
    assert metrics.F1Score("micro")([[1, 0], [1, 0]], [[0.0, 0.0], [0.9, 0.1]]).item() == pytest.approx(2 / 3)


def test_before_the_first_batch_the_score_is_zero():
    assert metrics.F1Score("macro").result().item() == 0.0


def test_arguments_that_cannot_work_are_refused():
    with pytest.raises(ArgumentError, match=r"average must be one of None, 'micro', 'macro'.*got 'mean'"):
        metrics.F1Score(average="mean")
    with pytest.raises(ArgumentError, match="beta must be above 0; got 0"):
        metrics.FBetaScore(beta=0)
    with pytest.raises(ArgumentError, match="threshold must be above 0 and at most 1, or None"):
        metrics.F1Score(threshold=1.5)
    with pytest.raises(ShapeError, match=r"f1_score takes \(batch, classes\).* 1 axes, \(25,\)"):
        metrics.F1Score()(LABELS[:, 0], SCORES[:, 0])
