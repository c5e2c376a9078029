"""What a first layer's kernel is compared with: the same by PyTorch in float64, map and all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from tests.ops.native.single_block import SingleBlock, dropout_factors, pooled

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
        found = [
            (length + before + (size - 1 if self.after else 0)) // size for length, size, before in lengths
        ]
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
            "kind": 2, "bf16": self.bf16, "training": 1,
            "input_is_fp32": 1, "output_is_fp32": self.fp32_output,
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


@dataclass(frozen=True)
class Truth:
    """The same by PyTorch in float64, with a graph for the way back."""

    leaves: dict[str, torch.Tensor]
    normalized: torch.Tensor  # (batch, rows, columns, filters), before ReLU and pooling
    rounded: torch.Tensor  # the same by folded weights as the products have them
    mean: torch.Tensor
    variance: torch.Tensor


def truth(case: Case, inputs: torch.Tensor, weights: dict[str, torch.Tensor]) -> Truth:
    """Convolve and normalise."""
    exact = (inputs.bfloat16() if case.bf16 else inputs).double()
    leaves = {
        name: tensor.double().requires_grad_() for name, tensor in weights.items() if "moving" not in name
    }
    top, bottom, left, right = case.padding
    padded = F.pad(exact.permute(0, 3, 1, 2), (left, right, top, bottom))

    def convolve(kernel: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        order = kernel.permute(0, 3, 1, 2)
        return F.conv2d(padded, order, bias, case.stride, dilation=case.dilation).permute(0, 2, 3, 1)

    values = convolve(leaves["kernel"], leaves.get("bias"))
    mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2), unbiased=False)
    scale, beta = leaves.get("gamma", torch.ones(())) / (variance + EPSILON).sqrt(), leaves.get("beta", 0.0)
    normalized = (values - mean) * scale + beta
    folded = (leaves["kernel"] * scale[:, None, None, None]).detach()
    products = convolve(folded.bfloat16().double(), None) if case.bf16 else normalized
    rounded = products - products.mean((0, 1, 2)) + beta if case.bf16 else normalized
    return Truth(leaves, normalized, rounded.detach(), mean.detach(), variance.detach())


def output_of(case: Case, normalized: torch.Tensor) -> torch.Tensor:
    """ReLU, pooling and dropout."""
    values = normalized.relu() if case.relu else normalized
    output = pooled(values.permute(0, 3, 1, 2), case.pool, case.before, case.outputs()).permute(0, 2, 3, 1)
    return output * dropout_factors(tuple(output.shape), case.dropout, KEY) if case.dropout else output


def windows_of(case: Case, normalized: torch.Tensor) -> torch.Tensor:
    """Gather each output's window: (batch, rows, columns, filters, places), -inf outside the map."""
    rows, columns = case.outputs()
    top, left = case.before
    bottom = max(rows * case.pool[0] - top - normalized.shape[1], 0)
    right = max(columns * case.pool[1] - left - normalized.shape[2], 0)
    padded = F.pad(normalized.permute(0, 3, 1, 2), (left, right, top, bottom), value=float("-inf"))
    parts = padded.unfold(2, case.pool[0], case.pool[0]).unfold(3, case.pool[1], case.pool[1])
    return parts[:, :, :rows, :columns].flatten(4).permute(0, 2, 3, 1, 4)


def along(case: Case, exact: Truth, choice: torch.Tensor) -> torch.Tensor:
    """The output where the kernel's own choices are taken, once they are found to be as good as the best."""
    closed = choice == 255
    number = choice.long().masked_fill(closed, 0)[..., None]
    windows = windows_of(case, exact.rounded)
    best, margin = windows.amax(4), 1e-4 * float(exact.rounded.abs().max())
    assert not ((best - windows.gather(4, number)[..., 0])[~closed] > margin).any()
    taken = windows_of(case, exact.normalized).gather(4, number)[..., 0].masked_fill(closed, 0.0)
    factors = torch.ones_like(best)
    if case.dropout:
        factors = dropout_factors(tuple(best.shape), case.dropout, KEY)
    wrongly_closed = closed & (factors > 0) & (best > margin)
    assert not (wrongly_closed if case.relu else closed & (factors > 0)).any()
    return taken * factors
