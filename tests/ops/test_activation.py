"""The activation formulas that are more than one call of torch."""

import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.ops.activation import (
    gated_linear,
    log_softmax,
    rectify,
    sigmoid,
    soft_shrink,
    softmax,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    square_plus,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [0.0, 0.0, 0.5, 1.0, 3.0, 9.0]),
        ({"negative_slope": 0.5}, [-1.0, 0.0, 0.5, 1.0, 3.0, 9.0]),
        ({"max_value": 2.0}, [0.0, 0.0, 0.5, 1.0, 2.0, 2.0]),
        ({"threshold": 1.0}, [0.0, 0.0, 0.0, 0.0, 3.0, 9.0]),
        (
            {"negative_slope": 0.5, "max_value": 6.0, "threshold": 1.0},
            [-1.5, -0.5, -0.25, 0.0, 3.0, 6.0],
        ),
        ({"negative_slope": 0.5, "max_value": 2.0}, [-1.0, 0.0, 0.5, 1.0, 2.0, 2.0]),
    ],
)
def test_rectify_is_worked_out_by_hand(parameters, expected):
    inputs = torch.tensor([-2.0, 0.0, 0.5, 1.0, 3.0, 9.0])
    assert rectify(inputs, **parameters).tolist() == expected


@pytest.mark.parametrize("slope", [0.0, 0.5])
@pytest.mark.parametrize("ceiling", [None, 6.0])
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_rectify_keeps_nan_whatever_its_parameters(slope, ceiling, threshold):
    outputs = rectify(torch.tensor([NAN, 2.0]), slope, ceiling, threshold)
    assert outputs[0].isnan()
    assert outputs[1] == 2


def test_rectify_keeps_whole_numbers_whole_unless_a_slope_makes_fractions():
    whole = torch.tensor([-4, 3])
    assert rectify(whole).dtype == torch.int64
    assert rectify(whole, max_value=2).tolist() == [0, 2]
    assert rectify(whole, negative_slope=0.5).tolist() == [-2.0, 3.0]


def test_square_plus_keeps_its_digits_far_below_zero():
    # x + sqrt(x * x + 4) would be 0 here in float32; the exact value is 1 / 10000 to eight digits.
    assert square_plus(torch.tensor(-1e4)).item() == pytest.approx(1e-4, rel=1e-6)
    assert square_plus(torch.tensor(1e30)).item() == pytest.approx(1e30)


def test_square_plus_has_slope_one_half_at_zero():
    inputs = torch.tensor([0.0, -1e30, 1e30], requires_grad=True)
    square_plus(inputs).sum().backward()
    assert inputs.grad.tolist() == [0.5, 0.0, 1.0]


def test_square_plus_with_b_zero_is_the_relu():
    assert square_plus(torch.tensor([-2.0, 0.0, 3.0]), b=0).tolist() == [0.0, 0.0, 3.0]


def test_square_plus_refuses_a_root_that_does_not_exist():
    with pytest.raises(ArgumentError, match=r"squareplus takes b from 0 up, .*; got -1\."):
        square_plus(torch.zeros(1), b=-1)


def test_soft_shrink_refuses_a_threshold_that_would_stretch():
    with pytest.raises(ArgumentError, match=r"soft_shrink takes a threshold from 0 up; got -0\.5\."):
        soft_shrink(torch.zeros(1), -0.5)


def test_sparse_plus_is_the_integral_of_sparse_sigmoid():
    inputs = torch.linspace(-3, 3, 601, dtype=torch.float64, requires_grad=True)
    sparse_plus(inputs).sum().backward()
    torch.testing.assert_close(inputs.grad, sparse_sigmoid(inputs.detach()))


def test_sparse_plus_gives_a_finite_slope_for_huge_and_endless_values():
    inputs = torch.tensor([-float("inf"), -1e38, 1e38], requires_grad=True)
    sparse_plus(inputs).sum().backward()
    assert inputs.grad.tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 0.5, -1.0], [0.75, 0.25, 0.0]),  # tau = (1.5 - 1) / 2
        ([0.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]),
        ([3.0, 1.0, 0.0], [1.0, 0.0, 0.0]),  # one value is ahead by more than 1
        ([1000.2, 1000.0, 999.9], [0.5, 0.3, 0.2]),  # tau = (3000.1 - 1) / 3 = 999.7
    ],
)
def test_sparsemax_is_worked_out_by_hand(values, expected):
    outputs = sparsemax(torch.tensor(values, dtype=torch.float64))
    torch.testing.assert_close(outputs, torch.tensor(expected, dtype=torch.float64))


def test_sparsemax_works_along_any_axis():
    inputs = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    along_one = sparsemax(inputs, axis=1)
    torch.testing.assert_close(along_one, sparsemax(inputs.movedim(1, -1)).movedim(-1, 1))
    torch.testing.assert_close(along_one.sum(1), torch.ones(3, 5))


def test_sparsemax_has_the_gradient_of_its_definition():
    inputs = torch.tensor([[1.0, 0.5, -1.0, 0.3]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(sparsemax, (inputs,))


def test_softmax_over_several_axes_is_the_softmax_over_them_laid_flat():
    inputs = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    flat = torch.softmax(inputs.movedim(1, 0).reshape(3, 8), dim=-1).reshape(3, 2, 4).movedim(0, 1)
    torch.testing.assert_close(softmax(inputs, axis=(0, -1)), flat)
    torch.testing.assert_close(log_softmax(inputs, axis=[0, -1]), flat.log())


def test_softmax_survives_values_whose_exponential_overflows():
    assert softmax(torch.tensor([0.0, 1000.0])).tolist() == [0.0, 1.0]
    assert softmax(torch.tensor([[0.0, 1000.0]]), axis=(0, 1)).tolist() == [[0.0, 1.0]]


def test_the_gate_refuses_an_axis_it_cannot_halve():
    with pytest.raises(ShapeError, match=r"glu halves axis 1, .* must be even; got shape \(2, 3\)\."):
        gated_linear(torch.zeros(2, 3), axis=1)


def test_the_gate_halves_the_axis_it_is_given():
    inputs = torch.tensor([[3.0, 5.0], [0.0, 0.0]])
    assert gated_linear(inputs, axis=0).tolist() == [[1.5, 2.5]]


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_probabilities_from_half_precision_are_computed_and_kept_in_float32(function):
    values = torch.tensor([[0.0, 9.0]], dtype=torch.bfloat16)
    assert function(values).dtype == torch.float32
    assert torch.equal(function(values), function(values.float()))


def test_a_sigmoid_of_half_precision_does_not_become_a_certainty():
    assert sigmoid(torch.tensor(8.0, dtype=torch.bfloat16)) < 1
    assert sigmoid(torch.zeros(2, dtype=torch.float64)).dtype == torch.float64
