"""Normalisation of each example by itself against plain loops, the gradients and the errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.example_normalization import group_normalized, layer_normalized, rms_normalized

AXES = [-1, 1, 2, [1, 2], [1, 2, 3], [-1, 1], [3]]


def weighted(layer, inputs, seed=0):
    """The layer with weights drawn at random."""
    layer(inputs)
    random = np.random.default_rng(seed)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def draw(shape, seed=0):
    return np.random.default_rng(seed).normal(2, 3, shape).astype(np.float32)


def from_zero(axis, ndim):
    return sorted(one % ndim for one in (axis if isinstance(axis, list) else [axis]))


@pytest.mark.parametrize("axis", AXES)
def test_a_layer_norm_gives_each_example_mean_0_and_variance_1(axis):
    inputs = draw((2, 3, 4, 5))
    layer = weighted(layers.LayerNormalization(axis), inputs)
    axes = from_zero(axis, 4)
    wanted = layer_normalized(inputs, *layer.get_weights(), axes, 1e-3)
    assert largest_difference(layer(inputs), wanted) < 1e-5
    assert [weight.shape for weight in layer.get_weights()] == [tuple(inputs.shape[one] for one in axes)] * 2


@pytest.mark.parametrize("groups", [1, 2, 3, 6, -1])
@pytest.mark.parametrize("shape", [(2, 6), (2, 5, 6), (2, 3, 4, 6)])
def test_a_group_norm_normalises_neighbouring_channels_together(groups, shape):
    inputs = draw(shape)
    layer = weighted(layers.GroupNormalization(groups), inputs)
    wanted = group_normalized(inputs, *layer.get_weights(), 6 if groups == -1 else groups, 1e-3)
    assert largest_difference(layer(inputs), wanted) < 1e-5


def test_the_channels_of_a_group_norm_can_come_first():
    inputs = draw((2, 3, 4, 6))
    last = weighted(layers.GroupNormalization(2), inputs)
    first = layers.GroupNormalization(2, axis=1)
    first(np.moveaxis(inputs, -1, 1))
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(
        np.moveaxis(first(np.moveaxis(inputs, -1, 1)).numpy(), 1, -1), last(inputs), rtol=1e-5, atol=1e-5
    )


def test_an_instance_norm_is_a_group_norm_of_single_channels():
    inputs = draw((2, 3, 4, 6))
    group = weighted(layers.GroupNormalization(-1), inputs)
    instance = layers.InstanceNormalization()
    instance(inputs)
    instance.set_weights(group.get_weights())
    assert torch.equal(instance(inputs), group(inputs))
    assert "groups" not in instance.get_config()


@pytest.mark.parametrize("axis", AXES)
def test_an_rms_norm_divides_by_the_root_of_the_mean_square(axis):
    inputs = draw((2, 3, 4, 5))
    layer = weighted(layers.RMSNormalization(axis), inputs)
    wanted = rms_normalized(inputs, *layer.get_weights(), from_zero(axis, 4), 1e-6)
    assert largest_difference(layer(inputs), wanted) < 1e-5


@pytest.mark.parametrize("axis", AXES)
def test_a_unit_norm_makes_the_length_1(axis):
    outputs = layers.UnitNormalization(axis)(draw((2, 3, 4, 5))).numpy()
    lengths = np.sqrt((outputs**2).sum(axis=tuple(from_zero(axis, 4))))
    np.testing.assert_allclose(lengths, np.ones_like(lengths), rtol=1e-5)


def test_a_unit_norm_leaves_zeros_alone():
    assert layers.UnitNormalization()(np.zeros((2, 3))).tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize(
    "layer",
    [
        layers.LayerNormalization(dtype="float64"),
        layers.LayerNormalization(1, dtype="float64"),
        layers.GroupNormalization(2, dtype="float64"),
        layers.InstanceNormalization(dtype="float64"),
        layers.RMSNormalization([1, 2], dtype="float64"),
        layers.UnitNormalization(dtype="float64"),
    ],
)
def test_the_gradient_is_that_of_finite_differences(layer):
    inputs = torch.randn(2, 3, 4, dtype=torch.float64)
    layer.build(tuple(inputs.shape))
    assert gradients_are_right(layer, inputs)


def test_scale_and_shift_can_be_left_out():
    layer = layers.LayerNormalization(center=False, scale=False)
    layer(np.zeros((1, 3)))
    assert layer.get_weights() == []


@pytest.mark.parametrize("axis", ["last", 1.0, True, []])
def test_an_axis_that_is_no_number_is_refused(axis):
    with pytest.raises(ArgumentError, match=r"axis is a whole number or several; got"):
        layers.LayerNormalization(axis)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ArgumentError, match=r"axis 3 is not in \(2, 4\)"):
        layers.UnitNormalization(3)(np.zeros((2, 4)))


def test_an_axis_of_unknown_size_is_refused():
    with pytest.raises(ShapeError, match=r"must know the size of axis 1; got \(None, None, 3\)"):
        layers.LayerNormalization(1).build((None, None, 3))


def test_another_size_than_it_was_built_for_is_refused():
    layer = layers.RMSNormalization()
    layer(np.zeros((2, 4)))
    with pytest.raises(ShapeError, match=r"was built for \(4,\) along axis -1 but got \(2, 5\)"):
        layer(np.zeros((2, 5)))


@pytest.mark.parametrize("groups", [0, -2, 1.5, True])
def test_groups_that_are_no_number_are_refused(groups):
    with pytest.raises(ArgumentError, match=r"groups is a number from 1 up, or -1 for one a channel; got"):
        layers.GroupNormalization(groups)


def test_groups_over_several_axes_are_refused():
    with pytest.raises(ArgumentError, match=r"axis is one whole number; got \[1, 2\]"):
        layers.GroupNormalization(2, axis=[1, 2])


def test_groups_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(
        ArgumentError, match=r"the channels must be a multiple of groups; got 8 channels and 3"
    ):
        layers.GroupNormalization(3)(np.zeros((2, 8)))
