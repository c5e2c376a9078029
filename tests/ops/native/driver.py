"""A native program of several blocks in a row, made of single blocks that were described one by one."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import torch

from striate.ops.native.structures import Block, Pass
from tests.ops.native.single_block import Outcome, SingleBlock, rubbish


class Program:
    """A row of blocks with its arenas; each block keeps its own weights and gradients."""

    def __init__(self, parts: Sequence[SingleBlock]) -> None:
        self.parts = list(parts)
        self.functions = parts[0].functions
        self.blocks = (Block * len(parts))(*(part.block for part in parts))
        self.threads = 0  # that the plan has seats for; 0: any number

    def forward(self, inputs: torch.Tensor, threads: int = 1, first_example: int = 0) -> Outcome:
        """Run all blocks on (batch, rows, columns, channels); arenas hold rubbish before."""
        self.inputs = inputs.contiguous()
        count = len(self.parts)
        self.planned = Pass(
            self.blocks, count, len(inputs), threads=self.threads, first_example=first_example
        )
        assert self.functions.striate_plan(ctypes.byref(self.planned)) == 0
        self.arenas = [rubbish(self.planned.kept_bytes), rubbish(self.planned.work_bytes)]
        last = self.blocks[count - 1]
        shape = (len(inputs), last.output_height, last.output_width, last.filters)
        output = torch.full(shape, 77.0, dtype=self.parts[-1].output_type())
        self.planned.input, self.planned.output = self.inputs.data_ptr(), output.data_ptr()
        self.planned.kept, self.planned.work = (arena.data_ptr() for arena in self.arenas)
        self.functions.striate_set_threads(threads)
        assert self.functions.striate_forward(ctypes.byref(self.planned)) == 0
        return Outcome(output)

    def backward(self, outcome: Outcome, gradient: torch.Tensor) -> Outcome:
        """Run the way back of the last `forward`; gradients are named by block and weight: '0.kernel'."""
        self.arenas[1].copy_(rubbish(self.planned.work_bytes))
        gradient = gradient.to(self.parts[-1].output_type()).contiguous()
        self.planned.output_gradient = gradient.data_ptr()
        if self.blocks[0].input_gradient:
            outcome.input_gradient = torch.full_like(self.inputs, 55.0)
            self.planned.input_gradient = outcome.input_gradient.data_ptr()
        assert self.functions.striate_backward(ctypes.byref(self.planned)) == 0
        outcome.gradients = {
            f"{number}.{name}": tensor.clone()
            for number, part in enumerate(self.parts)
            for name, tensor in part.gradients.items()
        }
        return outcome
