"""Batch normalisation with ReLU, pooling and dropout: the native kernel against PyTorch in float64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from tests.ops.native.single_block import LEVELS, Outcome, SingleBlock, assert_near, dropout_factors, pooled

EPSILON, MOMENTUM, KEY = 1e-3, 0.875, 0x1234567890ABCDEF
HALF = 2.0**-8  # bf16 rounding


@dataclass(frozen=True)
class Case:
    """One normalisation and the input it gets."""

    shape: tuple[int, int, int, int]
    pool: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)  # rows and columns of the first windows that lie before the map
    after: bool = False  # whether the last windows may end behind the map
    relu: bool = True
    dropout: float = 0.0
    affine: str = "both"  # of gamma and beta: 'both', 'gamma', 'beta' or 'none'
    mean: float = 0.0
    bf16: bool = False
    fp32_input: bool = False
    fp32_output: bool = False

    def outputs(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        lengths = zip(self.shape[1:3], self.pool, self.before, strict=True)
        found = [
            (length + before + (size - 1 if self.after else 0)) // size for length, size, before in lengths
        ]
        return found[0], found[1]

    def data(self, seed: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Draw the input and the weights."""
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randn(self.shape, generator=generator) * 1.5 + self.mean
        if self.bf16 and not self.fp32_input:
            inputs = inputs.bfloat16()
        channels = self.shape[-1]
        weights = {"moving_mean": torch.randn(channels, generator=generator),
                   "moving_variance": torch.rand(channels, generator=generator) + 0.5}  # fmt: skip
        if self.affine in ("both", "gamma"):
            weights["gamma"] = torch.randn(channels, generator=generator)
            weights["gamma"][:: max(channels // 3, 1)] = 0.0
        if self.affine in ("both", "beta"):
            weights["beta"] = torch.randn(channels, generator=generator)
        return inputs, weights

    def block(self, level: str, weights: dict[str, torch.Tensor], **more: Any) -> SingleBlock:
        """Make the program."""
        _, height, width, channels = self.shape
        rows, columns = self.outputs()
        known: dict[str, Any] = {
            "kind": 1, "bf16": self.bf16, "training": 1, "input_gradient": 1,
            "input_is_fp32": self.fp32_input, "output_is_fp32": self.fp32_output,
            "height": height, "width": width, "channels": channels, "filters": channels,
            "map_height": height, "map_width": width, "relu": self.relu,
            "pool_height": self.pool[0], "pool_width": self.pool[1],
            "pool_top": self.before[0], "pool_left": self.before[1],
            "output_height": rows, "output_width": columns,
            "dropout": self.dropout, "epsilon": EPSILON, "momentum": MOMENTUM, "dropout_key": KEY,
        }  # fmt: skip
        return SingleBlock(level, weights, **(known | more))


def truth(
    case: Case, inputs: torch.Tensor, weights: dict[str, torch.Tensor], *, training: bool = True
) -> Outcome:
    """The same by PyTorch in float64, with a graph for the way back."""
    exact = inputs.double().requires_grad_()
    leaves = {
        name: tensor.double().requires_grad_(name in ("gamma", "beta")) for name, tensor in weights.items()
    }
    mean, variance = leaves["moving_mean"], leaves["moving_variance"]
    if training:
        # F.batch_norm refuses a single value a channel.
        mean, variance = exact.mean((0, 1, 2)), exact.var((0, 1, 2), unbiased=False)
    values = (exact - mean) / (variance + EPSILON).sqrt() * leaves.get("gamma", 1.0) + leaves.get("beta", 0.0)
    values = values.permute(0, 3, 1, 2)
    values = pooled(values.relu() if case.relu else values, case.pool, case.before, case.outputs())
    output = values.permute(0, 2, 3, 1)
    if training and case.dropout:
        output = output * dropout_factors(tuple(output.shape), case.dropout, KEY)
    outcome = Outcome(output, exact)
    outcome.gradients = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    return outcome


def compare(case: Case, level: str, seed: int) -> None:
    """Run forward and backward, and compare output, statistics and all gradients."""
    inputs, weights = case.data(seed)
    moving = {name: weights[name].clone() for name in ("moving_mean", "moving_variance")}
    wanted = truth(case, inputs, weights)
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    rounding = HALF if block.output_type() == torch.bfloat16 else 1e-5
    assert_near(outcome.output, wanted.output.detach(), rounding)
    gradient = torch.randn(wanted.output.shape, generator=torch.Generator().manual_seed(seed + 1))
    block.backward(outcome, gradient)
    given = gradient.to(block.output_type()).double()
    leaves = [wanted.input_gradient, *wanted.gradients.values()]
    expected = torch.autograd.grad(wanted.output, leaves, given)
    # A batch of one value a channel has a gradient of zero: nothing but rounding to compare with.
    scale = float(given.abs().max() * weights.get("gamma", torch.ones(1)).abs().max())
    floor = torch.tensor([scale / EPSILON**0.5 * 1e-2])
    found = outcome.input_gradient
    tolerance = HALF if found.dtype == torch.bfloat16 else 1e-5
    beside = torch.cat([found.double().flatten(), floor.double()])
    assert_near(beside, torch.cat([expected[0].flatten(), floor.double()]), tolerance)
    for name, value in zip(wanted.gradients, expected[1:], strict=True):
        largest = max(float(value.abs().max()), float(given.abs().max()))
        assert float((outcome.gradients[name].double() - value).abs().max()) <= 1e-5 * largest
    rows = inputs.double().reshape(-1, inputs.shape[-1])
    for name, value in (("moving_mean", rows.mean(0)), ("moving_variance", rows.var(0, unbiased=False))):
        assert_near(block.weights[name], moving[name].double() * MOMENTUM + value * (1 - MOMENTUM), 1e-6)


def draw(seed: int, *, bf16: bool) -> Case:
    """Draw a shape, odd ones more often than round ones."""
    generator = torch.Generator().manual_seed(1000 + seed)

    def one_of(*choices: Any) -> Any:
        return choices[int(torch.randint(len(choices), (), generator=generator))]

    pool = one_of((1, 1), (2, 2), (3, 3), (1, 3), (2, 1), (3, 2), (5, 4))
    shape = (
        one_of(1, 2, 3, 5, 9),
        one_of(1, 2, 5, 7, 12),
        one_of(1, 3, 4, 8, 13),
        one_of(1, 3, 5, 8, 16, 33, 64, 100),
    )
    before = (one_of(0, pool[0] // 2), one_of(0, pool[1] // 2))
    case = Case(
        shape, pool, before, one_of(True, False), one_of(True, True, False), one_of(0.0, 0.0, 0.3),
        one_of("both", "both", "gamma", "beta", "none"), one_of(0.0, 3.0), bf16,
        bf16 and one_of(True, False, False), bf16 and one_of(True, False, False),
    )  # fmt: skip
    return case if min(case.outputs()) > 0 else replace(case, after=True)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(60))
def test_random_shapes_agree_with_float64(level: str, seed: int) -> None:
    compare(draw(seed + 100 * LEVELS.index(level), bf16=False), level, seed)


@pytest.mark.parametrize("seed", range(100))
def test_random_shapes_in_bf16_agree_within_its_rounding(seed: int) -> None:
    compare(draw(seed + 400, bf16=True), "avx512_bf16", seed)


@pytest.mark.parametrize("level", ["avx512", "avx2"])
def test_bf16_is_left_to_processors_that_have_it(level: str) -> None:
    case = Case((2, 3, 3, 4), bf16=True)
    assert not case.block(level, case.data(1)[1]).fits()


@pytest.mark.parametrize("level", LEVELS)
def test_variance_is_right_where_the_mean_is_a_thousand_times_the_deviation(level: str) -> None:
    case = Case((5, 11, 13, 33), mean=1500.0)
    inputs, weights = case.data(3)
    weights["moving_mean"].zero_()
    weights["moving_variance"].zero_()
    block = case.block(level, weights)
    output = block.forward(inputs).output
    rows = inputs.double().reshape(-1, 33)
    found = block.weights["moving_variance"].double() / (1 - MOMENTUM)
    assert ((found / rows.var(0, unbiased=False)) - 1).abs().max() < 1e-6
    assert_near(output, truth(case, inputs, weights).output.detach(), 1e-6)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("pool", [(1, 1), (2, 3)])
def test_nan_and_infinity_spoil_their_channel_and_no_other(level: str, pool: tuple[int, int]) -> None:
    case = Case((3, 6, 6, 20), pool)
    inputs, weights = case.data(5)
    weights["gamma"].fill_(-1.5)
    inputs[1, 2, 3, 4] = float("nan")
    inputs[2, 0, 0, 7] = float("inf")
    wanted = truth(case, inputs, weights)
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    assert_near(outcome.output, wanted.output.detach(), 1e-5)
    assert outcome.output[..., [4, 7]].isnan().all()
    block.backward(outcome, torch.ones_like(outcome.output))
    spoilt = outcome.input_gradient.isnan().flatten(0, 2)
    assert spoilt[:, [4, 7]].all()
    assert spoilt.any(0).sum() == 2
    assert block.weights["moving_mean"].isnan().nonzero().flatten().tolist()[:1] == [4]
    assert block.weights["moving_variance"].isnan().nonzero().flatten().tolist() == [4, 7]


def test_a_nan_that_moving_statistics_let_through_wins_its_window_alone() -> None:
    case = Case((1, 4, 4, 3), (2, 2))
    inputs, weights = case.data(6)
    inputs[0, 1, 1, 1] = float("nan")
    found = case.block(LEVELS[0], weights, training=0).forward(inputs).output
    assert found.isnan().nonzero().tolist() == [[0, 0, 0, 1]]


@pytest.mark.parametrize("level", LEVELS)
def test_a_channel_that_relu_closes_everywhere_passes_no_gradient(level: str) -> None:
    case = Case((4, 6, 6, 5), (3, 3))
    inputs, weights = case.data(7)
    weights["gamma"][2], weights["beta"][2] = 0.01, -100.0
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    block.backward(outcome, torch.ones_like(outcome.output))
    assert outcome.output[..., 2].count_nonzero() == 0
    assert outcome.input_gradient[..., 2].count_nonzero() == 0
    assert outcome.gradients["gamma"][2] == 0
    assert outcome.gradients["beta"][2] == 0


@pytest.mark.parametrize(
    ("level", "case"),
    [*((level, Case((17, 5, 7, 33), (2, 2), dropout=0.2)) for level in LEVELS),
     ("avx512_bf16", Case((9, 4, 4, 100), bf16=True))],
)  # fmt: skip
def test_the_number_of_threads_changes_no_bit(level: str, case: Case) -> None:
    inputs, weights = case.data(8)
    first = None
    for threads in range(1, 9):
        given = {name: tensor.clone() for name, tensor in weights.items()}
        block = case.block(level, given)
        outcome = block.forward(inputs, threads)
        block.backward(outcome, torch.ones(outcome.output.shape))
        found = [outcome.output, outcome.input_gradient, *outcome.gradients.values(), *given.values()]
        first = first or found
        assert all(torch.equal(one, other) for one, other in zip(first, found, strict=True))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("threads", [1, 4])
def test_inference_takes_the_moving_statistics_and_leaves_them_alone(level: str, threads: int) -> None:
    case = Case((2, 9, 7, 33), (2, 3), (1, 0), after=True, dropout=0.5)
    inputs, weights = case.data(9)
    before = {name: tensor.clone() for name, tensor in weights.items()}
    output = case.block(level, weights, training=0).forward(inputs, threads).output
    assert_near(output, truth(case, inputs, weights, training=False).output.detach(), 1e-5)
    assert all(torch.equal(before[name], weights[name]) for name in before)


def test_dropout_counts_examples_in_the_whole_batch() -> None:
    case = Case((4, 3, 3, 10), relu=False, dropout=0.5)
    inputs, weights = case.data(10)
    output = case.block(LEVELS[0], weights).forward(inputs, first_example=6).output
    kept = dropout_factors(tuple(output.shape), 0.5, KEY, 6) > 0
    # gamma 0 and beta make no value zero by themselves
    assert torch.equal(output != 0, kept)


def test_gradients_that_nobody_wants_are_not_written() -> None:
    case = Case((2, 3, 3, 4))
    inputs, weights = case.data(11)
    block = case.block(LEVELS[0], weights, input_gradient=0)
    block.block.gamma_gradient = None
    outcome = block.backward(block.forward(inputs), torch.ones(2, 3, 3, 4))
    assert outcome.input_gradient is None
    assert (outcome.gradients["gamma"] == 123.0).all()
    assert not (outcome.gradients["beta"] == 123.0).any()


@pytest.mark.parametrize(
    "change", [{"pool_height": 16, "pool_width": 16}, {"pool_top": 2}, {"output_height": 4}]
)
def test_windows_that_are_too_large_or_empty_are_not_fitted(change: dict[str, int]) -> None:
    case = Case((2, 6, 6, 4), (2, 2))
    _, weights = case.data(12)
    assert case.block(LEVELS[0], weights).fits()
    assert not case.block(LEVELS[0], weights, **change).fits()
