"""Convolution, bias, pooling, ReLU and dropout in one pass: the native kernels against PyTorch in float64."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.ops.native.convolution_cases import HALF, Case, compare, draw_cases, rounded, run, truth
from tests.ops.native.single_block import LEVELS, assert_near


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("part", range(10))
def test_random_shapes_agree_with_pytorch_in_fp32(level: str, part: int) -> None:
    for number, case in enumerate(draw_cases(25, part)):
        compare(case, level, number)


@pytest.mark.parametrize("part", range(8))
def test_random_shapes_agree_with_pytorch_in_bf16(part: int) -> None:
    for number, case in enumerate(draw_cases(25, 100 + part)):
        mixed = replace(case, bf16=True, fp32_input=number % 3 == 0, fp32_output=number % 4 == 1)
        compare(mixed, "avx512_bf16", number)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("part", range(3))
def test_a_normalisation_is_folded_into_the_weights_in_inference(level: str, part: int) -> None:
    for number, case in enumerate(draw_cases(15, 200 + part)):
        compare(replace(case, training=False, folded=True), level, number)
        if level == "avx512_bf16":
            compare(replace(case, training=False, bf16=True), level, number)


@pytest.mark.parametrize("level", LEVELS)
def test_large_maps_and_many_channels_are_cut_into_pieces_that_fit_together(level: str) -> None:
    compare(Case((3, 40, 61, 37), filters=50, pool=(2, 2)), level, 1)
    compare(Case((2, 9, 9, 200), filters=130, rows_padding=(1, 1), columns_padding=(1, 1)), level, 2)
    compare(Case((19, 5, 5, 24), filters=33, pool=(3, 3), dropout=0.3), level, 3)
    compare(Case((2, 20, 21, 3), filters=17, window=(16, 17), pool=(5, 5)), level, 4)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("width", [3, 4, 6, 13, 25, 44])
def test_maps_narrower_than_their_input_give_it_its_gradient(level: str, width: int) -> None:
    """Without padding, or where pooling leaves columns out: tiles of all sizes and blocks of all lanes."""
    cases = [
        Case((2, 4, width, channels), filters=filters, pool=pool, columns_padding=padding)
        for channels, filters in ((1, 2), (17, 6), (33, 5), (50, 34))
        for pool, padding in (((1, 1), (0, 0)), ((1, 2), (1, 0)), ((2, 3), (0, 0)), ((1, 3), (4, 0)))
    ]
    for number, case in enumerate(cases):
        if case.possible():
            compare(replace(case, bf16=level == "avx512_bf16"), level, number)


@pytest.mark.parametrize("level", LEVELS)
def test_a_batch_of_one_is_cut_into_bands_that_give_the_same_bits(level: str) -> None:
    for number, case in enumerate(draw_cases(30, 300)):
        single = replace(case, shape=(1, *case.shape[1:]), training=False)
        alone, _ = run(single, level, number)
        for threads in (2, 5, 8):
            assert torch.equal(run(single, level, number, threads)[0].output, alone.output)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("batch", [1, 7, 41])
def test_any_number_of_threads_gives_the_same_bits(level: str, batch: int) -> None:
    case = Case((batch, 9, 11, 5), filters=20, pool=(2, 2), dropout=0.2, bf16=level == "avx512_bf16")
    alone, _ = run(case, level, 3)
    for threads in range(2, 9):
        found, _ = run(case, level, 3, threads)
        assert torch.equal(found.output, alone.output)
        assert found.input_gradient is not None
        assert alone.input_gradient is not None
        assert torch.equal(found.input_gradient, alone.input_gradient)
        assert all(torch.equal(found.gradients[name], alone.gradients[name]) for name in alone.gradients)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("pool", [(1, 1), (2, 2), (3, 3), (1, 2)])
@pytest.mark.parametrize("relu", [False, True])
def test_nan_and_infinity_go_through_as_in_pytorch(level: str, pool: tuple[int, int], relu: bool) -> None:
    """Odd channels and columns: what stands beside the last pair of values must not count."""
    case = Case((3, 8, 14, 3), filters=5, window=(3, 3), pool=pool, relu=relu, bf16=level == "avx512_bf16")
    inputs, weights = case.draw(5)
    inputs[0, 2, 3, 1] = torch.nan
    inputs[1, 4, 12, 0] = torch.inf
    inputs[1, 4, 9, 2] = -torch.inf
    inputs[2, 0, 13, 2] = torch.inf
    exact = rounded(case, inputs).requires_grad_()
    kernel = rounded(case, weights["kernel"])
    wanted = truth(case, exact, {"kernel": kernel, "bias": weights["bias"].double()})
    wanted.backward(torch.ones_like(wanted))
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    same_values(outcome.output, wanted.detach())
    assert outcome.output.isnan().any()
    assert outcome.output.isinf().any()
    block.backward(outcome, torch.ones_like(outcome.output))
    assert outcome.input_gradient is not None
    assert exact.grad is not None
    same_values(outcome.input_gradient, exact.grad)


def same_values(found: torch.Tensor, wanted: torch.Tensor) -> None:
    """NaN and infinity at the same places, the rest within bf16 rounding."""
    found = found.double()
    assert torch.equal(found.isnan(), wanted.isnan())
    for sign in (torch.inf, -torch.inf):
        assert torch.equal(found == sign, wanted == sign)
    finite = wanted.isfinite()
    assert_near(found[finite], wanted[finite], 1.5 * HALF)


@pytest.mark.parametrize("level", LEVELS)
def test_a_map_that_relu_closed_altogether_has_no_gradients(level: str) -> None:
    for pool in ((1, 1), (2, 2)):
        case = Case((4, 6, 6, 3), filters=7, pool=pool)
        inputs, weights = case.draw(1)
        weights["bias"] = torch.full((7,), -1e4)
        block = case.block(level, weights)
        outcome = block.forward(inputs)
        assert not outcome.output.any()
        block.backward(outcome, torch.ones_like(outcome.output))
        assert outcome.input_gradient is not None
        assert not outcome.input_gradient.any()
        assert not any(gradient.any() for gradient in outcome.gradients.values())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("frozen", ["kernel", "bias"])
def test_gradients_that_nobody_wants_are_left_alone(level: str, frozen: str) -> None:
    case = Case((5, 6, 7, 4), filters=9)
    full, gradient = run(case, level, 2)
    inputs, weights = case.draw(2)
    block = case.block(level, weights, input_gradient=0)
    setattr(block.block, f"{frozen}_gradient", None)
    found = block.backward(block.forward(inputs), gradient)
    assert found.input_gradient is None
    assert bool((found.gradients[frozen] == 123).all())
    other = "bias" if frozen == "kernel" else "kernel"
    assert torch.equal(found.gradients[other], full.gradients[other])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("part", range(3))
def test_without_a_gradient_to_the_input_the_others_have_the_same_bits(level: str, part: int) -> None:
    """A pooled bf16 map's gradient then takes a shorter way."""
    for number, drawn in enumerate(draw_cases(25, 400 + part)):
        case = replace(drawn, bf16=level == "avx512_bf16", fp32_input=number % 2 == 0)
        full, gradient = run(case, level, number)
        inputs, weights = case.draw(number)
        block = case.block(level, weights, input_gradient=0)
        found = block.backward(block.forward(inputs), gradient)
        assert all(torch.equal(found.gradients[name], full.gradients[name]) for name in full.gradients)


@pytest.mark.parametrize("level", LEVELS)
def test_an_empty_batch_gives_gradients_of_zero(level: str) -> None:
    case = Case((0, 6, 7, 4), filters=9, pool=(2, 2))
    outcome, _ = run(case, level, 0)
    assert outcome.output.shape == (0, 2, 2, 9)
    assert not any(gradient.any() for gradient in outcome.gradients.values())


@pytest.mark.parametrize("level", LEVELS)
def test_windows_of_more_places_than_a_byte_counts_are_not_fitted(level: str) -> None:
    case = Case((1, 40, 40, 3), filters=4, window=(1, 1), pool=(16, 16))
    assert not case.block(level, case.draw(0)[1]).fits()
    assert replace(case, pool=(15, 17)).block(level, case.draw(0)[1]).fits()


@pytest.mark.parametrize("level", LEVELS[1:])
def test_bf16_is_not_fitted_without_its_products(level: str) -> None:
    case = Case((1, 8, 8, 3), bf16=True)
    assert not case.block(level, case.draw(0)[1]).fits()
