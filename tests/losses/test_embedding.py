from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import losses
from tests.reference import losses as by_hand

DRAW = np.random.default_rng(7)
ROWS = DRAW.normal(size=(6, 4))
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)
LABELS = [0, 0, 1, 1, 1, 2]


def test_circle_is_the_formula_and_a_sample_alone_in_its_class_does_not_count():
    expected = np.array(by_hand.circle(LABELS, ROWS, gamma=8.0, margin=0.3))
    values = losses.Circle(gamma=8.0, margin=0.3, reduction="none")(LABELS, ROWS)
    assert np.allclose(values, expected)
    assert expected[-1] == 0.0
    assert losses.Circle(gamma=8.0, margin=0.3)(LABELS, ROWS).item() == pytest.approx(expected[:-1].mean())


def test_circle_can_compare_with_other_embeddings():
    values = losses.circle(LABELS, ROWS, LABELS, ROWS, gamma=8.0)
    assert torch.equal(values, losses.circle(LABELS, ROWS, gamma=8.0))
    with_itself = losses.circle(LABELS, ROWS, remove_diagonal=False, gamma=8.0)
    assert with_itself[-1].item() > 0.0


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4, 5], [0] * 6])
def test_circle_without_pairs_has_a_gradient_of_zero(labels):
    rows = torch.tensor(ROWS, requires_grad=True)
    losses.Circle()(labels, rows).backward()
    assert rows.grad.abs().sum().item() == 0.0
