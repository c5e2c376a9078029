"""Batches of one array straight through a program, and the look at its values on the way."""

from __future__ import annotations

import math

import pytest
import torch

from striate import Sequential, layers
from striate.ops.native.library import explain_native
from striate.ops.native.mode import fusing
from striate.ops.native.straight import StraightRun


@pytest.fixture(autouse=True)
def kernels():
    """Without kernels there is no program to run."""
    if explain_native().value is None:
        pytest.skip(explain_native().reason)


def convolutions():
    return [
        layers.Conv2D(5, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(9, 2, padding="same"),
        layers.BatchNormalization(),
        layers.Conv2D(4, 1),
        layers.Flatten(),
        layers.Dense(6, activation="relu"),
        layers.Dense(2),
    ]


def only_dense():
    return [layers.Flatten(), layers.Dense(7, activation="relu"), layers.Dense(3)]


def program_of(stack, inputs: torch.Tensor):
    model = Sequential([layers.Input(inputs.shape[1:]), *stack])
    with fusing(False), torch.no_grad():
        return model.graph.fused_steps[0].layer.find(inputs)[0].program


@pytest.mark.parametrize("stack", [convolutions, only_dense])
@pytest.mark.parametrize("batch", [1, 3, 21])
def test_each_batch_gets_the_answers_of_a_pass_by_itself(stack, batch):
    inputs = torch.randn(3 * batch, 9, 8, 2)
    program = program_of(stack(), inputs[:batch])
    outputs = torch.full((3 * batch, *program.output_shape[1:]), math.nan)
    run = StraightRun(program, inputs, outputs)
    assert all(run.run(number) for number in (2, 0, 1))
    alone = [program.forward(program.lease(), part, 0) for part in inputs.split(batch)]
    assert torch.equal(outputs, torch.cat(alone))


@pytest.mark.parametrize("stack", [convolutions, only_dense])
@pytest.mark.parametrize("batch", [1, 17])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_seen_wherever_it_stands(stack, batch, value):
    inputs = torch.randn(2 * batch, 9, 8, 2)
    program = program_of(stack(), inputs[:batch])
    outputs = torch.empty(2 * batch, *program.output_shape[1:])
    for place in (0, 63, 64, 143, 144 * batch - 1):
        changed = inputs.clone()
        changed.view(-1)[144 * batch + place] = value
        run = StraightRun(program, changed, outputs)
        assert run.run(0)
        assert not run.run(1)


@pytest.mark.parametrize("batch", [15, 16, 40])
def test_maps_passed_on_from_block_to_block_are_those_of_the_layers(batch):
    model, inputs = Sequential([layers.Input((9, 8, 2)), *convolutions()]), torch.randn(batch, 9, 8, 2)
    with fusing(False), torch.no_grad():
        found = model.graph.fused_steps[0].layer(inputs)
    torch.testing.assert_close(found, model(inputs), rtol=0, atol=1e-5)


def test_the_largest_numbers_are_sound():
    inputs = torch.full((4, 9, 8, 2), torch.finfo(torch.float32).max)
    program = program_of(only_dense(), inputs)
    assert StraightRun(program, inputs, torch.empty(4, *program.output_shape[1:])).run(0)


def test_maps_between_convolutions_take_no_memory_of_the_batch():
    few, many = (
        program_of(convolutions(), torch.randn(count, 9, 8, 2)).sizes.kept_bytes for count in (64, 128)
    )
    # What the first dense layer reads, and the second.
    assert many - few <= 64 * 4 * (3 * 3 * 4 + 6) + 128


def test_weights_packed_for_a_dense_layer_follow_its_weights():
    inputs = torch.randn(16, 40, 1)
    model = Sequential([layers.Input((40, 1)), layers.Flatten(), layers.Dense(21), layers.Dense(5)])
    row = model.graph.fused_steps[0].layer
    for _ in range(3):
        with fusing(False), torch.no_grad():
            found = row(inputs)
        torch.testing.assert_close(found, model(inputs), rtol=0, atol=1e-5)
        with torch.no_grad():
            model.layers[1].kernel.add_(torch.randn_like(model.layers[1].kernel))
