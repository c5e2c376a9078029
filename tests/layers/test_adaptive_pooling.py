"""Adaptive pooling layers against plain loops, their gradients and their errors."""

import math

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError
from tests.reference.closeness import gradients_are_right, largest_difference

REDUCTIONS = {"Average": np.mean, "Max": np.max}
EACH_KIND = pytest.mark.parametrize("kind", REDUCTIONS)
EACH_RANK = pytest.mark.parametrize("rank", [1, 2, 3])


def adaptive_pooling(kind, inputs, sizes):
    """Reduce the values from floor(i * length / size) to ceil((i + 1) * length / size) on each axis."""
    outputs = np.zeros((inputs.shape[0], *sizes, inputs.shape[-1]))
    for cell in np.ndindex(*sizes):
        window = tuple(
            slice(math.floor(at * length / size), math.ceil((at + 1) * length / size))
            for at, length, size in zip(cell, inputs.shape[1:-1], sizes, strict=True)
        )
        values = inputs[(slice(None), *window)].astype(np.float64)
        outputs[(slice(None), *cell)] = REDUCTIONS[kind](values, axis=tuple(range(1, len(sizes) + 1)))
    return outputs


@pytest.mark.parametrize("seed", range(15))
@EACH_RANK
@EACH_KIND
def test_each_window_is_reduced_to_one_value(kind, rank, seed):
    random = np.random.default_rng([rank, seed])
    sizes = tuple(random.integers(1, 6, rank).tolist())
    inputs = random.normal(size=(2, *random.integers(1, 8, rank), 3)).astype(np.float32)
    data_format = str(random.choice(["channels_last", "channels_first"]))
    layer = getattr(layers, f"Adaptive{kind}Pooling{rank}D")(sizes, data_format)
    wanted = adaptive_pooling(kind, inputs, sizes)
    if data_format == "channels_first":
        inputs, wanted = np.moveaxis(inputs, -1, 1), np.moveaxis(wanted, -1, 1)
    outputs = layer(inputs)
    assert largest_difference(outputs, wanted) < 1e-5
    assert layer.compute_output_shape(inputs.shape) == tuple(outputs.shape)


@EACH_RANK
@EACH_KIND
def test_the_gradient_is_that_of_finite_differences(kind, rank):
    layer = getattr(layers, f"Adaptive{kind}Pooling{rank}D")(2, dtype="float64")
    assert gradients_are_right(layer, torch.randn(1, *(3,) * rank, 2, dtype=torch.float64))


def test_an_output_of_no_size_is_refused():
    with pytest.raises(
        ArgumentError, match=r"output_size takes one whole number or 2, each at least 1; got 0"
    ):
        layers.AdaptiveMaxPooling2D(0)
