from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.metrics import intersection_over_union

DRAW = np.random.default_rng(10)
SCORES = DRAW.random((5, 3, 3, 4))
LABELS = DRAW.integers(0, 4, (5, 3, 3))
ANSWERS = SCORES.argmax(-1)
EACH = [intersection_over_union(LABELS.ravel(), ANSWERS.ravel(), k) for k in range(4)]


def test_intersection_over_union_is_counted_over_all_pixels():
    assert metrics.MeanIoU(4)(LABELS, ANSWERS).item() == pytest.approx(np.mean(EACH))
    assert metrics.IoU(4, [1, 3])(LABELS[..., None], ANSWERS).item() == pytest.approx(
        np.mean([EACH[1], EACH[3]])
    )


def test_labels_and_answers_may_have_an_axis_of_classes():
    columns = np.eye(4)[LABELS]
    assert metrics.MeanIoU(4, sparse_y_pred=False)(LABELS, SCORES).item() == pytest.approx(np.mean(EACH))
    assert metrics.OneHotMeanIoU(4)(columns, SCORES).item() == pytest.approx(np.mean(EACH))
    assert metrics.OneHotIoU(4, [2], sparse_y_pred=True)(columns, ANSWERS).item() == pytest.approx(EACH[2])
    first = metrics.OneHotIoU(4, [2], axis=1)
    assert first(np.moveaxis(columns, -1, 1), np.moveaxis(SCORES, -1, 1)).item() == pytest.approx(EACH[2])


def test_ignored_and_unknown_classes_do_not_count():
    metric = metrics.MeanIoU(3, ignore_class=2)
    assert metric([0, 0, 1, 2, 9, -1, 1], [0, 1, 1, 0, 0, 0, 7]).item() == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_a_class_that_never_occurs_is_left_out_of_the_mean():
    assert metrics.MeanIoU(5)([0, 0], [0, 0]).item() == 1.0
    assert metrics.MeanIoU(5).result().item() == 0.0


def test_binary_iou_takes_an_answer_on_the_threshold_for_a_yes():
    labels, answers = [0, 1, 1, 0], [0.1, 0.5, 0.2, 0.7]
    each = [intersection_over_union(labels, [int(a >= 0.5) for a in answers], k) for k in (0, 1)]
    assert metrics.BinaryIoU()(labels, answers).item() == pytest.approx(np.mean(each))
    assert metrics.BinaryIoU([1])(labels, answers, [1, 1, 0, 1]).item() == pytest.approx(1 / 2)


def test_arguments_that_cannot_work_are_refused():
    with pytest.raises(ArgumentError, match=r"target_class_ids must lie from 0 to 3; got \[1, 4\]"):
        metrics.IoU(4, [1, 4])
    with pytest.raises(
        ShapeError, match=r"\(5, 3, 3\) labels and \(5, 3, 3, 4\) answers.*sparse_y_pred=False"
    ):
        metrics.MeanIoU(4)(LABELS, SCORES)
