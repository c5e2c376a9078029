"""Convolutions in a row, as one native program: maps and gradients go from block to block."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.ops.native.convolution_cases import Case, truth
from tests.ops.native.driver import Program
from tests.ops.native.single_block import LEVELS, Outcome, assert_near

CHAIN = [
    Case((21, 15, 13, 3), filters=12, pool=(2, 2)),
    Case((21, 6, 5, 12), filters=17, rows_padding=(1, 1), columns_padding=(1, 1), dropout=0.25),
    Case((21, 6, 5, 17), filters=5, relu=False),
]


def run_chain(level: str, threads: int) -> tuple[Outcome, list[Case], torch.Tensor]:
    """Three convolutions in a row, with gradients all the way."""
    bf16 = level == "avx512_bf16"
    cases = [replace(case, bf16=bf16) for case in CHAIN]
    cases[0], cases[-1] = replace(cases[0], fp32_input=bf16), replace(cases[-1], fp32_output=bf16)
    program = Program([case.block(level, case.draw(number)[1]) for number, case in enumerate(cases)])
    inputs = cases[0].draw(0)[0]
    outcome = program.forward(inputs, threads)
    gradient = (
        torch.randn(outcome.output.shape, generator=torch.Generator().manual_seed(9)).bfloat16().float()
    )
    return program.backward(outcome, gradient), cases, gradient


@pytest.mark.parametrize("level", LEVELS)
def test_blocks_in_a_row_hand_on_maps_and_gradients(level: str) -> None:
    outcome, cases, gradient = run_chain(level, 1)
    exact = [{name: value.double().requires_grad_() for name, value in case.draw(number)[1].items()}
             for number, case in enumerate(cases)]  # fmt: skip
    inputs = cases[0].draw(0)[0].double().requires_grad_()
    values = inputs
    for case, weights in zip(cases, exact, strict=True):
        values = truth(case, values, weights)
    values.backward(gradient.double())
    # bf16 rounds every map on the way, and now and then ReLU or pooling decides otherwise.
    tolerance = 0.05 if cases[0].bf16 else 1e-5
    assert_near(outcome.output, values.detach(), tolerance)
    if cases[0].bf16:
        return
    assert outcome.input_gradient is not None
    assert inputs.grad is not None
    assert_near(outcome.input_gradient, inputs.grad, tolerance)
    for number, weights in enumerate(exact):
        for name, value in weights.items():
            assert value.grad is not None
            assert_near(outcome.gradients[f"{number}.{name}"], value.grad, tolerance)


@pytest.mark.parametrize("level", LEVELS)
def test_blocks_in_a_row_give_the_same_bits_on_any_number_of_threads(level: str) -> None:
    alone, _, _ = run_chain(level, 1)
    for threads in range(2, 9):
        found, _, _ = run_chain(level, threads)
        assert torch.equal(found.output, alone.output)
        assert all(torch.equal(found.gradients[name], alone.gradients[name]) for name in alone.gradients)
