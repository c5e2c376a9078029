from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import losses
from striate.core.errors import LabelError, ShapeError
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(3)
LOGITS = DRAW.normal(size=(9, 4)) * 3
CHANCES = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
LABELS = DRAW.integers(0, 4, 9)
COLUMNS = np.eye(4)[LABELS]
YES = DRAW.integers(0, 2, (9, 1))
YES_LOGITS = DRAW.normal(size=(9, 1)) * 3
YES_CHANCES = 1 / (1 + np.exp(-YES_LOGITS))


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
@pytest.mark.parametrize("from_logits", [False, True])
def test_binary_crossentropy_is_the_formula(from_logits, label_smoothing):
    answers = YES_LOGITS if from_logits else YES_CHANCES
    options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
    expected = by_hand.rows(by_hand.binary_crossentropy, YES, answers, **options)
    assert np.allclose(losses.binary_crossentropy(YES, answers, **options), expected)
    assert losses.BinaryCrossentropy(**options)(YES, answers).item() == pytest.approx(expected.mean())
    assert losses.BinaryCrossentropy(**options)(YES[:, 0], answers).item() == pytest.approx(expected.mean())


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
@pytest.mark.parametrize("from_logits", [False, True])
def test_categorical_crossentropy_is_the_formula(from_logits, label_smoothing):
    answers = LOGITS if from_logits else CHANCES * 1.7
    options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
    expected = by_hand.rows(by_hand.categorical_crossentropy, COLUMNS, answers, **options)
    assert np.allclose(losses.categorical_crossentropy(COLUMNS, answers, **options), expected)
    assert losses.CategoricalCrossentropy(**options)(COLUMNS, answers).item() == pytest.approx(
        expected.mean()
    )


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS.astype("f4"), LABELS.astype("uint8")])
@pytest.mark.parametrize("from_logits", [False, True])
def test_sparse_categorical_crossentropy_takes_class_numbers_of_any_kind(from_logits, labels):
    answers = LOGITS if from_logits else CHANCES
    expected = by_hand.rows(by_hand.sparse_categorical_crossentropy, LABELS, answers, from_logits=from_logits)
    loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    assert np.allclose(losses.sparse_categorical_crossentropy(labels, answers, from_logits), expected)
    assert loss(labels, answers).item() == pytest.approx(expected.mean())


@pytest.mark.parametrize("from_logits", [False, True])
def test_an_ignored_class_neither_costs_nor_counts(from_logits):
    answers = (LOGITS if from_logits else CHANCES).copy()
    labels = np.where(np.arange(9) % 2, LABELS, 255)
    answers[0] = np.nan
    loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits, ignore_class=255)
    kept = by_hand.rows(
        by_hand.sparse_categorical_crossentropy, labels[1::2], answers[1::2], from_logits=from_logits
    )
    scores = torch.tensor(answers, requires_grad=True)
    value = loss(labels, scores)
    value.backward()
    assert value.item() == pytest.approx(kept.mean())
    assert scores.grad[::2].abs().sum().item() == 0.0
    assert loss(labels[:, None], answers, np.arange(9.0)).item() == pytest.approx(
        (kept * np.arange(9.0)[1::2]).sum() / 4
    )


def test_a_batch_of_nothing_but_the_ignored_class_costs_nothing():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    assert loss([0, 0], torch.zeros(2, 3)).item() == 0.0


def test_classes_may_lie_along_another_axis():
    answers = torch.tensor(LOGITS).reshape(3, 3, 4)
    labels = torch.tensor(LABELS).reshape(3, 3)
    columns = torch.tensor(COLUMNS).reshape(3, 3, 4)
    expected = losses.SparseCategoricalCrossentropy(from_logits=True)(labels, answers).item()
    turned = answers.movedim(-1, 1)
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True, axis=1)
    full = losses.CategoricalCrossentropy(from_logits=True, axis=1)
    assert sparse(labels, turned).item() == pytest.approx(expected)
    assert sparse(labels.unsqueeze(1), turned).item() == pytest.approx(expected)
    assert full(columns.movedim(-1, 1), turned).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("loss", "labels", "answers"),
    [
        (losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), YES, YES_LOGITS),
        (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), COLUMNS, LOGITS),
        (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, LOGITS),
        (losses.BinaryCrossentropy(), YES, YES_CHANCES),
        (losses.BinaryCrossentropy(label_smoothing=0.1), [[1], [0], [1]], [[0.0], [1.0], [1.0]]),
        (losses.CategoricalCrossentropy(), COLUMNS, CHANCES),
        (losses.CategoricalCrossentropy(label_smoothing=0.1, axis=1), [[0, 1], [1, 0]], [[1, 0], [3, 1]]),
        (losses.SparseCategoricalCrossentropy(), LABELS, CHANCES),
        (losses.SparseCategoricalCrossentropy(axis=1), [1, 0], [[1, 0], [3, 1]]),
    ],
)
def test_the_fused_mean_is_the_mean_of_the_samples_with_the_same_gradient(loss, labels, answers):
    one = torch.tensor(answers, dtype=torch.float32, requires_grad=True)
    other = one.detach().clone().requires_grad_()
    fused, plain = loss(labels, one), loss.call(labels, other).mean()
    fused.backward()
    plain.backward()
    assert loss.fused(labels, one) is not None
    assert fused.item() == pytest.approx(plain.item(), rel=1e-6)
    assert torch.allclose(one.grad, other.grad, atol=1e-7)


def test_the_gradient_of_a_saturated_probability_is_zero():
    answers = torch.tensor([[0.0], [1.0], [0.25]], requires_grad=True)
    losses.BinaryCrossentropy()([[1], [0], [1]], answers).backward()
    assert answers.grad.flatten().tolist() == pytest.approx([0, 0, -4 / 3])


@pytest.mark.parametrize(
    ("labels", "answers"),
    [([[1.0], [0.0]], [[np.nan], [0.5]]), ([[2.0], [-1.0]], [[0.3], [0.6]])],
)
def test_what_the_fused_form_refuses_has_the_value_of_its_formula(labels, answers):
    chances = torch.tensor(answers, requires_grad=True)
    loss = losses.BinaryCrossentropy()
    found = loss(labels, chances)
    assert loss.fused(labels, chances) is None
    assert found.item() == pytest.approx(loss.call(labels, chances).mean().item(), nan_ok=True)
    assert found.requires_grad


def test_binary_crossentropy_along_another_axis_is_measured_sample_by_sample():
    loss = losses.BinaryCrossentropy(axis=0)
    assert loss.fused(YES, torch.tensor(YES_CHANCES)) is None
    assert loss(YES, YES_CHANCES).item() == pytest.approx(
        losses.BinaryCrossentropy()(YES, YES_CHANCES).item()
    )


def test_huge_logits_cost_their_distance_and_nothing_overflows():
    assert losses.binary_crossentropy([[1.0]], [[-1000.0]], from_logits=True).item() == 1000.0
    assert losses.categorical_crossentropy([[0.0, 1.0]], [[1000.0, 0.0]], from_logits=True).item() == 1000.0
    assert losses.sparse_categorical_crossentropy([1], [[1000.0, 0.0]], from_logits=True).item() == 1000.0


def test_a_probability_of_zero_costs_what_one_of_1e_7_costs():
    limit = pytest.approx(-np.log(1e-7), rel=1e-6)
    assert losses.binary_crossentropy([[1.0]], [[0.0]]).item() == limit
    assert losses.categorical_crossentropy([[0.0, 1.0]], [[1.0, 0.0]]).item() == limit
    assert losses.sparse_categorical_crossentropy([1], [[1.0, 0.0]]).item() == limit


@pytest.mark.parametrize("balanced", [False, True])
def test_binary_focal_crossentropy_is_the_formula(balanced):
    expected = by_hand.rows(by_hand.binary_focal_crossentropy, YES, YES_CHANCES, gamma=1.5, balanced=balanced)
    loss = losses.BinaryFocalCrossentropy(apply_class_balancing=balanced, gamma=1.5)
    assert loss(YES, YES_CHANCES).item() == pytest.approx(expected.mean())
    loss.from_logits = True
    assert loss(YES, YES_LOGITS).item() == pytest.approx(expected.mean())


def test_categorical_focal_crossentropy_is_the_formula():
    expected = by_hand.rows(by_hand.categorical_focal_crossentropy, COLUMNS, CHANCES, gamma=1.5)
    loss = losses.CategoricalFocalCrossentropy(gamma=1.5)
    assert loss(COLUMNS, CHANCES).item() == pytest.approx(expected.mean())
    loss.from_logits = True
    assert loss(COLUMNS, LOGITS).item() == pytest.approx(expected.mean())
    loss.alpha = [0.25] * 4
    assert loss(COLUMNS, LOGITS).item() == pytest.approx(expected.mean())


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize(("labels", "message"), [([1, 2, 3, 4], "subtract 1"), ([0, 1, -100, 2], "-100 to")])
def test_a_class_number_without_a_class_is_refused_in_words(labels, message, from_logits):
    loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    with pytest.raises(LabelError, match=message):
        loss(labels, torch.full((4, 4), 0.25))


def test_one_hot_labels_for_class_numbers_are_refused_in_words():
    with pytest.raises(ShapeError, match=r"\(9, 4\), which looks one-hot. Use categorical_crossentropy"):
        losses.SparseCategoricalCrossentropy()(COLUMNS, CHANCES)


def test_class_numbers_that_do_not_go_with_the_answers_are_refused_in_words():
    with pytest.raises(ShapeError, match=r"one class number for each answer: y_true \(9,\); got \(8,\)"):
        losses.SparseCategoricalCrossentropy()(LABELS[:8], CHANCES)


def test_class_numbers_for_columns_are_refused_in_words():
    with pytest.raises(ShapeError, match=r"y_true \(9, 1\) and y_pred \(9, 4\).*to_categorical"):
        losses.CategoricalCrossentropy()(LABELS[:, None], CHANCES)
