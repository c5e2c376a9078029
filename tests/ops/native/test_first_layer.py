"""Convolution, normalisation and pooling without the map between them: the kernel against float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.ops.native.first_layer_truth import HALF, MOMENTUM, Case, along, output_of, truth
from tests.ops.native.single_block import LEVELS, assert_near


def compare(case: Case, level: str, seed: int, tolerance: float) -> None:
    """Run forward and backward, and compare output, statistics and all gradients."""
    inputs, weights = case.data(seed)
    moving = {name: weights[name].clone() for name in ("moving_mean", "moving_variance")}
    exact = truth(case, inputs, weights)
    wanted = output_of(case, exact.normalized)
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    assert_near(outcome.output, output_of(case, exact.rounded), tolerance if case.fp32_output else HALF)
    for name, value in (("moving_mean", exact.mean), ("moving_variance", exact.variance)):
        assert_near(block.weights[name], moving[name].double() * MOMENTUM + value * (1 - MOMENTUM), 2e-6)
    if case.bf16:
        # Rounding decides who wins a window, and then the gradient goes that way.
        wanted = along(case, exact, block.kept_choice())
    gradient = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(seed + 1))
    block.backward(outcome, gradient)
    given = gradient.to(block.output_type()).double()
    expected = torch.autograd.grad(wanted, list(exact.leaves.values()), given, allow_unused=True)
    for name, value in zip(exact.leaves, expected, strict=True):
        # What a gradient's terms are made of, where the sum itself is (nearly) nothing.
        size = max(float(value.abs().max()), float(given.abs().sum((0, 1, 2)).max()) * 0.3)
        assert float((outcome.gradients[name].double() - value).abs().max()) <= 1e-5 * size, name


def draw(seed: int, *, bf16: bool) -> Case:
    """Draw a shape, odd ones more often than round ones."""
    generator = torch.Generator().manual_seed(3000 + seed)

    def one_of(*choices: Any) -> Any:
        return choices[int(torch.randint(len(choices), (), generator=generator))]

    window = one_of((3, 3), (3, 3), (1, 1), (1, 3), (2, 3), (5, 1), (4, 4))
    channels = one_of(1, 1, 2, 3) if window[0] * window[1] <= 12 else one_of(1, 3)
    if window == (1, 1):
        channels = one_of(1, 3, 20, 33, 48)
    padding = one_of((0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 0, 1), (2, 0, 1, 2))
    pool = one_of((1, 1), (2, 2), (3, 3), (1, 3), (3, 2), (5, 4))
    case = Case(
        (one_of(1, 2, 3, 5), one_of(5, 9, 14), one_of(5, 8, 21), channels), one_of(1, 3, 5, 16, 33, 64, 100),
        window, one_of((1, 1), (1, 1), (2, 1), (2, 3)), one_of((1, 1), (1, 1), (2, 1), (1, 2)), padding,
        pool, (one_of(0, pool[0] // 2), one_of(0, pool[1] // 2)), True, one_of(True, True, False),
        one_of(0.0, 0.0, 0.3), one_of(True, False), one_of("both", "both", "gamma", "beta", "none"),
        one_of(0.0, 2.0), bf16, not bf16 or one_of(True, False),
    )  # fmt: skip
    return case if min(case.map_size()) > 0 else draw(seed + 1000, bf16=bf16)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(60))
def test_random_shapes_agree_with_float64(level: str, seed: int) -> None:
    compare(draw(seed + 100 * LEVELS.index(level), bf16=False), level, seed, 1e-5)


@pytest.mark.parametrize("seed", range(70))
def test_random_shapes_in_bf16_agree_within_its_rounding(seed: int) -> None:
    compare(draw(seed + 400, bf16=True), "avx512_bf16", seed, 1e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_statistics_are_exact_where_the_filter_cancels_nearly_all_of_a_smooth_image(level: str) -> None:
    case = Case((4, 20, 20, 1), 5, affine="none")
    _, weights = case.data(1)
    steps = torch.linspace(0, 3, 20)
    inputs = 50 + torch.sin(steps)[None, :, None, None] * torch.cos(steps)[None, None, :, None]
    inputs = (inputs * torch.tensor([1.0, 1.01, 0.99, 1.02])[:, None, None, None]).contiguous()
    weights["kernel"] -= weights["kernel"].mean((1, 2), keepdim=True)
    for name in ("moving_mean", "moving_variance"):
        weights[name].zero_()
    exact = truth(case, inputs, weights)
    block = case.block(level, weights)
    block.forward(inputs)
    found = block.weights["moving_variance"].double() / (1 - MOMENTUM)
    assert ((found / exact.variance) - 1).abs().max() < 1e-4
    assert_near(block.weights["moving_mean"], exact.mean * (1 - MOMENTUM), 1e-5)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spoiler", [float("nan"), float("inf")])
@pytest.mark.parametrize("pool", [(1, 1), (3, 3)])
def test_nan_and_infinity_in_the_input_reach_all_outputs_as_the_batch_statistics_do(
    level: str, spoiler: float, pool: tuple[int, int]
) -> None:
    case = Case((2, 8, 8, 1), 20, pool=pool, affine="none")
    inputs, weights = case.data(2)
    inputs[1, 3, 3, 0] = spoiler
    outcome = case.block(level, weights).forward(inputs)
    assert outcome.output.isnan().all()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["gamma", "beta", "kernel"])
def test_nan_in_a_filter_spoils_its_channel_and_no_other(level: str, name: str) -> None:
    case = Case((2, 8, 8, 2), 20, pool=(2, 2))
    inputs, weights = case.data(3)
    weights[name][7] = float("nan")
    output = case.block(level, weights).forward(inputs).output
    assert output[..., 7].isnan().all()
    assert output.isnan().sum() == output[..., 7].numel()


@pytest.mark.parametrize("level", LEVELS)
def test_large_values_take_the_careful_way_to_the_same_result(level: str) -> None:
    case = Case((3, 9, 9, 1), 33, pool=(3, 3), affine="none", with_bias=False)
    inputs, weights = case.data(4)
    small = case.block(
        level, {name: tensor.clone() for name, tensor in weights.items()}, epsilon=0.0
    ).forward(inputs)
    choice = case.block(level, weights, epsilon=0.0)
    large = choice.forward(inputs * 2.0**60)
    assert torch.equal(small.output, large.output)


@pytest.mark.parametrize("level", LEVELS)
def test_a_filter_that_relu_closes_everywhere_has_no_gradient(level: str) -> None:
    case = Case((3, 9, 9, 1), 6, pool=(3, 3))
    inputs, weights = case.data(5)
    weights["gamma"][2], weights["beta"][2] = 0.01, -100.0
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    block.backward(outcome, torch.ones_like(outcome.output))
    assert outcome.output[..., 2].count_nonzero() == 0
    assert all(outcome.gradients[name][2].count_nonzero() == 0 for name in outcome.gradients)


@pytest.mark.parametrize(
    ("level", "bf16"), [("avx512_bf16", True), ("avx512_bf16", False), ("avx512", False), ("avx2", False)]
)
def test_the_number_of_threads_changes_no_bit(level: str, *, bf16: bool) -> None:
    case = Case((17, 14, 14, 1), 33, pool=(3, 3), dropout=0.2, bf16=bf16)
    inputs, weights = case.data(6)
    first = None
    for threads in range(1, 9):
        given = {name: tensor.clone() for name, tensor in weights.items()}
        block = case.block(level, given)
        outcome = block.forward(inputs, threads)
        block.backward(outcome, torch.ones(outcome.output.shape))
        found = [outcome.output, *outcome.gradients.values(), *given.values()]
        first = first or found
        assert all(torch.equal(one, other) for one, other in zip(first, found, strict=True))


@pytest.mark.parametrize(
    "change",
    [
        {"training": 0},
        {"input_gradient": 1},
        {"channels": 7},
        {"pool_height": 16, "pool_width": 16},
        {"pool_top": 3},
    ],
)
def test_what_it_cannot_do_is_not_fitted(change: dict[str, int]) -> None:
    case = Case((2, 9, 9, 1), 4, pool=(3, 3))
    _, weights = case.data(7)
    assert case.block(LEVELS[0], weights).fits()
    assert not case.block(LEVELS[0], weights, **change).fits()


def test_a_frozen_kernel_gets_no_gradient() -> None:
    case = Case((2, 9, 9, 1), 4, pool=(3, 3))
    inputs, weights = case.data(8)
    block = case.block(LEVELS[0], weights)
    block.block.kernel_gradient = None
    outcome = block.backward(block.forward(inputs), torch.ones(2, *case.outputs(), 4))
    assert (outcome.gradients["kernel"] == 123.0).all()
    assert (outcome.gradients["bias"] == 0).all()
