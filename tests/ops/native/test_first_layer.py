"""Convolution, normalisation and pooling without the map between them: the kernel against float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from tests.ops.native.single_block import LEVELS, Outcome, SingleBlock, assert_near, dropout_factors
from tests.ops.native.test_normalization import pooled

EPSILON, MOMENTUM, KEY = 1e-3, 0.875, 0xABCDEF0123456789
HALF = 2.0**-8  # bf16 rounding


@dataclass(frozen=True)
class Case:
    """One first layer and the input it gets."""

    shape: tuple[int, int, int, int]
    filters: int
    window: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, bottom, left, right
    pool: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    after: bool = False
    relu: bool = True
    dropout: float = 0.0
    with_bias: bool = True
    affine: str = "both"
    mean: float = 0.0
    bf16: bool = False
    fp32_output: bool = True

    def map_size(self) -> tuple[int, int]:
        """Rows and columns after the convolution."""
        reach = [(size - 1) * step + 1 for size, step in zip(self.window, self.dilation, strict=True)]
        rows = (self.shape[1] + sum(self.padding[:2]) - reach[0]) // self.stride[0] + 1
        columns = (self.shape[2] + sum(self.padding[2:]) - reach[1]) // self.stride[1] + 1
        return rows, columns

    def outputs(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        lengths = zip(self.map_size(), self.pool, self.before, strict=True)
        found = [(length + before + (size - 1 if self.after else 0)) // size for length, size, before in lengths]
        return found[0], found[1]

    def data(self, seed: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Draw the input and the weights."""
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randn(self.shape, generator=generator) + self.mean
        channels = self.shape[3]
        weights = {
            "kernel": torch.randn((self.filters, *self.window, channels), generator=generator) * 0.4,
            "moving_mean": torch.randn(self.filters, generator=generator),
            "moving_variance": torch.rand(self.filters, generator=generator) + 0.5,
        }
        if self.with_bias:
            weights["bias"] = torch.randn(self.filters, generator=generator)
        if self.affine in ("both", "gamma"):
            weights["gamma"] = torch.randn(self.filters, generator=generator)
            weights["gamma"][:: max(self.filters // 3, 1)] = 0.0
        if self.affine in ("both", "beta"):
            weights["beta"] = torch.randn(self.filters, generator=generator)
        return inputs, weights

    def block(self, level: str, weights: dict[str, torch.Tensor], **more: Any) -> SingleBlock:
        """Make the program."""
        _, height, width, channels = self.shape
        rows, columns = self.outputs()
        map_rows, map_columns = self.map_size()
        known: dict[str, Any] = {
            "kind": 2, "bf16": self.bf16, "training": 1, "input_is_fp32": 1, "output_is_fp32": self.fp32_output,
            "height": height, "width": width, "channels": channels, "filters": self.filters,
            "window_height": self.window[0], "window_width": self.window[1],
            "stride_height": self.stride[0], "stride_width": self.stride[1],
            "dilation_height": self.dilation[0], "dilation_width": self.dilation[1],
            "top": self.padding[0], "left": self.padding[2],
            "map_height": map_rows, "map_width": map_columns, "relu": self.relu,
            "pool_height": self.pool[0], "pool_width": self.pool[1],
            "pool_top": self.before[0], "pool_left": self.before[1],
            "output_height": rows, "output_width": columns,
            "dropout": self.dropout, "epsilon": EPSILON, "momentum": MOMENTUM, "dropout_key": KEY,
        }  # fmt: skip
        return SingleBlock(level, weights, **(known | more))


def truth(
    case: Case, inputs: torch.Tensor, weights: dict[str, torch.Tensor]
) -> tuple[Outcome, torch.Tensor, torch.Tensor]:
    """The same by PyTorch in float64, with a graph for the way back; mean and variance of the map."""
    exact = (inputs.bfloat16() if case.bf16 else inputs).double()
    leaves = {name: tensor.double().requires_grad_() for name, tensor in weights.items()}
    top, bottom, left, right = case.padding
    padded = F.pad(exact.permute(0, 3, 1, 2), (left, right, top, bottom))
    values = F.conv2d(padded, leaves["kernel"].permute(0, 3, 1, 2), leaves.get("bias"), case.stride,
                      dilation=case.dilation).permute(0, 2, 3, 1)  # fmt: skip
    mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2), unbiased=False)
    values = (values - mean) / (variance + EPSILON).sqrt() * leaves.get("gamma", 1.0) + leaves.get("beta", 0.0)
    values = values.relu() if case.relu else values
    output = pooled(values.permute(0, 3, 1, 2), case.pool, case.before, case.outputs()).permute(0, 2, 3, 1)
    if case.dropout:
        output = output * dropout_factors(tuple(output.shape), case.dropout, KEY)
    gradients = {name: leaf for name, leaf in leaves.items() if not name.startswith("moving")}
    return Outcome(output, None, gradients), mean.detach(), variance.detach()


def compare(case: Case, level: str, seed: int, tolerance: float) -> None:
    """Run forward and backward, and compare output, statistics and all gradients."""
    inputs, weights = case.data(seed)
    moving = {name: weights[name].clone() for name in ("moving_mean", "moving_variance")}
    wanted, mean, variance = truth(case, inputs, weights)
    block = case.block(level, weights)
    outcome = block.forward(inputs)
    assert_near(outcome.output, wanted.output.detach(), tolerance)
    for name, value in (("moving_mean", mean), ("moving_variance", variance)):
        assert_near(block.weights[name], moving[name].double() * MOMENTUM + value * (1 - MOMENTUM), 2e-6)
    gradient = torch.randn(wanted.output.shape, generator=torch.Generator().manual_seed(seed + 1))
    if case.bf16 and (case.relu or case.pool != (1, 1)):
        # Where rounding decides who wins a window, the gradient's way is the kernel's own affair.
        gradient = gradient * clearly_decided(case, inputs, weights, outcome.output.shape)
    block.backward(outcome, gradient)
    given = gradient.to(block.output_type()).double()
    expected = torch.autograd.grad(wanted.output, list(wanted.gradients.values()), given)
    for name, value in zip(wanted.gradients, expected, strict=True):
        # What a gradient's terms are made of, where the sum itself is (nearly) nothing.
        size = max(float(value.abs().max()), float(given.abs().sum((0, 1, 2)).max()) * 0.3)
        assert float((outcome.gradients[name].double() - value).abs().max()) <= tolerance * size, name


def clearly_decided(
    case: Case, inputs: torch.Tensor, weights: dict[str, torch.Tensor], shape: torch.Size
) -> torch.Tensor:
    """Answer 1 where the best of a window leads by more than bf16 rounding, and is not near zero."""
    scale = {**weights, "gamma": weights.get("gamma", torch.ones(case.filters))}
    plain = Case(**{**case.__dict__, "pool": (1, 1), "before": (0, 0), "after": False, "relu": False, "dropout": 0.0})
    values = truth(plain, inputs, scale)[0].output.detach()
    margin = 0.05 * float(values.abs().max())
    best = pooled(values.permute(0, 3, 1, 2), case.pool, case.before, case.outputs())
    spread = F.interpolate(best, scale_factor=tuple(map(float, case.pool)), mode="nearest")
    top, left = case.before
    spread = spread[:, :, top : top + values.shape[1], left : left + values.shape[2]]
    near = torch.zeros_like(values.permute(0, 3, 1, 2))
    near[:, :, : spread.shape[2], : spread.shape[3]] = (
        values.permute(0, 3, 1, 2)[:, :, : spread.shape[2], : spread.shape[3]] >= spread - margin
    ).double()
    count = -pooled(-near.flip(0).flip(0), (1, 1), (0, 0), (near.shape[2], near.shape[3]))
    lengths = [outputs * size for outputs, size in zip(case.outputs(), case.pool, strict=True)]
    room = torch.zeros(near.shape[0], near.shape[1], lengths[0] + 8, lengths[1] + 8, dtype=torch.float64)
    room[:, :, top : top + near.shape[2], left : left + near.shape[3]] = count
    room = room[:, :, : lengths[0], : lengths[1]]
    alone = F.avg_pool2d(room, case.pool) * (case.pool[0] * case.pool[1]) == 1
    clear = alone & (best.abs() > margin)
    return clear.permute(0, 2, 3, 1).reshape(shape).float()


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
