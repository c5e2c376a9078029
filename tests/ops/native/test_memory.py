"""The memory of a program's plan, against bounds from its shapes; and results where places are shared."""

from __future__ import annotations

import ctypes
import itertools
from dataclasses import replace

import pytest
import torch

from striate.ops.native.structures import Block, Pass
from tests.ops.native.convolution_cases import Case, truth
from tests.ops.native.driver import Program
from tests.ops.native.single_block import LEVELS, Outcome, assert_near, library_of

# Maps so large that two samples go through at a time: several groups in each slot.
WIDE = [
    Case((21, 62, 52, 3), filters=12),
    Case((21, 60, 50, 12), filters=9, rows_padding=(1, 1), columns_padding=(1, 1), pool=(2, 2), dropout=0.25),
    Case((21, 30, 25, 9), filters=5, relu=False),
    Case((21, 28, 23, 5), filters=3, pool=(2, 2)),
]
# Weights far larger than maps: blocks go back one by one.
HEAVY = [
    Case((5, 9, 9, 16), filters=40),
    Case((5, 7, 7, 40), filters=33, dropout=0.25),
    Case((5, 5, 5, 33), filters=50, pool=(2, 2), pool_past=True, rows_padding=(1, 1)),
    Case((5, 3, 2, 50), filters=16, window=(2, 2)),
]


def make_program(level: str, chain: list[Case], **changes: int | bool) -> tuple[Program, list[Case]]:
    """Build the chain, in the level's best precision unless `bf16` says otherwise."""
    bf16 = bool(changes.pop("bf16", level == "avx512_bf16"))
    cases = [replace(case, bf16=bf16) for case in chain]
    cases[0], cases[-1] = replace(cases[0], fp32_input=bf16), replace(cases[-1], fp32_output=bf16)
    return Program([case.block(level, case.draw(number)[1]) for number, case in enumerate(cases)]), cases


def plan(level: str, chain: list[Case], batch: int, threads: int) -> tuple[Pass, list[Block]]:
    """Plan the chain for other numbers of samples and threads than its own."""
    program, _ = make_program(level, chain)
    planned = Pass(program.blocks, len(chain), batch, threads=threads)
    assert program.functions.striate_plan(ctypes.byref(planned)) == 0
    return planned, list(program.blocks)


def run_chain(level: str, chain: list[Case], threads: int, bf16: bool) -> tuple[Outcome, torch.Tensor]:
    program, cases = make_program(level, chain, bf16=bf16)
    outcome = program.forward(cases[0].draw(0)[0], threads)
    generator = torch.Generator().manual_seed(9)
    gradient = torch.randn(outcome.output.shape, generator=generator).bfloat16().float()
    return program.backward(outcome, gradient), gradient


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("chain", [WIDE, HEAVY], ids=["wide", "heavy"])
def test_gradients_that_share_places_are_those_of_pytorch(level: str, chain: list[Case]) -> None:
    found, gradient = run_chain(level, chain, 2, bf16=False)
    inputs = chain[0].draw(0)[0].double().requires_grad_()
    exact = [{name: value.double().requires_grad_() for name, value in case.draw(number)[1].items()}
             for number, case in enumerate(chain)]  # fmt: skip
    values = inputs
    for case, weights in zip(chain, exact, strict=True):
        values = truth(case, values, weights)
    values.backward(gradient.double())
    assert found.input_gradient is not None
    assert inputs.grad is not None
    assert_near(found.input_gradient, inputs.grad, 1e-5)
    for number, weights in enumerate(exact):
        for name, value in weights.items():
            assert value.grad is not None
            assert_near(found.gradients[f"{number}.{name}"], value.grad, 1e-5)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("chain", [WIDE, HEAVY], ids=["wide", "heavy"])
def test_shared_places_give_the_same_bits_on_any_number_of_threads(level: str, chain: list[Case]) -> None:
    alone, _ = run_chain(level, chain, 1, bf16=level == "avx512_bf16")
    for threads in range(2, 9):
        found, _ = run_chain(level, chain, threads, bf16=level == "avx512_bf16")
        assert torch.equal(found.output, alone.output)
        assert found.input_gradient is not None
        assert alone.input_gradient is not None
        assert torch.equal(found.input_gradient, alone.input_gradient)
        assert all(torch.equal(found.gradients[name], alone.gradients[name]) for name in alone.gradients)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_pass_takes_no_more_seats_than_were_planned(threads: int) -> None:
    """More threads than seats: the others wait, and nothing else changes."""
    level = LEVELS[-1]
    program, cases = make_program(level, WIDE)
    program.threads = threads
    outcome = program.forward(cases[0].draw(0)[0], 8)
    assert program.planned.seats == threads
    program.backward(outcome, torch.ones_like(outcome.output))
    wanted = run_ones(level)
    assert all(torch.equal(outcome.gradients[name], wanted.gradients[name]) for name in wanted.gradients)


def run_ones(level: str) -> Outcome:
    program, cases = make_program(level, WIDE)
    outcome = program.forward(cases[0].draw(0)[0], 1)
    return program.backward(outcome, torch.ones_like(outcome.output))


def padded(elements: int, size: int) -> int:
    """Bytes of an area: whole cache lines, and room for a vector behind."""
    return (elements * size + 127) // 64 * 64


@pytest.mark.parametrize("level", LEVELS)
def test_the_way_back_of_a_chain_takes_the_same_memory_for_any_batch(level: str) -> None:
    few, many = (plan(level, WIDE, batch, threads=2)[0] for batch in (64, 1024))
    assert few.slots == many.slots
    assert few.work_bytes == many.work_bytes


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_kept_is_each_output_map_and_a_byte_for_each_pooled_value(level: str) -> None:
    planned, blocks = plan(level, WIDE, 64, threads=2)
    outputs = [64 * block.output_height * block.output_width * block.filters for block in blocks]
    size = 2 if blocks[0].bf16 else 4
    choices = [outputs[1], outputs[3]]
    assert planned.kept_bytes == sum(padded(one, size) for one in outputs[:-1]) + sum(
        padded(one, 1) for one in choices
    )


@pytest.mark.parametrize("level", LEVELS)
def test_work_is_partial_sums_packed_weights_and_two_maps_of_two_samples_a_thread(level: str) -> None:
    planned, blocks = plan(level, WIDE, 64, threads=2)
    partial = sum(planned.slots * block.partial_stride for block in blocks)
    inputs = [padded(2 * block.height * block.width * block.channels, 4) for block in blocks[1:]]
    seats = 2 * max(one + other for one, other in itertools.pairwise(inputs))
    packed = sum(
        padded(2 * 9 * 32 * -(-max(block.channels, block.filters) // 16) * 16, 4) for block in blocks
    )
    assert planned.work_bytes <= partial + seats + packed + 256 * len(blocks)


@pytest.mark.parametrize("level", LEVELS)
def test_where_weights_outweigh_maps_partial_sums_take_turns(level: str) -> None:
    planned, blocks = plan(level, HEAVY, 5, threads=2)
    sums = [planned.slots * block.partial_stride for block in blocks]
    assert planned.slots == 2
    assert max(sums) < planned.work_bytes < sum(sums)


def test_a_kernel_library_tells_the_places_that_python_reads() -> None:
    level = LEVELS[-1]
    assert library_of(level).functions.striate_pass_bytes() == ctypes.sizeof(Pass)
    planned, blocks = plan(level, WIDE, 64, threads=3)
    assert planned.seats == 3
    assert planned.seat_bytes > 0
    assert [block.work_gradient for block in blocks] == [-1] * 4
    assert [block.seat_gradient >= 0 for block in blocks] == [False, True, True, True]
