"""Loss, gradient and right answers in one call: what the losses and accuracies of the same names give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from striate import losses, metrics
from striate.ops.native.answers import CLASSES, UNITS, Measure, measure_answers
from tests.ops.native.single_block import LEVELS, library_of

TYPES = (torch.int64, torch.int32, torch.uint8, torch.float32)


def draw(seed, batch, units, scale):
    """Scores, some of them far out."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy((rng.standard_normal((batch, units)) * scale).astype("float32")), rng


def by_autograd(measure, loss, metric, scores, labels):
    """Answers, loss, gradient and right answers the usual way."""
    leaf = scores.clone().requires_grad_()
    tails = {CLASSES: lambda x: x.softmax(-1), UNITS: torch.sigmoid}
    answers = tails[measure.kind](leaf) if measure.tail else leaf
    found = loss(labels, answers)
    found.backward()
    metric.update_state(labels, answers.detach())
    return answers.detach(), leaf.grad, float(found.detach()), float(metric.result()) * len(scores)


def compare(level, measure, loss, metric, scores, labels):
    """Both ways side by side."""
    found = measure_answers(library_of(level).functions, measure, scores, labels)
    answers, gradient, value, right = by_autograd(measure, loss, metric, scores, labels)
    assert found is not None
    torch.testing.assert_close(found.answers, answers, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(found.gradient, gradient, rtol=1e-5, atol=2e-5 * float(gradient.abs().max()))
    assert found.loss == pytest.approx(value, rel=1e-5, abs=1e-7)
    assert found.right == pytest.approx(right)


SHAPES = [(1, 1), (1, 7), (3, 2), (16, 1), (33, 5), (500, 10), (9, 1000)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("tail", "scale"), list(itertools.product((False, True), (1.0, 30.0))))
def test_class_numbers_are_measured_as_by_the_loss(level, tail, scale):
    for seed, (batch, units) in enumerate(SHAPES):
        scores, rng = draw(seed, batch, units, scale)
        loss = losses.SparseCategoricalCrossentropy(from_logits=not tail)
        for dtype in TYPES[:3]:
            labels = torch.from_numpy(rng.integers(0, min(units, 256), batch)).to(dtype)
            metric = metrics.SparseCategoricalAccuracy()
            compare(level, Measure(CLASSES, tail), loss, metric, scores, labels)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("tail", "smoothing"), list(itertools.product((False, True), (0.0, 0.2))))
def test_columns_are_measured_as_by_the_loss(level, tail, smoothing):
    for seed, (batch, units) in enumerate(SHAPES):
        scores, rng = draw(seed, batch, units, 3.0)
        loss = losses.CategoricalCrossentropy(from_logits=not tail, label_smoothing=smoothing)
        rows = np.eye(units)[rng.integers(0, units, batch)]
        soft = rng.dirichlet(np.ones(units), batch)
        for labels in (
            *(torch.from_numpy(rows).to(dtype) for dtype in TYPES),
            torch.from_numpy(soft).float(),
        ):
            measure = Measure(CLASSES, tail, columns=True, smoothing=smoothing)
            compare(level, measure, loss, metrics.CategoricalAccuracy(), scores, labels)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("tail", "smoothing", "scale"), list(itertools.product((False, True), (0.0, 0.2), (1.0, 30.0)))
)
def test_units_are_measured_as_by_the_loss(level, tail, smoothing, scale):
    for seed, (batch, units) in enumerate(SHAPES):
        scores, rng = draw(seed, batch, units, scale)
        loss = losses.BinaryCrossentropy(from_logits=not tail, label_smoothing=smoothing)
        threshold = 0.4 if tail else 0.0
        for dtype in TYPES:
            labels = torch.from_numpy(rng.integers(0, 2, (batch, units))).to(dtype)
            measure = Measure(UNITS, tail, smoothing=smoothing, threshold=threshold)
            compare(level, measure, loss, metrics.BinaryAccuracy(threshold=threshold), scores, labels)


@pytest.mark.parametrize("level", LEVELS)
def test_answers_at_the_edge_have_a_bounded_loss_and_no_gradient(level):
    scores = torch.tensor([[200.0, 0.0, -200.0]])
    measure = Measure(CLASSES, tail=True)
    for label, loss in ((0, 1e-7), (2, -np.log(1e-7))):
        found = measure_answers(library_of(level).functions, measure, scores, torch.tensor([label]))
        assert found.loss == pytest.approx(loss, rel=0.3)
        assert not found.gradient.any()


@pytest.mark.parametrize("level", LEVELS)
def test_no_number_makes_a_loss_that_is_none(level):
    labels = torch.tensor([0, 1])
    for bad in (np.nan, np.inf):
        for kind, tail in itertools.product((CLASSES, UNITS), (False, True)):
            scores = torch.tensor([[0.0, 1.0], [bad, 0.5]])
            rows = labels if kind == CLASSES else torch.tensor([[0, 1], [0, 1]])
            found = measure_answers(library_of(level).functions, Measure(kind, tail), scores, rows)
            # A sigmoid of infinity is 1; everything else has no value.
            if not (kind == UNITS and tail and bad == np.inf):
                assert not np.isfinite(found.loss)


@pytest.mark.parametrize("level", LEVELS)
def test_the_first_of_equal_answers_counts(level):
    scores = torch.tensor([[1.0, 1.0], [1.0, 1.0]])
    found = measure_answers(
        library_of(level).functions, Measure(CLASSES, tail=False), scores, torch.tensor([0, 1])
    )
    assert found.right == 1


@pytest.mark.parametrize("level", LEVELS)
def test_threads_change_no_bit(level):
    scores, rng = draw(0, 700, 100, 3.0)
    labels = torch.from_numpy(rng.integers(0, 100, 700))
    functions, results = library_of(level).functions, []
    for threads in (1, 2, 5):
        functions.striate_set_threads(threads)
        results.append(measure_answers(functions, Measure(CLASSES, tail=True), scores, labels))
    functions.striate_set_threads(1)
    assert len({one.loss for one in results}) == 1
    assert all(torch.equal(one.gradient, results[0].gradient) for one in results)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "labels",
    [
        torch.tensor([0, 3]),
        torch.tensor([-1, 0]),
        torch.tensor([0.0, 1.0]),
        torch.tensor([0, 1], dtype=torch.int16),
        torch.tensor([0, 1, 2]),
        torch.tensor([[0, 1], [1, 0]])[:, 0],
    ],
    ids=["too large", "negative", "no whole numbers", "another type", "too many", "with gaps"],
)
def test_labels_of_another_kind_are_left_to_the_loss(level, labels):
    assert (
        measure_answers(library_of(level).functions, Measure(CLASSES, False), torch.zeros(2, 3), labels)
        is None
    )
