"""Layers that merge several inputs, against NumPy, and arithmetic on symbolic tensors."""

import numpy as np
import pytest

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Arithmetic, Input
from striate.layers.merging import Merge
from striate.models import Model, load_model
from tests.reference.closeness import largest_difference

MERGES = {
    "Add": lambda a, b, c: a + b + c,
    "Multiply": lambda a, b, c: a * b * c,
    "Average": lambda a, b, c: (a + b + c) / 3,
    "Maximum": lambda a, b, c: np.maximum(np.maximum(a, b), c),
    "Minimum": lambda a, b, c: np.minimum(np.minimum(a, b), c),
}


def draw(*shapes):
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("kind", MERGES)
def test_inputs_are_merged_value_by_value(kind):
    inputs = draw((2, 3, 4), (2, 3, 4), (2, 3, 4))
    wanted = MERGES[kind](*inputs)
    assert largest_difference(getattr(layers, kind)()(inputs), wanted) < 1e-6
    assert largest_difference(getattr(layers, kind.lower())(inputs), wanted) < 1e-6


@pytest.mark.parametrize("kind", MERGES)
def test_sizes_of_one_and_missing_axes_are_stretched(kind):
    inputs = draw((2, 3, 4), (2, 3, 1), (2, 4))
    layer = getattr(layers, kind)()
    wanted = MERGES[kind](inputs[0], inputs[1], inputs[2][:, None])
    assert largest_difference(layer(inputs), wanted) < 1e-6
    assert layer.compute_output_shape([(None, 3, 4), (None, 3, 1), (2, 4)]) == (2, 3, 4)
    assert layer.compute_output_shape([(None, None, 4), (None, 3, 1)]) == (None, None, 4)


def test_the_second_input_is_subtracted_from_the_first_or_divides_it():
    first, second = draw((2, 3), (2, 3))
    np.testing.assert_array_equal(layers.Subtract()([first, second]), first - second)
    np.testing.assert_array_equal(layers.subtract([first, second]), first - second)
    assert largest_difference(layers.Divide()([first, second]), first / second) < 1e-6


def test_one_input_alone_is_handed_on():
    (only,) = draw((2, 3))
    np.testing.assert_array_equal(layers.Average()([only]), only)


@pytest.mark.parametrize("layer", [layers.Add(), layers.Concatenate(), layers.Dot(1)])
def test_an_input_that_is_no_list_is_refused(layer):
    with pytest.raises(
        ArgumentError, match=r"takes a list of .*inputs, such as layer\(\[a, b\]\); got \(2, 3\)"
    ):
        layer(np.zeros((2, 3)))


def test_a_tensor_instead_of_a_list_is_refused_by_a_built_layer_too():
    layer = layers.Add()
    layer([np.zeros((2, 3)), np.zeros((2, 3))])
    with pytest.raises(ArgumentError, match=r"takes a list of inputs, such as"):
        layer(np.zeros((2, 3)))


def test_three_inputs_are_refused_where_two_are_wanted():
    with pytest.raises(ArgumentError, match=r"\(Subtract\) takes a list of 2 inputs"):
        layers.Subtract()([np.zeros((2, 3))] * 3)


@pytest.mark.parametrize("other", [(2, 4), (3, 3)])
def test_shapes_that_do_not_go_together_are_refused(other):
    with pytest.raises(ShapeError, match=r"these shapes do not go together: \(2, 3\), \("):
        layers.Add()([np.zeros((2, 3)), np.zeros(other)])


def test_a_merge_of_ones_own_that_does_not_merge_is_refused():
    class Half(Merge):
        def compute_output_shape(self, input_shape):
            return self.shapes(input_shape)[0]

    with pytest.raises(ArgumentError, match=r"Half does not say how it merges: write merge\(inputs\)"):
        Half()([np.zeros((2, 3))])


ARITHMETIC = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "a + 2": lambda a, b: a + 2,
    "2 + a": lambda a, b: 2 + a,
    "a - 2": lambda a, b: a - 2,
    "2 - a": lambda a, b: 2 - a,
    "a * 2": lambda a, b: a * 2,
    "2 * a": lambda a, b: np.float32(2) * a,
    "a / 2": lambda a, b: a / 2,
    "2 / a": lambda a, b: 2 / a,
    "a ** 2": lambda a, b: a**2,
    "-a": lambda a, b: -a,
}


@pytest.mark.parametrize("formula", ARITHMETIC)
def test_arithmetic_on_symbolic_tensors_is_remembered_and_saved(formula, tmp_path):
    inputs = [Input((3,)), Input((3,))]
    arrays = draw((2, 3), (2, 3))
    model = Model(inputs, layers.Add()([ARITHMETIC[formula](*inputs), inputs[1]]))
    wanted = ARITHMETIC[formula](*arrays) + arrays[1]
    assert largest_difference(model(arrays), wanted) < 1e-6
    model.save(tmp_path / "model.striate")
    assert largest_difference(load_model(tmp_path / "model.striate")(arrays), wanted) < 1e-6


def test_something_that_is_no_number_is_refused():
    with pytest.raises(
        ArgumentError, match=r"symbolic tensors compute with numbers and with each other; got str 'x'"
    ):
        Input((3,)) + "x"


def test_a_power_of_two_symbolic_tensors_is_refused():
    with pytest.raises(
        ArgumentError, match=r"power of two symbolic tensors has no layer: the second must be a"
    ):
        Input((3,)) ** Input((3,))


def test_an_unknown_operation_is_refused():
    with pytest.raises(ArgumentError, match=r"operation must be one of 'add', .*; got 'modulo'"):
        Arithmetic("modulo", 2)


def test_an_index_is_refused_with_the_layers_that_cut():
    with pytest.raises(ArgumentError, match=r"cannot be indexed: parts of it are cut out by Cropping1D"):
        Input((3,))[:, 0]
