"""Global pooling with dropout: the native kernel against PyTorch in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from tests.ops.native.single_block import LEVELS, SingleBlock, assert_near, dropout_factors

KEY = 0xFEDCBA9876543210
HALF = 2.0**-8  # bf16 rounding


@dataclass(frozen=True)
class Case:
    """One global pooling and the input it gets."""

    shape: tuple[int, int, int, int]
    maximum: bool = False
    dropout: float = 0.0
    bf16: bool = False
    fp32_input: bool = False
    fp32_output: bool = False

    def inputs(self, seed: int) -> torch.Tensor:
        """Draw the input."""
        values = torch.randn(self.shape, generator=torch.Generator().manual_seed(seed)) + 0.5
        return values.bfloat16() if self.bf16 and not self.fp32_input else values

    def block(self, level: str, **more: Any) -> SingleBlock:
        """Make the program."""
        _, height, width, channels = self.shape
        known: dict[str, Any] = {
            "kind": 4, "bf16": self.bf16, "training": 1, "input_gradient": 1, "maximum": self.maximum,
            "input_is_fp32": self.fp32_input, "output_is_fp32": self.fp32_output,
            "height": height, "width": width, "channels": channels, "filters": channels,
            "map_height": height, "map_width": width, "output_height": 1, "output_width": 1,
            "dropout": self.dropout, "dropout_key": KEY,
        }  # fmt: skip
        return SingleBlock(level, {}, **(known | more))


def truth(case: Case, inputs: torch.Tensor) -> torch.Tensor:
    """The pooled values by PyTorch in float64; equal maxima share their gradient."""
    rows = inputs.flatten(1, 2)
    values = rows.amax(1) if case.maximum else rows.mean(1)
    values = values[:, None, None, :]
    return values * dropout_factors(tuple(values.shape), case.dropout, KEY) if case.dropout else values


def compare(case: Case, level: str, seed: int) -> None:
    """Run forward and backward, and compare."""
    inputs = case.inputs(seed)
    exact = inputs.double().requires_grad_()
    wanted = truth(case, exact)
    block = case.block(level)
    outcome = block.forward(inputs)
    assert_near(outcome.output, wanted.detach(), HALF if outcome.output.dtype == torch.bfloat16 else 1e-5)
    gradient = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(seed + 1))
    block.backward(outcome, gradient)
    (expected,) = torch.autograd.grad(wanted, exact, gradient.to(outcome.output.dtype).double())
    assert_near(outcome.input_gradient, expected, HALF if inputs.dtype == torch.bfloat16 else 1e-5)


def draw(seed: int, *, bf16: bool) -> Case:
    """Draw a shape, odd ones more often than round ones."""
    generator = torch.Generator().manual_seed(2000 + seed)

    def one_of(*choices: Any) -> Any:
        return choices[int(torch.randint(len(choices), (), generator=generator))]

    return Case(
        (one_of(1, 2, 3, 7), one_of(1, 2, 9, 20), one_of(1, 3, 8, 33), one_of(1, 3, 5, 8, 16, 33, 64, 100)),
        one_of(True, False), one_of(0.0, 0.4),
        bf16, bf16 and one_of(True, False), bf16 and one_of(True, False),
    )  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(60))
def test_random_shapes_agree_with_float64(level: str, seed: int) -> None:
    compare(draw(seed + 100 * LEVELS.index(level), bf16=False), level, seed)


@pytest.mark.parametrize("seed", range(60))
def test_random_shapes_in_bf16_agree_within_its_rounding(seed: int) -> None:
    compare(draw(seed + 400, bf16=True), "avx512_bf16", seed)


@pytest.mark.parametrize("level", ["avx512", "avx2"])
def test_bf16_is_left_to_processors_that_have_it(level: str) -> None:
    assert not Case((2, 3, 3, 4), bf16=True).block(level).fits()


@pytest.mark.parametrize("level", LEVELS)
def test_a_mean_over_many_places_loses_nothing(level: str) -> None:
    case = Case((1, 300, 301, 5))
    inputs = case.inputs(1) + 100
    assert_near(case.block(level).forward(inputs).output, truth(case, inputs.double()), 1e-6)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("maximum", [True, False])
def test_nan_and_infinity_go_through(level: str, *, maximum: bool) -> None:
    case = Case((2, 3, 4, 18), maximum)
    inputs = case.inputs(2)
    inputs[0, 1, 2, 3], inputs[1, 0, 0, 17] = float("nan"), float("inf")
    output = case.block(level).forward(inputs).output
    assert output.isnan().nonzero().tolist() == [[0, 0, 0, 3]]
    assert output.isinf().nonzero().tolist() == [[1, 0, 0, 17]]


@pytest.mark.parametrize("level", LEVELS)
def test_equal_maxima_share_the_gradient(level: str) -> None:
    case = Case((1, 2, 4, 40), maximum=True)
    inputs = torch.ones(case.shape)
    inputs[0, 0, 0] = 0.5
    block = case.block(level)
    block.backward(outcome := block.forward(inputs), torch.ones(1, 1, 1, 40))
    assert (outcome.input_gradient == (inputs == 1) / 7).all()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("maximum", [True, False])
def test_the_number_of_threads_changes_no_bit(level: str, *, maximum: bool) -> None:
    case = Case((13, 5, 6, 33), maximum, dropout=0.3)
    inputs = case.inputs(3)
    first = None
    for threads in range(1, 9):
        block = case.block(level)
        outcome = block.backward(block.forward(inputs, threads), torch.ones(13, 1, 1, 33))
        first = first or outcome
        assert torch.equal(first.output, outcome.output)
        assert torch.equal(first.input_gradient, outcome.input_gradient)


@pytest.mark.parametrize("maximum", [True, False])
@pytest.mark.parametrize("threads", [1, 4])
def test_inference_drops_nothing(threads: int, *, maximum: bool) -> None:
    case = Case((2, 4, 5, 10), maximum, dropout=0.9)
    inputs = case.inputs(4)
    output = case.block(LEVELS[0], training=0).forward(inputs, threads).output
    wanted = truth(Case(case.shape, maximum), inputs.double())
    assert_near(output, wanted, 1e-6)


def test_a_relu_behind_it_is_not_fitted() -> None:
    case = Case((2, 4, 5, 10))
    assert case.block(LEVELS[0]).fits()
    assert not case.block(LEVELS[0], relu=1).fits()


def test_a_gradient_that_nobody_wants_is_not_written() -> None:
    case = Case((2, 4, 5, 10), maximum=True)
    block = case.block(LEVELS[0], input_gradient=0)
    outcome = block.backward(block.forward(case.inputs(5)), torch.ones(2, 1, 1, 10))
    assert outcome.input_gradient is None
