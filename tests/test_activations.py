"""Every activation: its formula, what it takes and hands back, and its name."""

import inspect

import numpy as np
import pytest
import torch

from striate import activations
from striate.core.errors import ArgumentError, DataError, UnknownNameError
from tests.reference.activations import FORMULAS

NAMES = sorted(
    set(activations.__all__) - {"get", "serialize", "deserialize", "swish", "hard_swish", "threshold"}
)
ALONG_AN_AXIS = {"glu", "softmax", "log_softmax", "sparsemax"}
VALUES = np.linspace(-7, 7, 48, dtype=np.float64).reshape(6, 8)


def test_every_function_has_a_reference_formula():
    assert sorted(FORMULAS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_values_follow_the_formula_in_double_and_single_precision(name):
    function, expected = getattr(activations, name), FORMULAS[name](VALUES)
    np.testing.assert_allclose(function(VALUES).numpy(), expected, rtol=1e-9, atol=1e-12)
    single = function(VALUES.astype(np.float32))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_finite_differences(name):
    # Steps of 0.37 from -5.06 stay clear of the corners at whole and half numbers.
    inputs = torch.arange(24, dtype=torch.float64).mul(0.37).sub(5.06).reshape(4, 6).requires_grad_()
    assert torch.autograd.gradcheck(getattr(activations, name), (inputs,))


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    outputs = getattr(activations, name)(torch.tensor([[float("nan"), 1.0]]))
    assert outputs.isnan()[0, 0]


@pytest.mark.parametrize("name", sorted(set(NAMES) - ALONG_AN_AXIS - {"linear"}))
def test_the_input_is_left_as_it_was(name):
    inputs = torch.tensor([-2.0, 0.3, 8.0])
    outputs = getattr(activations, name)(inputs)
    assert outputs.data_ptr() != inputs.data_ptr()
    assert inputs.tolist() == pytest.approx([-2.0, 0.3, 8.0])


@pytest.mark.parametrize("name", NAMES)
def test_whole_numbers_lists_and_half_precision_are_taken(name):
    function = getattr(activations, name)
    whole = function(np.array([[-2, 0, 1, 3]]))
    torch.testing.assert_close(whole.float(), function([[-2.0, 0.0, 1.0, 3.0]]))
    # Probabilities are for the loss to read: they come in float32.
    wide = name in ("sigmoid", "softmax", "log_softmax")
    half = function(torch.ones(1, 2, dtype=torch.bfloat16))
    assert half.dtype == (torch.float32 if wide else torch.bfloat16)


def test_arrays_come_back_as_plain_tensors_and_tensors_keep_their_gradient():
    assert activations.gelu(np.ones(3)).numpy().shape == (3,)
    assert activations.gelu(torch.ones(3, requires_grad=True)).requires_grad


def test_what_holds_no_numbers_is_refused():
    with pytest.raises(DataError, match="expected numbers; got an array of dtype"):
        activations.relu("relu")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: activations.relu(x, 0.5, 6.0, 1.0), [-1.5, 0.0, 6.0]),
        (lambda x: activations.leaky_relu(x, 0.001), [-0.002, 1.0, 8.0]),
        (lambda x: activations.elu(x, alpha=2.0), [2 * (np.exp(-2) - 1), 1.0, 8.0]),
        (lambda x: activations.celu(x, alpha=2.0), [2 * (np.exp(-1) - 1), 1.0, 8.0]),
        (lambda x: activations.hard_shrink(x, threshold=1.0), [-2.0, 0.0, 8.0]),
        (lambda x: activations.soft_shrink(x, threshold=1.5), [-0.5, 0.0, 6.5]),
        (lambda x: activations.threshold(x, 1.0, -7.0), [-7.0, -7.0, 8.0]),
        (lambda x: activations.squareplus(x, b=1.25), [0.14564392, 1.25, 8.03887]),
    ],
)
def test_parameters_do_what_their_formula_says(call, expected):
    assert call([-2.0, 1.0, 8.0]).tolist() == pytest.approx(expected, rel=1e-5)


def test_approximate_gelu_is_the_formula_with_tanh():
    expected = 0.5 * VALUES * (1 + np.tanh(np.sqrt(2 / np.pi) * (VALUES + 0.044715 * VALUES**3)))
    np.testing.assert_allclose(activations.gelu(VALUES, approximate=True).numpy(), expected, atol=1e-12)
    assert not np.allclose(activations.gelu(VALUES).numpy(), expected, atol=1e-5)


def test_softplus_is_exact_in_double_precision_where_its_curve_still_bends():
    assert activations.softplus(np.array(25.0)).item() == 25 + np.log1p(np.exp(-25.0))
    assert activations.softplus(np.array(800.0)).item() == 800


def test_softmax_and_its_logarithm_take_an_axis():
    assert activations.softmax(np.zeros((2, 4)), axis=0)[0, 0] == 0.5
    assert activations.log_softmax(np.zeros((2, 4)), axis=(0, 1))[0, 0] == pytest.approx(-np.log(8))


def test_defaults_are_those_of_keras():
    expected = {
        "relu": "(x, negative_slope=0.0, max_value=None, threshold=0.0)",
        "leaky_relu": "(x, negative_slope=0.2)",
        "elu": "(x, alpha=1.0)",
        "celu": "(x, alpha=1.0)",
        "gelu": "(x, approximate=False)",
        "glu": "(x, axis=-1)",
        "hard_shrink": "(x, threshold=0.5)",
        "soft_shrink": "(x, threshold=0.5)",
        "softmax": "(x, axis=-1)",
        "log_softmax": "(x, axis=-1)",
        "sparsemax": "(x, axis=-1)",
        "squareplus": "(x, b=4.0)",
        "threshold": "(x, threshold, default_value)",
    }
    for name, signature in expected.items():
        parameters = inspect.signature(getattr(activations, name)).parameters.values()
        bare = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
        assert str(inspect.Signature(bare)) == signature, name


@pytest.mark.parametrize("name", [*NAMES, "threshold"])
def test_names_lead_to_functions_and_back(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.serialize(function) == name
    assert activations.deserialize(name) is function


def test_none_stands_for_the_linear_function():
    assert activations.get(None) is activations.linear
    assert activations.deserialize(None) is activations.linear


def test_swish_and_hard_swish_are_other_words():
    assert activations.get("swish") is activations.swish is activations.silu
    assert activations.get("hard_swish") is activations.hard_swish is activations.hard_silu
    assert activations.serialize(activations.swish) == "silu"


def test_a_function_of_ones_own_is_handed_back_and_found_again_by_name():
    def cube(x):
        return x**3

    assert activations.get(cube) is cube
    assert activations.deserialize(activations.serialize(cube), {"cube": cube}) is cube


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no activation called 'rellu'\. Did you mean 'relu'"):
        activations.get("rellu")
    with pytest.raises(UnknownNameError, match=r"no activation called 'sofmax'\. Did you mean 'softmax'"):
        activations.deserialize("sofmax")


def test_what_is_no_activation_is_refused():
    with pytest.raises(
        ArgumentError, match=r"expected an? activation: a name, a config or an object; got int 3"
    ):
        activations.get(3)


def test_a_function_without_a_name_cannot_be_written_down():
    with pytest.raises(ArgumentError, match="this activation cannot be written to a file"):
        activations.serialize(lambda x: x)


def test_a_name_that_is_not_there_is_missing_as_an_attribute_too():
    with pytest.raises(AttributeError, match=r"has no 'rellu'\. Did you mean 'relu'"):
        _ = activations.rellu
