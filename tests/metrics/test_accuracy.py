from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import metrics
from striate.core.errors import ShapeError
from tests.reference.metrics import is_in_top

DRAW = np.random.default_rng(2)
SCORES = DRAW.normal(size=(12, 6))
LABELS = DRAW.integers(0, 6, 12)


def test_accuracy_is_the_share_of_equal_values():
    assert metrics.Accuracy()([[1], [2], [3]], [1, 2, 0]).item() == pytest.approx(2 / 3)


def test_binary_accuracy_takes_an_answer_on_the_threshold_for_a_no():
    assert metrics.binary_accuracy([[0], [1], [1]], [[0.5], [0.5], [0.51]]).tolist() == [[1.0], [0.0], [1.0]]
    assert metrics.BinaryAccuracy(threshold=0.6)([1, 0], [[0.7], [0.55]]).item() == 1.0


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS.astype("float64")])
def test_sparse_accuracy_takes_class_numbers_of_any_kind(labels):
    expected = np.mean(SCORES.argmax(1) == LABELS)
    assert metrics.SparseCategoricalAccuracy()(labels, SCORES).item() == pytest.approx(expected)
    assert metrics.CategoricalAccuracy()(np.eye(6)[LABELS], SCORES).item() == pytest.approx(expected)


def test_every_pixel_counts_where_each_has_its_class():
    scores = torch.tensor(SCORES).reshape(3, 2, 2, 6)
    labels = torch.tensor(LABELS).reshape(3, 2, 2)
    assert metrics.sparse_categorical_accuracy(labels, scores).shape == (3, 2, 2)
    assert metrics.SparseCategoricalAccuracy()(labels.unsqueeze(-1), scores).item() == pytest.approx(
        np.mean(SCORES.argmax(1) == LABELS)
    )


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_top_k_accuracy_looks_at_the_k_strongest(k):
    expected = np.mean([is_in_top(label, row.tolist(), k) for label, row in zip(LABELS, SCORES, strict=True)])
    assert metrics.SparseTopKCategoricalAccuracy(k)(LABELS, SCORES).item() == pytest.approx(expected)
    assert metrics.TopKCategoricalAccuracy(k)(np.eye(6)[LABELS], SCORES).item() == pytest.approx(expected)


def test_top_k_accuracy_counts_ties_and_neither_nan_nor_unknown_classes():
    scores = torch.tensor([[0.5, 0.5, 0.1], [float("nan"), 0.2, 0.1], [0.3, 0.2, 0.1], [0.3, 0.2, 0.1]])
    found = metrics.sparse_top_k_categorical_accuracy([1, 0, 3, -1], scores, k=1)
    assert found.tolist() == [1.0, 0.0, 0.0, 0.0]


def test_top_k_accuracy_takes_class_numbers_sorted_by_strength():
    metric = metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)
    assert metric([2, 7], [[5, 2, 7], [5, 2, 7]]).item() == 0.5


def test_labels_that_do_not_go_with_the_answers_are_refused():
    with pytest.raises(ShapeError, match=r"which looks one-hot"):
        metrics.SparseCategoricalAccuracy()(np.eye(6)[LABELS], SCORES)
    with pytest.raises(ShapeError, match=r"categorical_accuracy compares value by value"):
        metrics.CategoricalAccuracy()(LABELS, SCORES)
