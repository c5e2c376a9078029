from __future__ import annotations

import pytest
import torch

from striate.core.errors import ShapeError
from striate.ops.scores import align_weights, divide_or_zero, pair, same_rank


@pytest.mark.parametrize(
    ("labels", "answers", "after"),
    [
        ((4,), (4, 1), ((4, 1), (4, 1))),
        ((4, 1), (4,), ((4, 1), (4, 1))),
        ((4, 3), (4, 3, 1), ((4, 3), (4, 3))),
        ((4, 3, 1), (4, 3), ((4, 3), (4, 3))),
        ((4,), (4, 3), ((4,), (4, 3))),
    ],
)
def test_a_last_axis_of_one_is_added_to_vectors_and_taken_from_maps(labels, answers, after):
    found = same_rank(torch.zeros(labels), torch.zeros(answers))
    assert tuple(tuple(side.shape) for side in found) == after


@pytest.mark.parametrize(
    ("weights", "after"),
    [((2,), (2, 1, 1)), ((2, 3), (2, 3, 1)), ((2, 3, 4), (2, 3, 4)), ((2, 3, 4, 1), (2, 3, 4)), ((), ())],
)
def test_weights_belong_to_the_first_axes(weights, after):
    assert align_weights(torch.ones(weights), torch.zeros(2, 3, 4)).shape == after


def test_weights_belong_to_samples_also_where_the_last_axis_is_as_long():
    assert align_weights(torch.ones(2), torch.zeros(2, 2)).shape == (2, 1)


def test_weights_that_fit_nowhere_are_refused():
    with pytest.raises(ShapeError, match=r"values of shape \(2, 3\), but sample_weight has shape \(5,\)"):
        align_weights(torch.ones(5), torch.zeros(2, 3))
    with pytest.raises(ShapeError, match=r"one value for the whole batch.*Dice\(axis=\(1, 2, 3\)\)"):
        align_weights(torch.ones(5), torch.tensor(1.0))


def test_dividing_by_zero_gives_zero_and_a_gradient_without_nan():
    above = torch.tensor([1.0, 3.0], requires_grad=True)
    divide_or_zero(above, torch.tensor([0.0, 2.0])).sum().backward()
    assert above.grad.tolist() == [0.0, 0.5]
    assert divide_or_zero(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0])).tolist() == [0.0, 1.5]


def test_labels_take_the_type_of_the_answers_but_never_less_than_single_precision():
    targets, scores = pair(torch.tensor([1, 0]), torch.tensor([0.5, 0.5], dtype=torch.bfloat16), "it")
    assert targets.dtype == scores.dtype == torch.float32
