from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from striate import losses
from striate.core.errors import ArgumentError, ShapeError

Y = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
P = torch.tensor([[1.0, 1.0], [2.0, 5.0], [0.0, 5.0]])
# Mean squared errors of the three rows.
ROWS = [0.5, 2.0, 8.0]
WEIGHTS = [1.0, 0.5, 0.25]

PLAIN = {"sum_over_batch_size": 3.5, "mean": 3.5, "mean_with_sample_weight": 3.5, "sum": 10.5}
WEIGHTED = {
    "sum_over_batch_size": 3.5 / 3,
    "mean": 3.5 / 3,
    "mean_with_sample_weight": 3.5 / 1.75,
    "sum": 3.5,
}


@pytest.mark.parametrize(("reduction", "expected"), PLAIN.items())
def test_a_reduction_makes_one_number_of_the_samples(reduction, expected):
    assert losses.MeanSquaredError(reduction=reduction)(Y, P).item() == pytest.approx(expected)


@pytest.mark.parametrize(("reduction", "expected"), WEIGHTED.items())
@pytest.mark.parametrize("weights", [WEIGHTS, np.array(WEIGHTS)[:, None], torch.tensor(WEIGHTS)])
def test_sample_weights_multiply_the_samples_before_they_are_reduced(reduction, expected, weights):
    assert losses.MeanSquaredError(reduction=reduction)(Y, P, weights).item() == pytest.approx(expected)


@pytest.mark.parametrize("reduction", ["none", None])
def test_no_reduction_keeps_every_sample(reduction):
    loss = losses.MeanSquaredError(reduction=reduction)
    assert loss(Y, P).tolist() == ROWS
    assert loss(Y, P, WEIGHTS).tolist() == [0.5, 1.0, 2.0]


def test_weights_that_sum_to_zero_make_a_mean_of_zero():
    assert losses.MeanSquaredError("mean_with_sample_weight")(Y, P, [0.0, 0.0, 0.0]).item() == 0.0


def test_one_weight_a_sample_weighs_whole_images():
    y, p = torch.zeros(2, 2, 2, 1), torch.ones(2, 2, 2, 1)
    loss = losses.MeanSquaredError("none")
    assert torch.equal(loss(y, p, [1.0, 3.0]), torch.tensor([1.0, 3.0]).reshape(2, 1, 1).expand(2, 2, 2))
    assert loss(y, p, torch.full((2, 2, 2), 2.0)).sum().item() == 16.0


def test_a_mean_over_no_samples_is_zero():
    assert losses.MeanSquaredError()(torch.zeros(0, 2), torch.zeros(0, 2)).item() == 0.0


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ArgumentError, match=r"reduction must be one of 'sum_over_batch_size'.*got 'avg'"):
        losses.MeanSquaredError(reduction="avg")


@pytest.mark.parametrize("weights", [[1.0, 2.0], torch.ones(3, 2, 2)])
def test_weights_that_fit_no_sample_are_refused(weights):
    with pytest.raises(ShapeError, match=r"sample_weight needs one weight a sample.*values of shape \(3,\)"):
        losses.MeanSquaredError()(Y, P, weights)


def test_half_precision_is_measured_in_single_precision():
    loss = losses.MeanSquaredError()
    assert loss(Y, P.bfloat16()).dtype == torch.float32
    assert loss(Y, P.half()).item() == 3.5
    assert loss(Y, P.double()).dtype == torch.float64
    assert losses.MeanSquaredError(dtype="float64")(Y, P).dtype == torch.float64


def test_arrays_of_whole_numbers_are_measured_too():
    assert losses.MeanSquaredError()(np.array([[1], [2]]), np.array([[3], [2]], "uint8")).item() == 2.0


def test_a_gradient_reaches_the_answers():
    answers = P.clone().requires_grad_()
    losses.MeanSquaredError()(Y, answers).backward()
    assert torch.allclose(answers.grad, 2 * (P - Y) / 6)


def test_a_person_s_own_loss_has_only_to_measure_each_sample():
    class Furthest(losses.Loss):
        def call(self, y_true, y_pred):
            return (y_true - y_pred).abs().amax(-1)

    assert Furthest(reduction="sum")(Y, P).item() == 7.0
    assert Furthest().name == "furthest"
    with pytest.raises(TypeError, match="abstract"):
        losses.Loss()


def furthest(y_true, y_pred, times=1.0):
    return times * (y_true - y_pred).abs().amax(-1)


def test_a_function_is_wrapped_with_its_arguments():
    loss = losses.LossFunctionWrapper(furthest, reduction="sum", times=2.0)
    assert loss(Y, P).item() == 14.0
    assert loss.name == "furthest"
    again = losses.deserialize(losses.serialize(loss), custom_objects={"furthest": furthest})
    assert again(Y, P).item() == 14.0


def test_a_wrapped_function_of_the_library_is_found_by_its_name():
    loss = losses.LossFunctionWrapper(losses.huber, delta=0.5)
    again = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert again(Y, P).item() == loss(Y, P).item()
    assert again.fn is losses.huber


def test_a_wrapped_function_sees_labels_as_numbers_of_the_answers_type_and_rank():
    seen = {}

    def look(y_true, y_pred):
        seen.update(labels=y_true)
        return (y_true - y_pred).mean(-1)

    losses.LossFunctionWrapper(look)(np.array([1, 2]), torch.zeros(2, 1))
    assert seen["labels"].shape == (2, 1)
    assert seen["labels"].dtype == torch.float32


COLUMNS = torch.eye(3).double()[[0, 2, 1, 1]]
CHANCES = torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]]).double()
DIRECTIONS = CHANCES / CHANCES.norm(dim=1, keepdim=True)
EVERY = [
    (losses.BinaryCrossentropy(), COLUMNS, CHANCES),
    (losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), COLUMNS, CHANCES),
    (losses.BinaryFocalCrossentropy(apply_class_balancing=True), COLUMNS, CHANCES),
    (losses.CategoricalCrossentropy(), COLUMNS, CHANCES),
    (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), COLUMNS, CHANCES),
    (losses.CategoricalFocalCrossentropy(from_logits=True), COLUMNS, CHANCES),
    (losses.SparseCategoricalCrossentropy(), COLUMNS.argmax(1), CHANCES),
    (losses.SparseCategoricalCrossentropy(from_logits=True), COLUMNS.argmax(1), CHANCES),
    (losses.SparseCategoricalCrossentropy(ignore_class=2), COLUMNS.argmax(1), CHANCES),
    (losses.MeanSquaredError(), COLUMNS, CHANCES),
    (losses.MeanAbsoluteError(), COLUMNS, CHANCES),
    (losses.MeanAbsolutePercentageError(), COLUMNS + 1, CHANCES),
    (losses.MeanSquaredLogarithmicError(), COLUMNS, CHANCES),
    (losses.Huber(delta=0.45), COLUMNS, CHANCES),
    (losses.LogCosh(), COLUMNS, CHANCES),
    (losses.CosineSimilarity(), COLUMNS, CHANCES),
    (losses.Poisson(), COLUMNS, CHANCES),
    (losses.KLDivergence(), COLUMNS, CHANCES),
    (losses.Hinge(), COLUMNS, CHANCES),
    (losses.SquaredHinge(), COLUMNS, CHANCES),
    (losses.CategoricalHinge(), COLUMNS, CHANCES + torch.arange(3) / 50),
    (losses.Dice(axis=1), COLUMNS, CHANCES),
    (losses.Tversky(axis=1), COLUMNS, CHANCES),
    (losses.Circle(gamma=4.0), [0, 0, 1, 1], DIRECTIONS),
]


@pytest.mark.parametrize(("loss", "y_true", "y_pred"), EVERY, ids=lambda part: getattr(part, "name", ""))
def test_the_gradient_of_a_loss_is_the_one_of_finite_differences(loss, y_true, y_pred):
    answers = y_pred.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda given: loss(y_true, given), (answers,))
    assert torch.autograd.gradcheck(lambda given: loss(y_true, given, [1.0, 0.5, 2.0, 0.0]), (answers,))


def test_every_loss_has_its_gradient_checked():
    free = {name for name in dir(losses) if isinstance(getattr(losses, name), type)}
    assert {type(loss).__name__ for loss, *_ in EVERY} == free - {"Loss", "LossFunctionWrapper"}
