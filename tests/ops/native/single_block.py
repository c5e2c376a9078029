"""One block of a native program, run by itself on torch tensors, and the dropout that it must take."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from striate.ops.native.compiler import find_compiler
from striate.ops.native.library import Library, load_library, supported_levels
from striate.ops.native.structures import Block, Pass

LEVELS = ["avx512_bf16", "avx512", "avx2"]
GRADIENTS = {
    "kernel": "kernel_gradient",
    "bias": "bias_gradient",
    "gamma": "gamma_gradient",
    "beta": "beta_gradient",
}


@functools.cache
def library_of(level: str) -> Library:
    """Load a level's kernels; the test is skipped where this machine cannot have them."""
    if level not in supported_levels():
        pytest.skip(f"this processor has no {level}")
    if find_compiler() is None:
        pytest.skip("there is no C++ compiler here")
    return load_library(level)


@dataclass
class Outcome:
    """What a pass handed out: the output, and after the way back the gradients."""

    output: torch.Tensor
    input_gradient: torch.Tensor | None = None
    gradients: dict[str, torch.Tensor] = field(default_factory=dict)


class SingleBlock:
    """A program of one block with its arenas.

    `block` gives the numbers of `striate.structures.Block`; `weights` the tensors by name.
    """

    def __init__(self, level: str, weights: dict[str, torch.Tensor], **block: Any) -> None:
        self.functions = library_of(level).functions
        self.weights = {name: tensor.contiguous() for name, tensor in weights.items()}
        self.gradients: dict[str, torch.Tensor] = {}
        defaults = dict.fromkeys(
            ("window_height", "window_width", "stride_height", "stride_width", "dilation_height",
             "dilation_width", "pool_height", "pool_width"), 1
        )  # fmt: skip
        self.block = Block(**(defaults | block))
        for name, tensor in self.weights.items():
            setattr(self.block, name, tensor.data_ptr())
            if name in GRADIENTS and block.get("training"):
                self.gradients[name] = torch.full_like(tensor, 123.0)
                setattr(self.block, GRADIENTS[name], self.gradients[name].data_ptr())

    def output_type(self) -> torch.dtype:
        """The element of the output map."""
        return torch.float32 if self.block.output_is_fp32 or not self.block.bf16 else torch.bfloat16

    def fits(self) -> bool:
        """Whether the library can run the block."""
        return self.functions.striate_plan(ctypes.byref(Pass(ctypes.pointer(self.block), 1, 2))) == 0

    def forward(self, inputs: torch.Tensor, threads: int = 1, first_example: int = 0) -> Outcome:
        """Run the block on (batch, rows, columns, channels); arenas hold rubbish before."""
        self.inputs = inputs.contiguous()
        self.planned = Pass(ctypes.pointer(self.block), 1, len(inputs), first_example=first_example)
        assert self.functions.striate_plan(ctypes.byref(self.planned)) == 0
        self.arenas = [rubbish(self.planned.kept_bytes), rubbish(self.planned.work_bytes)]
        block = self.block
        shape = (len(inputs), block.output_height, block.output_width, block.filters)
        output = torch.full(shape, 77.0, dtype=self.output_type())
        self.planned.input, self.planned.output = self.inputs.data_ptr(), output.data_ptr()
        self.planned.kept, self.planned.work = (arena.data_ptr() for arena in self.arenas)
        self.functions.striate_set_threads(threads)
        assert self.functions.striate_forward(ctypes.byref(self.planned)) == 0
        return Outcome(output)

    def kept_choice(self) -> torch.Tensor:
        """The place in its window that each output of the last `forward` was taken from; 255: closed."""
        block = self.block
        shape = (self.planned.batch, block.output_height, block.output_width, block.filters)
        start = block.kept_choice
        return self.arenas[0][start : start + int(np.prod(shape))].reshape(shape).clone()

    def backward(self, outcome: Outcome, gradient: torch.Tensor) -> Outcome:
        """Run the way back of the last `forward`; what the work arena held is lost before."""
        self.arenas[1].copy_(rubbish(self.planned.work_bytes))
        gradient = gradient.to(self.output_type()).contiguous()
        self.planned.output_gradient = gradient.data_ptr()
        if self.block.input_gradient:
            outcome.input_gradient = torch.full_like(self.inputs, 55.0)
            self.planned.input_gradient = outcome.input_gradient.data_ptr()
        assert self.functions.striate_backward(ctypes.byref(self.planned)) == 0
        outcome.gradients = {name: tensor.clone() for name, tensor in self.gradients.items()}
        return outcome


def rubbish(count: int) -> torch.Tensor:
    """Make an arena aligned to 64 bytes; as fp32 or bf16 it reads NaN."""
    room = torch.full((count + 64,), 0xFF, dtype=torch.uint8)
    start = -room.data_ptr() % 64
    return room[start : start + count]


def dropout_factors(shape: tuple[int, ...], rate: float, key: int, first_example: int = 0) -> torch.Tensor:
    """Compute what dropout multiplies outputs of this shape by: 0, or 1 / (1 - rate), in float64.

    The same hash as `source/dropout.h`, written anew in NumPy.
    """
    places = np.arange(int(np.prod(shape[1:])), dtype=np.uint32)
    kept = np.stack([_kept(places, rate, key, first_example + sample) for sample in range(shape[0])])
    scale = np.float64(np.float32(1) / (np.float32(1) - np.float32(rate)))
    return torch.from_numpy(kept * scale).reshape(shape)


def _kept(places: np.ndarray, rate: float, key: int, example: int) -> np.ndarray:
    mask = (1 << 64) - 1
    state = (key + 0x9E3779B97F4A7C15 * example) & mask
    state = ((state ^ (state >> 33)) * 0xFF51AFD7ED558CCD) & mask
    state = ((state ^ (state >> 33)) * 0xC4CEB9FE1A85EC53) & mask
    state ^= state >> 33
    with np.errstate(over="ignore"):
        bits = places * np.uint32(0x9E3779B1) ^ np.uint32(state & 0xFFFFFFFF)
        bits = (bits ^ (bits >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        bits = (bits ^ (bits >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        bits ^= bits >> np.uint32(16)
    return bits >= np.uint32(int(float(np.float32(rate)) * 4294967296.0))


def pooled(
    values: torch.Tensor, size: tuple[int, int], before: tuple[int, int], outputs: tuple[int, int]
) -> torch.Tensor:
    """Take the largest of each window of (batch, channels, rows, columns); places outside never win."""
    lengths = [count * length for count, length in zip(outputs, size, strict=True)]
    after = [
        length - begin - had for length, begin, had in zip(lengths, before, values.shape[2:], strict=True)
    ]
    amounts = (before[1], max(after[1], 0), before[0], max(after[0], 0))
    padded = F.pad(values, amounts, value=float("-inf"))
    return F.max_pool2d(padded[:, :, : lengths[0], : lengths[1]], size)


def assert_near(found: torch.Tensor, wanted: torch.Tensor, tolerance: float) -> None:
    """Compare with the truth in float64, as a share of its largest value; NaN must meet NaN."""
    found = found.double()
    assert torch.equal(found.isnan(), wanted.isnan())
    found, wanted = found.nan_to_num(0, 3e38, -3e38), wanted.double().nan_to_num(0, 3e38, -3e38)
    largest = max(float(wanted.abs().max()), 1e-30)
    assert float((found - wanted).abs().max()) <= tolerance * largest
