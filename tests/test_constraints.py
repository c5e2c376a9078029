"""Limits on weights worked out by hand, and their names."""

import json

import pytest
import torch

from striate import constraints
from striate.core.errors import ArgumentError, ShapeError, UnknownNameError

# Three units with two inputs each: the columns have the lengths 5, 1 and 0.
WEIGHT = torch.tensor([[3.0, 0.6, 0.0], [4.0, -0.8, 0.0]])


def lengths(weight, axis=0):
    return torch.linalg.vector_norm(weight, dim=axis).tolist()


def test_non_neg_sets_what_is_below_zero_to_zero():
    assert constraints.NonNeg()(torch.tensor([-1.0, 0.0, 2.0])).tolist() == [0.0, 0.0, 2.0]


def test_max_norm_shortens_what_is_too_long_and_leaves_the_rest():
    limited = constraints.MaxNorm()(WEIGHT)
    torch.testing.assert_close(limited, torch.tensor([[1.2, 0.6, 0.0], [1.6, -0.8, 0.0]]))


def test_unit_norm_gives_everything_length_one_but_cannot_stretch_nothing():
    limited = constraints.UnitNorm()(WEIGHT)
    torch.testing.assert_close(limited, torch.tensor([[0.6, 0.6, 0.0], [0.8, -0.8, 0.0]]))


def test_min_max_norm_keeps_lengths_between_its_bounds():
    assert lengths(constraints.MinMaxNorm(2.0, 4.0)(WEIGHT)) == pytest.approx([4.0, 2.0, 0.0])
    assert lengths(constraints.MinMaxNorm()(WEIGHT)) == pytest.approx([1.0, 1.0, 0.0])


def test_min_max_norm_goes_as_much_of_the_way_as_its_rate_says():
    assert lengths(constraints.MinMaxNorm(2.0, 4.0, rate=0.25)(WEIGHT)) == pytest.approx([4.75, 1.25, 0.0])


def test_lengths_are_divided_by_no_less_than_epsilon():
    tiny = torch.tensor([[1e-7]], dtype=torch.float64)
    assert constraints.UnitNorm()(tiny).item() == pytest.approx(0.5)


@pytest.mark.parametrize("axis", [[0, 1, 2], (0, 1, -2)])
def test_several_axes_measure_each_filter_of_a_kernel(axis):
    kernel = torch.ones(3, 3, 4, 2) * torch.tensor([1.0, 0.01])
    limited = constraints.MaxNorm(3.0, axis=axis)(kernel)
    # 36 ones have the length 6 and are halved; the other filter is short enough.
    torch.testing.assert_close(limited, torch.ones(3, 3, 4, 2) * torch.tensor([0.5, 0.01]))


def test_another_axis_measures_rows():
    assert lengths(constraints.UnitNorm(axis=1)(WEIGHT), axis=1) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("name", ["MaxNorm", "UnitNorm", "MinMaxNorm"])
def test_an_axis_that_the_weight_does_not_have_is_refused(name):
    with pytest.raises(ShapeError, match=rf"{name} measures lengths along axis \[0, 2\], .*: \(2, 3\)\."):
        getattr(constraints, name)(axis=[0, 2])(WEIGHT)


def test_the_weight_given_is_not_changed_and_arrays_are_taken():
    before = WEIGHT.clone()
    for name in ("NonNeg", "MaxNorm", "UnitNorm", "MinMaxNorm"):
        constraint = constraints.get(name)
        torch.testing.assert_close(constraint(WEIGHT), constraint(WEIGHT.numpy()))
        assert constraint(WEIGHT.double()).dtype == torch.float64
    assert torch.equal(WEIGHT, before)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: constraints.MaxNorm(-1), r"MaxNorm: max_value must be a number from 0 up; got -1\."),
        (
            lambda: constraints.MinMaxNorm(2.0, 1.0),
            r"MinMaxNorm: bounds .*; got min_value=2\.0, max_value=1\.0\.",
        ),
        (lambda: constraints.MinMaxNorm(rate=2), r"MinMaxNorm: rate must be a number from 0 to 1; got 2\."),
    ],
)
def test_limits_that_cannot_be_kept_are_refused(make, text):
    with pytest.raises(ArgumentError, match=text):
        make()


@pytest.mark.parametrize(
    "constraint",
    [
        constraints.NonNeg(),
        constraints.MaxNorm(3, axis=[0, 1]),
        constraints.UnitNorm(axis=1),
        constraints.MinMaxNorm(0.1, 0.9, 0.5, 1),
    ],
)
def test_a_config_is_json_and_makes_the_same_again(constraint):
    written = json.loads(json.dumps(constraints.serialize(constraint)))
    again = constraints.deserialize(written)
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()
    assert torch.equal(again(WEIGHT), constraint(WEIGHT))
    assert repr(again) == repr(constraint)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("max_norm", "MaxNorm(max_value=2, axis=0)"),
        ("MinMaxNorm", "MinMaxNorm(min_value=0.0, max_value=1.0, rate=1.0, axis=0)"),
        ("non_neg", "NonNeg()"),
        ("unit_norm", "UnitNorm(axis=0)"),
    ],
)
def test_names_stand_for_objects_with_keras_defaults(word, expected):
    assert repr(constraints.get(word)) == expected


def test_lower_case_names_are_the_classes_themselves():
    assert constraints.max_norm is constraints.MaxNorm
    assert constraints.min_max_norm is constraints.MinMaxNorm
    assert constraints.non_neg is constraints.NonNeg
    assert constraints.unit_norm is constraints.UnitNorm


def test_get_takes_none_objects_classes_and_functions():
    def unchanged(weight):
        return weight

    made = constraints.NonNeg()
    assert constraints.get(None) is None
    assert constraints.get(made) is made
    assert isinstance(constraints.get(constraints.UnitNorm), constraints.UnitNorm)
    assert constraints.deserialize(constraints.serialize(unchanged), {"unchanged": unchanged}) is unchanged


def test_what_is_not_known_is_refused():
    with pytest.raises(UnknownNameError, match=r"no constraint called 'maxnorm'\. Did you mean 'MaxNorm'"):
        constraints.get("maxnorm")
    with pytest.raises(
        ArgumentError, match="expected a constraint: a name, a config or an object; got int 2"
    ):
        constraints.get(2)
    with pytest.raises(ArgumentError, match="this constraint cannot be written to a file"):
        constraints.serialize(lambda weight: weight)
