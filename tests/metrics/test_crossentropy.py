from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(3)
LOGITS = DRAW.normal(size=(9, 4)) * 3
LABELS = DRAW.integers(0, 4, 9)
COLUMNS = np.eye(4)[LABELS]


def test_the_cross_entropies_are_means_of_the_formulas():
    sparse = by_hand.rows(by_hand.sparse_categorical_crossentropy, LABELS, LOGITS, from_logits=True).mean()
    binary = by_hand.rows(by_hand.binary_crossentropy, COLUMNS, LOGITS, from_logits=True).mean()
    assert metrics.SparseCategoricalCrossentropy(from_logits=True)(LABELS, LOGITS).item() == pytest.approx(
        sparse
    )
    assert metrics.CategoricalCrossentropy(from_logits=True)(COLUMNS, LOGITS).item() == pytest.approx(sparse)
    assert metrics.BinaryCrossentropy(from_logits=True)(COLUMNS, LOGITS).item() == pytest.approx(binary)


def test_label_smoothing_and_the_axis_of_classes_are_passed_on():
    expected = by_hand.rows(
        by_hand.categorical_crossentropy, COLUMNS, LOGITS, from_logits=True, label_smoothing=0.2
    ).mean()
    metric = metrics.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2, axis=0)
    assert metric(COLUMNS.T, LOGITS.T).item() == pytest.approx(expected)


@pytest.mark.parametrize("weights", [None, np.arange(9.0)])
def test_an_ignored_class_does_not_count(weights):
    metric = metrics.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)
    values = by_hand.rows(by_hand.sparse_categorical_crossentropy, LABELS, LOGITS, from_logits=True)
    kept = LABELS != 2
    assert 0 < kept.sum() < 9
    expected = np.average(values[kept], weights=None if weights is None else weights[kept])
    assert metric(LABELS[:, None], LOGITS, weights).item() == pytest.approx(expected)
