"""Fused convolutions to try the native kernels on: drawn, run, and computed by PyTorch in float64."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from tests.ops.native.single_block import Outcome, SingleBlock, assert_near, dropout_factors

KEY = 0x0123456789ABCDEF
HALF = 2.0**-8  # bf16 rounding


@dataclass(frozen=True)
class Case:
    """One fused convolution: sizes as (rows, columns), padding as (before, after)."""

    shape: tuple[int, int, int, int]
    filters: int = 8
    window: tuple[int, int] = (3, 3)
    strides: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    rows_padding: tuple[int, int] = (0, 0)
    columns_padding: tuple[int, int] = (0, 0)
    pool: tuple[int, int] = (1, 1)
    pool_start: tuple[int, int] = (0, 0)
    pool_past: bool = False
    relu: bool = True
    bias: bool = True
    dropout: float = 0.0
    folded: bool = False
    training: bool = True
    bf16: bool = False
    fp32_input: bool = False
    fp32_output: bool = False

    def map_size(self) -> tuple[int, int]:
        """Rows and columns after the convolution."""
        sizes = []
        for axis, padding in enumerate((self.rows_padding, self.columns_padding)):
            reach = (self.window[axis] - 1) * self.dilation[axis] + 1
            sizes.append((self.shape[1 + axis] + sum(padding) - reach) // self.strides[axis] + 1)
        return sizes[0], sizes[1]

    def output_size(self) -> tuple[int, int]:
        """Rows and columns after pooling; `pool_past` counts windows that the map's end cuts."""
        sizes = []
        for size, pool, start in zip(self.map_size(), self.pool, self.pool_start, strict=True):
            sizes.append(-(-(size + start) // pool) if self.pool_past else (size + start) // pool)
        return sizes[0], sizes[1]

    def possible(self) -> bool:
        """Whether there is anything to compute."""
        return min(self.map_size()) > 0 and min(self.output_size()) > 0

    def draw(self, seed: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Draw input and weights; kernels are (filters, rows, columns, channels)."""
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randn(self.shape, generator=generator)
        weights = {"kernel": torch.randn(self.filters, *self.window, self.shape[3], generator=generator)}
        if self.bias:
            weights["bias"] = torch.randn(self.filters, generator=generator)
        if self.folded:
            for name in ("gamma", "beta", "moving_mean"):
                weights[name] = torch.randn(self.filters, generator=generator)
            weights["moving_variance"] = torch.rand(self.filters, generator=generator)
        return (inputs.bfloat16() if self.bf16 and not self.fp32_input else inputs), weights

    def block(self, level: str, weights: dict[str, torch.Tensor], **more: Any) -> SingleBlock:
        """Make the program."""
        numbers = {
            "height": self.shape[1], "width": self.shape[2], "channels": self.shape[3],
            "top": self.rows_padding[0], "left": self.columns_padding[0],
        }  # fmt: skip
        pairs = {
            "window": self.window, "stride": self.strides, "dilation": self.dilation,
            "map": self.map_size(), "pool": self.pool, "output": self.output_size(),
        }  # fmt: skip
        for name, (rows, columns) in pairs.items():
            numbers |= {f"{name}_height": rows, f"{name}_width": columns}
        known: dict[str, Any] = {
            "kind": 0, "bf16": self.bf16, "training": self.training, "input_gradient": self.training,
            "input_is_fp32": self.fp32_input, "output_is_fp32": self.fp32_output, "filters": self.filters,
            "pool_top": self.pool_start[0], "pool_left": self.pool_start[1], "relu": self.relu,
            "dropout": self.dropout, "dropout_key": KEY, "epsilon": 1e-3,
        }  # fmt: skip
        return SingleBlock(level, weights, **(numbers | known | more))


def truth(case: Case, inputs: torch.Tensor, weights: dict[str, torch.Tensor]) -> torch.Tensor:
    """Compute the block by PyTorch, layer by layer, in the tensors' own precision."""
    top, bottom = case.rows_padding
    left, right = case.columns_padding
    image = functional.pad(inputs.movedim(3, 1), (left, right, top, bottom))
    kernel = weights["kernel"].movedim(3, 1)
    values = functional.conv2d(image, kernel, weights.get("bias"), case.strides, 0, case.dilation)
    if case.folded:
        statistics = (weights["moving_mean"], weights["moving_variance"])
        values = functional.batch_norm(values, *statistics, weights["gamma"], weights["beta"], False, 0, 1e-3)
    if case.relu:
        values = functional.relu(values)
    if case.pool != (1, 1):
        (map_rows, map_columns), (rows, columns) = case.map_size(), case.output_size()
        below = max(rows * case.pool[0] - case.pool_start[0] - map_rows, 0)
        beside = max(columns * case.pool[1] - case.pool_start[1] - map_columns, 0)
        values = functional.pad(
            values, (case.pool_start[1], beside, case.pool_start[0], below), value=-torch.inf
        )
        values = functional.max_pool2d(values, case.pool)
    values = values.movedim(1, 3)
    if case.dropout and case.training:
        values = values * dropout_factors(tuple(values.shape), case.dropout, KEY)
    return values


def rounded(case: Case, tensor: torch.Tensor) -> torch.Tensor:
    """The tensor as the products see it, in float64."""
    return (tensor.bfloat16() if case.bf16 else tensor).double()


def run(case: Case, level: str, seed: int, threads: int = 1) -> tuple[Outcome, torch.Tensor]:
    """Run the kernels forward, and back in training."""
    inputs, weights = case.draw(seed)
    block = case.block(level, weights)
    outcome = block.forward(inputs, threads=threads)
    gradient = torch.randn(outcome.output.shape, generator=torch.Generator().manual_seed(seed + 1))
    gradient = gradient.bfloat16().to(block.output_type())
    return (block.backward(outcome, gradient) if case.training else outcome), gradient


def compare(case: Case, level: str, seed: int) -> None:
    """Compare all that the kernels hand out with float64."""
    outcome, gradient = run(case, level, seed)
    inputs, drawn = case.draw(seed)
    exact = rounded(case, inputs).requires_grad_()
    weights = {name: (rounded(case, value) if name == "kernel" and not case.folded else value.double())
               for name, value in drawn.items()}  # fmt: skip
    learned = {name: value.requires_grad_() for name, value in weights.items() if name in ("kernel", "bias")}
    wanted = truth(case, exact, weights)
    tolerance = 1.5 * HALF if case.bf16 else 1e-5
    assert_near(outcome.output, wanted.detach(), tolerance)
    if not case.training:
        return
    wanted.backward(gradient.double())
    assert outcome.input_gradient is not None
    found = {"input": outcome.input_gradient, **outcome.gradients}
    assert exact.grad is not None
    assert_near(found["input"], exact.grad, tolerance)
    for name, value in learned.items():
        assert value.grad is not None
        assert_near(found[name], value.grad, tolerance)


def draw_case(chance: random.Random) -> Case:
    """Draw a shape, odd ones as often as even ones."""
    height = chance.choice([1, 1, 2, 5, 7, 9, 12, 17])
    width = chance.choice([1, 3, 4, 6, 8, 11, 14, 23, 33])
    channels = chance.choice([1, 2, 3, 5, 8, 13, 16, 24, 33, 40])
    window = chance.choice([(1, 1), (3, 3), (5, 5), (7, 7), (1, 3), (2, 2), (3, 1), (2, 5)])
    pool = chance.choice([(1, 1), (1, 1), (2, 2), (3, 3), (1, 2), (2, 3)])
    past = chance.random() < 0.5
    return Case(
        shape=(chance.choice([1, 2, 3, 5]), height, width, channels),
        filters=chance.choice([1, 3, 5, 8, 16, 17, 32, 33, 48, 70]),
        window=window,
        strides=chance.choice([(1, 1), (1, 1), (2, 2), (1, 2), (3, 2)]),
        dilation=chance.choice([(1, 1), (1, 1), (2, 2), (1, 3)]),
        rows_padding=(chance.randrange(window[0] + 1), chance.randrange(window[0] + 1)),
        columns_padding=(chance.randrange(window[1] + 2), chance.randrange(window[1] + 1)),
        pool=pool,
        pool_start=(chance.randrange(pool[0]), chance.randrange(pool[1])) if past else (0, 0),
        pool_past=past,
        relu=chance.random() < 0.6,
        bias=chance.random() < 0.7,
        dropout=chance.choice([0.0, 0.0, 0.4]),
    )


def draw_cases(count: int, seed: int) -> list[Case]:
    """Draw shapes that have something to compute."""
    chance = random.Random(seed)
    found: list[Case] = []
    while len(found) < count:
        case = draw_case(chance)
        if case.possible():
            found.append(case)
    return found
