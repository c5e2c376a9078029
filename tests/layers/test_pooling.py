"""Pooling layers against plain loops, their gradients, their memory and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.pooling import global_pooling, pooling

KINDS = {"max": "MaxPooling", "average": "AveragePooling", "sum": "SumPooling"}
GLOBAL_KINDS = {"max": "GlobalMaxPooling", "average": "GlobalAveragePooling"}


def draw(rank, seed):
    """Draw a layer's arguments at random, and an input into which its window fits."""
    random = np.random.default_rng([rank, seed])
    window = random.integers(1, 5, rank).tolist()
    options = {
        "pool_size": tuple(window),
        "strides": None if random.random() < 0.3 else tuple(random.integers(1, 5, rank).tolist()),
        "padding": str(random.choice(["valid", "same"])),
        "data_format": str(random.choice(["channels_last", "channels_first"])),
    }
    lengths = [size + int(random.integers(0, 6)) for size in window]
    inputs = random.normal(size=(2, *lengths, int(random.integers(1, 4)))).astype(np.float32)
    return options, inputs


def put(inputs, data_format):
    return np.moveaxis(inputs, -1, 1) if data_format == "channels_first" else inputs


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_pooling_reduces_the_values_of_each_window(kind, rank, seed):
    options, inputs = draw(rank, seed)
    layer = getattr(layers, f"{KINDS[kind]}{rank}D")(**options)
    given = put(inputs, options["data_format"])
    outputs = layer(given).numpy()
    strides = options["strides"] or options["pool_size"]
    wanted = pooling(kind, inputs, options["pool_size"], strides, options["padding"])
    assert largest_difference(outputs, put(wanted, options["data_format"])) < 1e-5
    assert layer.compute_output_shape(given.shape) == outputs.shape


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("kind", GLOBAL_KINDS)
def test_global_pooling_reduces_each_map_to_one_value(kind, seed):
    random = np.random.default_rng(seed)
    rank = int(random.integers(1, 3))
    inputs = random.normal(size=random.integers(1, 7, rank + 2)).astype(np.float32)
    data_format = str(random.choice(["channels_last", "channels_first"]))
    layer = getattr(layers, f"{GLOBAL_KINDS[kind]}{rank}D")(data_format=data_format)
    outputs = layer(put(inputs, data_format))
    assert largest_difference(outputs, global_pooling(kind, inputs)) < 1e-5


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", [1, 2])
def test_the_gradient_is_that_of_finite_differences(rank, kind, padding):
    layer = getattr(layers, f"{KINDS[kind]}{rank}D")(3, strides=2, padding=padding, dtype="float64")
    inputs = torch.randn((2, 6, 5, 2)[4 - rank - 2 :], dtype=torch.float64)
    assert gradients_are_right(layer, inputs)


@pytest.mark.parametrize("kind", GLOBAL_KINDS)
def test_the_gradient_of_global_pooling_is_that_of_finite_differences(kind):
    layer = getattr(layers, f"{GLOBAL_KINDS[kind]}2D")(dtype="float64")
    assert gradients_are_right(layer, torch.randn(2, 3, 2, 2, dtype=torch.float64))


def test_two_by_two_windows_halve_each_side():
    maps = np.zeros((1, 32, 32, 10), np.float32)
    for kind in KINDS.values():
        assert getattr(layers, f"{kind}2D")()(maps).shape == (1, 16, 16, 10)


def test_the_three_kinds_answer_differently_to_the_same_window():
    window = np.array([[1.0, 2], [3, 6]]).reshape(1, 2, 2, 1)
    found = [getattr(layers, f"{kind}2D")()(window).item() for kind in KINDS.values()]
    assert found == [6, 3, 12]


def test_padding_neither_wins_nor_counts():
    below_zero = np.full((1, 3, 1), -4.0)
    assert layers.MaxPooling1D(2, padding="same")(below_zero).flatten().tolist() == [-4, -4]
    assert layers.AveragePooling1D(2, padding="same")(below_zero).flatten().tolist() == [-4, -4]
    assert layers.SumPooling1D(2, padding="same")(below_zero).flatten().tolist() == [-8, -4]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kind", KINDS.values())
def test_what_is_not_a_number_marks_its_window_and_no_other(kind, padding):
    images = np.ones((1, 4, 4, 1), np.float32)
    images[0, 0, 1, 0] = np.nan
    outputs = getattr(layers, f"{kind}2D")(2, padding=padding)(images)
    assert outputs.isnan().flatten().tolist() == [True, False, False, False]


@pytest.mark.parametrize("kind", GLOBAL_KINDS.values())
def test_what_is_not_a_number_marks_its_map_and_no_other(kind):
    images = np.ones((1, 4, 4, 2), np.float32)
    images[0, 2, 1, 1] = np.nan
    assert getattr(layers, f"{kind}2D")()(images).isnan().tolist() == [[False, True]]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kind", KINDS.values())
@pytest.mark.parametrize("rank", [1, 2])
def test_memory_stays_channels_last_forward_and_backward(rank, kind, padding):
    layer = getattr(layers, f"{kind}{rank}D")(2, padding=padding)
    inputs = torch.randn((2, 9, 9, 4)[4 - rank - 2 :], requires_grad=True)
    outputs = layer(inputs)
    outputs.square().sum().backward()
    assert outputs.is_contiguous()
    assert inputs.grad.is_contiguous()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_global_pooling_can_keep_the_axes(data_format):
    layer = layers.GlobalAveragePooling2D(data_format=data_format, keepdims=True)
    shape = (2, 3, 4, 5)
    wanted = (2, 1, 1, 5) if data_format == "channels_last" else (2, 3, 1, 1)
    assert layer(np.zeros(shape)).shape == wanted
    assert layer.compute_output_shape(shape) == wanted


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("MaxPool", "MaxPooling"),
        ("AvgPool", "AveragePooling"),
        ("GlobalMaxPool", "GlobalMaxPooling"),
        ("GlobalAvgPool", "GlobalAveragePooling"),
    ],
)
@pytest.mark.parametrize("rank", [1, 2])
def test_the_short_names_are_the_same_classes(short, full, rank):
    assert getattr(layers, f"{short}{rank}D") is getattr(layers, f"{full}{rank}D")


def test_a_window_larger_than_its_input_is_refused_with_advice():
    layer = layers.MaxPooling2D(3, name="p")
    text = r"'p' \(.*\): the window \(3, 3\) does not fit into \(1, 2, 8, 1\)\. Use padding='same', fewer"
    with pytest.raises(ShapeError, match=text):
        layer(np.zeros((1, 2, 8, 1)))


def test_a_window_of_no_size_is_refused():
    with pytest.raises(ArgumentError, match=r"pool_size takes one whole number, at least 1; got 0"):
        layers.MaxPooling1D(0)


def test_causal_pooling_is_refused():
    with pytest.raises(ArgumentError, match=r"padding must be one of 'valid', 'same'; got 'causal'"):
        layers.AveragePooling1D(2, padding="causal")


def test_an_image_without_its_batch_is_refused_with_advice():
    with pytest.raises(
        ShapeError, match=r"takes 4 axes .* but got 3: \(8, 8, 1\)\. One image needs a batch axis"
    ):
        layers.GlobalMaxPooling2D()(np.zeros((8, 8, 1)))
