"""Layers that join several inputs along an axis, against NumPy, and their errors."""

import numpy as np
import pytest

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.closeness import largest_difference


def draw(*shapes):
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2])
def test_inputs_are_put_side_by_side(axis):
    shape = [2, 3, 4, 5]
    other = list(shape)
    other[axis] = 6
    inputs = draw(tuple(shape), tuple(other))
    wanted = np.concatenate(inputs, axis=axis)
    layer = layers.Concatenate(axis)
    np.testing.assert_array_equal(layer(inputs), wanted)
    np.testing.assert_array_equal(layers.concatenate(inputs, axis=axis), wanted)
    assert layer.compute_output_shape([part.shape for part in inputs]) == wanted.shape


def test_unknown_sizes_stay_unknown_where_they_are_added_up():
    layer = layers.Concatenate(1)
    assert layer.compute_output_shape([(None, None, 4), (None, 3, 4)]) == (None, None, 4)
    assert layer.compute_output_shape([(None, 2, None), (None, 3, 4)]) == (None, 5, 4)


@pytest.mark.parametrize(
    ("first", "second", "axes", "formula"),
    [
        ((2, 4), (2, 4), 1, "bi,bi->b"),
        ((2, 3, 4), (2, 5, 4), 2, "bij,bkj->bik"),
        ((2, 3, 4), (2, 4, 5), (2, 1), "bij,bjk->bik"),
        ((2, 4, 3), (2, 4), (1, -1), "bji,bj->bi"),
        ((2, 3, 4, 2), (2, 5, 3), (1, 2), "bjik,blj->bikl"),
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_a_dot_is_a_matrix_product_of_each_example(first, second, axes, formula, normalize):
    inputs = draw(first, second)
    places = [axes, axes] if isinstance(axes, int) else axes
    parts = [
        part / np.linalg.norm(part, axis=axis, keepdims=True) if normalize else part
        for part, axis in zip(inputs, places, strict=True)
    ]
    wanted = np.einsum(formula, *parts)
    wanted = wanted[:, None] if wanted.ndim == 1 else wanted
    layer = layers.Dot(axes, normalize)
    assert largest_difference(layer(inputs), wanted) < 1e-5
    assert largest_difference(layers.dot(inputs, axes, normalize=normalize), wanted) < 1e-5
    assert layer.compute_output_shape([first, second]) == wanted.shape


@pytest.mark.parametrize("axis", ["last", True, None])
def test_an_axis_that_is_no_number_is_refused(axis):
    with pytest.raises(ArgumentError, match=r"axis is one whole number; got"):
        layers.Concatenate(axis)


def test_inputs_with_other_axes_are_refused():
    with pytest.raises(
        ShapeError, match=r"need equally many axes, axis -1 among them; got \(2, 3\), \(2, 3, 4\)"
    ):
        layers.Concatenate()([np.zeros((2, 3)), np.zeros((2, 3, 4))])


def test_inputs_that_differ_elsewhere_are_refused():
    with pytest.raises(ShapeError, match=r"must be equal but for axis 1; got \(2, 3, 4\), \(2, 3, 5\)"):
        layers.Concatenate(1)([np.zeros((2, 3, 4)), np.zeros((2, 3, 5))])


@pytest.mark.parametrize("axes", [0, (0, 1), (1, 2, 3), 1.0, "1"])
def test_axes_that_cannot_be_multiplied_along_are_refused(axes):
    with pytest.raises(ArgumentError, match=r"axes is one whole number or two, and never 0, the batch; got"):
        layers.Dot(axes)


def test_axes_that_are_not_there_are_refused():
    with pytest.raises(ShapeError, match=r"axes 2 are not in the inputs; got \(2, 3\), \(2, 3\)"):
        layers.Dot(2)([np.zeros((2, 3)), np.zeros((2, 3))])


def test_sizes_that_differ_are_refused():
    with pytest.raises(ShapeError, match=r"the sizes along axes 1 must be equal; got \(2, 3\), \(2, 4\)"):
        layers.Dot(1)([np.zeros((2, 3)), np.zeros((2, 4))])
