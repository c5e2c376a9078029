"""Penalties worked out by hand, and their names."""

import json

import numpy as np
import pytest
import torch

from striate import regularizers
from striate.core.errors import ArgumentError, ShapeError, UnknownNameError

WEIGHT = torch.tensor([[1.0, -2.0], [3.0, 0.0]])


@pytest.mark.parametrize(
    ("regularizer", "penalty"),
    [
        (regularizers.L1(), 0.06),
        (regularizers.L1(0.5), 3.0),
        (regularizers.L1(None), 0.06),
        (regularizers.L2(), 0.14),
        (regularizers.L2(0.5), 7.0),
        (regularizers.L2(None), 0.14),
        (regularizers.L1L2(0.5, 0.25), 6.5),
        (regularizers.L1L2(l1=0.5), 3.0),
        (regularizers.L1L2(l2=0.5), 7.0),
        (regularizers.L1L2(), 0.0),
        (regularizers.L1L2(None, None), 0.0),
    ],
)
def test_penalties_are_worked_out_by_hand(regularizer, penalty):
    outcome = regularizer(WEIGHT)
    assert outcome.shape == ()
    assert outcome.item() == pytest.approx(penalty)
    assert regularizer(WEIGHT.numpy()).item() == pytest.approx(penalty)


def test_gradients_are_worked_out_by_hand():
    weight = WEIGHT.clone().requires_grad_()
    regularizers.L1L2(l1=0.5, l2=0.25)(weight).backward()
    assert weight.grad.tolist() == [[1.0, -1.5], [2.0, 0.0]]


def test_half_precision_is_added_up_in_float32():
    ones = torch.ones(1000, dtype=torch.bfloat16)
    for regularizer in (regularizers.L1(1.0), regularizers.L2(1.0), regularizers.L1L2(1.0, 0.0)):
        assert regularizer(ones).dtype == torch.float32
        assert regularizer(ones).item() == 1000
    assert regularizers.L2()(WEIGHT.double()).dtype == torch.float64


def test_orthogonal_regularizer_takes_the_mean_cosine_over_pairs():
    # Rows: cosines 0.6 (first and second), 0 (first and third), 0.8 (second and third).
    matrix = torch.tensor([[2.0, 0.0], [3.0, 4.0], [0.0, -1.0]])
    assert regularizers.OrthogonalRegularizer()(matrix).item() == pytest.approx(0.01 * 1.4 / 3)
    by_columns = regularizers.OrthogonalRegularizer(1.0, mode="columns")
    assert by_columns(matrix.T).item() == pytest.approx(1.4 / 3)
    # Columns (2, 3, 0) and (0, 4, -1): the one cosine is 12 / sqrt(13 * 17).
    assert by_columns(matrix).item() == pytest.approx(12 / np.sqrt(13 * 17))


def test_orthogonal_rows_and_a_single_row_cost_nothing():
    orthogonal = regularizers.OrthogonalRegularizer(1.0)
    assert orthogonal(torch.eye(3)).item() == 0
    assert orthogonal(torch.ones(1, 3)).item() == 0
    assert orthogonal(torch.zeros(2, 3)).item() == 0


def test_orthogonal_regularizer_takes_matrices_only():
    with pytest.raises(ShapeError, match=r"takes a matrix, with 2 axes; got 3: \(2, 2, 2\)\."):
        regularizers.OrthogonalRegularizer()(torch.zeros(2, 2, 2))
    with pytest.raises(ArgumentError, match=r"mode must be one of 'rows', 'columns'; got 'diagonal'\."):
        regularizers.OrthogonalRegularizer(mode="diagonal")


@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf"), "0.1", True])
def test_factors_that_make_no_penalty_are_refused(factor):
    with pytest.raises(ArgumentError, match=r"L1: l1 must be a finite number from 0 up; got "):
        regularizers.L1(factor)
    with pytest.raises(ArgumentError, match=r"L1L2: l2 must be a finite number from 0 up; got "):
        regularizers.L1L2(l2=factor)


@pytest.mark.parametrize(
    "regularizer",
    [
        regularizers.L1(np.float32(0.5)),
        regularizers.L2(1),
        regularizers.L1L2(0.1, 0.2),
        regularizers.OrthogonalRegularizer(0.5, "columns"),
    ],
)
def test_a_config_is_json_and_makes_the_same_again(regularizer):
    written = json.loads(json.dumps(regularizers.serialize(regularizer)))
    again = regularizers.deserialize(written)
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    assert torch.equal(again(WEIGHT), regularizer(WEIGHT))
    assert repr(again) == repr(regularizer)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("l1", "L1(l1=0.01)"),
        ("L2", "L2(l2=0.01)"),
        ("l1_l2", "L1L2(l1=0.01, l2=0.01)"),
        ("l1l2", "L1L2(l1=0.01, l2=0.01)"),
        ("L1L2", "L1L2(l1=0.0, l2=0.0)"),
        ("orthogonal_regularizer", "OrthogonalRegularizer(factor=0.01, mode='rows')"),
    ],
)
def test_names_stand_for_objects_with_their_defaults(word, expected):
    assert repr(regularizers.get(word)) == expected


def test_lower_case_names_are_the_classes_themselves():
    assert regularizers.l1 is regularizers.L1
    assert regularizers.l2 is regularizers.L2
    assert regularizers.l1_l2 is regularizers.L1L2
    assert regularizers.orthogonal_regularizer is regularizers.OrthogonalRegularizer


def test_get_takes_none_objects_classes_and_functions():
    def half_of_everything(weight):
        return weight.sum() / 2

    made = regularizers.L1()
    assert regularizers.get(None) is None
    assert regularizers.get(made) is made
    assert isinstance(regularizers.get(regularizers.L2), regularizers.L2)
    name = regularizers.serialize(half_of_everything)
    assert regularizers.deserialize(name, {name: half_of_everything}) is half_of_everything
    assert regularizers.deserialize("l1_l2", {"l1_l2": half_of_everything}) is half_of_everything


def test_a_class_of_ones_own_follows_the_contract():
    class Doubled(regularizers.Regularizer):
        def __call__(self, weight):
            return 2 * weight.sum()

    again = regularizers.deserialize(regularizers.serialize(Doubled()), {"Doubled": Doubled})
    assert again(WEIGHT).item() == 4


def test_what_is_not_known_is_refused():
    with pytest.raises(UnknownNameError, match=r"no regularizer called 'l1l3'\. Did you mean 'L1L2'"):
        regularizers.get("l1l3")
    with pytest.raises(
        ArgumentError, match="expected a regularizer: a name, a config or an object; got float"
    ):
        regularizers.get(0.01)
    with pytest.raises(ArgumentError, match="this regularizer cannot be written to a file"):
        regularizers.serialize(lambda weight: weight.sum())
