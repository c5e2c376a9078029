"""Padding and cropping layers against NumPy's, their gradients and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from striate.layers.border import border_amounts
from tests.reference.closeness import gradients_are_right

MODES = {"Zero": "constant", "Reflect": "reflect", "Edge": "edge"}
EACH_MODE = pytest.mark.parametrize("mode", MODES)
EACH_RANK = pytest.mark.parametrize("rank", [1, 2, 3])


def put(inputs, data_format):
    return np.moveaxis(inputs, -1, 1) if data_format == "channels_first" else inputs


@pytest.mark.parametrize("seed", range(8))
@EACH_RANK
@EACH_MODE
def test_a_border_is_the_one_that_numpy_puts_there(mode, rank, seed):
    random = np.random.default_rng([rank, seed])
    amounts = [tuple(random.integers(0, 3, 2).tolist()) for _ in range(rank)]
    inputs = random.normal(size=(2, *random.integers(3, 6, rank), 2)).astype(np.float32)
    data_format = str(random.choice(["channels_last", "channels_first"]))
    layer = getattr(layers, f"{mode}Padding{rank}D")(amounts[0] if rank == 1 else amounts, data_format)
    wanted = np.pad(inputs, [(0, 0), *amounts, (0, 0)], mode=MODES[mode])
    given = put(inputs, data_format)
    np.testing.assert_array_equal(layer(given), put(wanted, data_format))
    assert layer.compute_output_shape(given.shape) == put(wanted, data_format).shape


@pytest.mark.parametrize("seed", range(8))
@EACH_RANK
def test_cropping_cuts_off_both_ends_of_each_axis(rank, seed):
    random = np.random.default_rng([rank, seed])
    amounts = [tuple(random.integers(0, 3, 2).tolist()) for _ in range(rank)]
    inputs = random.normal(size=(2, *random.integers(5, 7, rank), 2)).astype(np.float32)
    data_format = str(random.choice(["channels_last", "channels_first"]))
    layer = getattr(layers, f"Cropping{rank}D")(amounts[0] if rank == 1 else amounts, data_format)
    kept = [
        slice(before, length - after)
        for (before, after), length in zip(amounts, inputs.shape[1:-1], strict=True)
    ]
    wanted = put(inputs[(slice(None), *kept)], data_format)
    np.testing.assert_array_equal(layer(put(inputs, data_format)), wanted)
    assert layer.compute_output_shape(put(inputs, data_format).shape) == wanted.shape


@EACH_RANK
@EACH_MODE
def test_the_gradient_is_that_of_finite_differences(mode, rank):
    layer = getattr(layers, f"{mode}Padding{rank}D")(1, dtype="float64")
    assert gradients_are_right(layer, torch.randn(1, *(2,) * rank, 2, dtype=torch.float64))


@EACH_RANK
def test_cropping_undoes_padding(rank):
    inputs = np.random.default_rng(0).normal(size=(1, *(3,) * rank, 2)).astype(np.float32)
    padded = getattr(layers, f"ZeroPadding{rank}D")(2)(inputs)
    np.testing.assert_array_equal(getattr(layers, f"Cropping{rank}D")(2)(padded), inputs)


def test_the_defaults_are_those_of_keras():
    assert layers.ZeroPadding3D().padding == ((1, 1), (1, 1), (1, 1))
    assert layers.Cropping1D().cropping == ((1, 1),)
    assert layers.Cropping2D().cropping == ((0, 0), (0, 0))
    assert layers.Cropping3D().cropping == ((1, 1), (1, 1), (1, 1))


def test_a_pair_means_both_ends_of_a_sequence_but_two_axes_of_an_image():
    assert border_amounts((1, 2), 1, "padding") == ((1, 2),)
    assert border_amounts((1, 2), 2, "padding") == ((1, 1), (2, 2))
    assert border_amounts(((1, 2), 3), 2, "padding") == ((1, 2), (3, 3))
    assert border_amounts(((1, 2),), 1, "padding") == ((1, 2),)


@pytest.mark.parametrize("amounts", [-1, 1.5, True, (1, 2, 3), ((1, 2), (3, 4, 5)), "2"])
def test_amounts_that_are_no_steps_are_refused(amounts):
    with pytest.raises(
        ArgumentError, match=r"padding takes one whole number or 2 numbers or 2 pairs .*; got"
    ):
        layers.ZeroPadding2D(amounts)


def test_the_message_for_a_sequence_speaks_of_one_pair():
    with pytest.raises(
        ArgumentError, match=r"cropping takes one whole number or a pair \(before, after\), each"
    ):
        layers.Cropping1D((1, 2, 3))


def test_cropping_everything_is_refused():
    with pytest.raises(ShapeError, match=r"cropping \(\(2, 2\),\) leaves nothing of \(1, 4, 1\)"):
        layers.Cropping1D(2)(np.zeros((1, 4, 1)))


def test_a_reflection_longer_than_its_axis_is_refused_with_advice():
    text = (
        r"a reflection of \(\(3, 3\),\) needs more steps than that on each axis; got \(1, 3, 1\)\. Pad less"
    )
    with pytest.raises(ShapeError, match=text):
        layers.ReflectPadding1D(3)(np.zeros((1, 3, 1)))
