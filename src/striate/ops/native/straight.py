"""One program over all batches of an array, without a tensor or a check for each of them."""

from __future__ import annotations

import ctypes

import torch

from striate.ops.native.program import Program
from striate.ops.native.structures import Pass


class StraightRun:
    """Runs a program in inference on batches that lie one after the other, and writes answers likewise.

    Weights must stay what and where they are meanwhile. Both tensors are contiguous and hold whole batches
    at least.
    """

    def __init__(self, program: Program, inputs: torch.Tensor, outputs: torch.Tensor):
        self._tensors = inputs, outputs
        self._program, self._lease = program, program.lease()
        self._pass: Pass | None = None
        self._unsound = ctypes.c_int32(0)
        self._places = inputs.data_ptr(), outputs.data_ptr()
        self._steps = [_batch_bytes(tensor, program.setting.batch) for tensor in self._tensors]

    def run(self, number: int) -> bool:
        """Compute the batch of this number; returns whether its inputs are neither NaN nor infinite."""
        if self._pass is None:
            # Only now is it sure that nobody else uses the program, or changes weights, in between.
            self._pass = self._program.ready_pass(self._lease, *self._tensors)
            if self._tensors[0].dtype == torch.float32:
                self._pass.unsound = ctypes.addressof(self._unsound)
        self._pass.input = self._places[0] + number * self._steps[0]
        self._pass.output = self._places[1] + number * self._steps[1]
        self._program.functions.striate_forward(ctypes.byref(self._pass))
        self._program.ran()
        self._pass.packed = 1
        return not self._unsound.value


def _batch_bytes(tensor: torch.Tensor, batch: int) -> int:
    return tensor.stride(0) * tensor.element_size() * batch
