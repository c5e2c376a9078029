"""A row of fused blocks as one operation of autograd: planned once for a shape, then run.

The kernels get two arenas (source/striate.h). `work` belongs to the program. What the way back
needs lies in `kept`, and each live forward pass has one of its own: a `Lease` holds it for as
long as autograd may come back, then it serves the next pass.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from striate.core.threads import thread_count
from striate.ops.native.library import Library
from striate.ops.native.part import LEARNT, MOVING, Part, Setting, block_of
from striate.ops.native.structures import Block, Pass

_ALIGNMENT = 64
# How many values of each weight are looked at to see that it is as it was; about that many.
_GLANCES = 61


def _arena(size: int) -> tuple[torch.Tensor, int]:
    """Take memory and say where in it the first aligned byte is."""
    memory = torch.empty(size + _ALIGNMENT, dtype=torch.uint8)
    return memory, -(-memory.data_ptr() // _ALIGNMENT) * _ALIGNMENT


class Program:
    """Blocks planned for one setting.

    Raises:
        NotImplementedError: the library has no kernel for one of the blocks.
    """

    def __init__(self, library: Library, parts: Sequence[Part], setting: Setting):
        self.library = library
        self.functions = library.functions
        self.parts = list(parts)
        self.setting = setting
        self.blocks = (Block * len(parts))(*(block_of(part, setting) for part in parts))
        self.blocks[0].input_is_fp32 = setting.input_dtype == torch.float32
        self.blocks[0].input_gradient = setting.input_gradient
        self.blocks[len(parts) - 1].output_is_fp32 = setting.output_dtype == torch.float32
        self.sizes = Pass(blocks=self.blocks, count=len(parts), batch=setting.batch)
        # What the weights were when they were packed, and what they are for the pass that is made ready.
        self._packed_for: Any = None
        self._ready_for: Any = None
        self._glances: list[np.ndarray] = []
        self._plan()
        self.weights = self._named(LEARNT)
        self.statistics = self._named(MOVING)
        self.learnt = [tensor for _, _, tensor in self.weights]
        self.moving = [tensor for _, _, tensor in self.statistics]
        self.all_weights = [*self.learnt, *self.moving]
        self._gradients = [(block, f"{name}_gradient") for block, name, _ in self.weights]
        self._places: list[int] = []
        self._keyed = [
            (block, part.draw_key) for block, part in zip(self.blocks, parts, strict=True) if part.draw_key
        ]
        last = self.blocks[len(parts) - 1]
        self.output_shape = (setting.batch, last.output_height, last.output_width, last.filters)
        self._free: list[tuple[torch.Tensor, int]] = []

    def _plan(self) -> None:
        """Plan the memory for as many threads as there are; only `work` depends on their number."""
        self.sizes.threads = thread_count()
        if self.functions.striate_plan(ctypes.byref(self.sizes)):
            raise NotImplementedError("no native kernel for one of the blocks")
        self.work, self.work_at = _arena(self.sizes.work_bytes)
        self._packed_for = None

    def _point(self) -> None:
        """Tell the blocks where the weights lie now: a person may have given them other memory."""
        places = [tensor.data_ptr() for tensor in self.all_weights]
        if places != self._places:
            self._places = places
            self._glances = [_glance(tensor) for tensor in self.all_weights]
            for (block, name, _), place in zip((*self.weights, *self.statistics), places, strict=True):
                setattr(block, name, place)
        if self.sizes.threads != thread_count():
            self._plan()
        self.functions.striate_set_threads(thread_count())

    def _named(self, names: Sequence[str]) -> list[tuple[Block, str, torch.Tensor]]:
        return [
            (block, name, tensor)
            for block, part in zip(self.blocks, self.parts, strict=True)
            for name in names
            if (tensor := part.tensors.get(name)) is not None
        ]

    def forward(self, lease: Lease, inputs: torch.Tensor, first_example: int) -> torch.Tensor:
        """Run all blocks; in training `lease` keeps what the way back needs."""
        outputs = torch.empty(self.output_shape, dtype=self.setting.output_dtype)
        run = self.ready_pass(lease, inputs, outputs, first_example)
        if self.setting.training:
            lease.keys = [draw() for _, draw in self._keyed]
            self._unlock(lease)
        self.functions.striate_forward(ctypes.byref(run))
        if not self.setting.training:
            self.ran()
        elif self.moving:
            # The kernels wrote the moving statistics; whoever remembers their version must see it.
            torch.autograd.graph.increment_version(self.moving)
        return outputs

    def ready_pass(
        self, lease: Lease, inputs: torch.Tensor, outputs: torch.Tensor, first_example: int = 0
    ) -> Pass:
        """Say all that a pass forward needs, the weights as they are now; `ran` is to be told when it ran."""
        self._point()
        run = self._pass(lease, inputs, outputs, first_example)
        if not self.setting.training:
            self._ready_for = self._weights_now()
            run.packed = self._ready_for == self._packed_for
            self._packed_for = None
        return run

    def ran(self) -> None:
        """Note that the pass that was made ready has run: the weights lie packed in the work's memory."""
        self._packed_for = self._ready_for

    def _weights_now(self) -> list[Any]:
        """Where the weights lie, how often they were written, and a few of their values.

        The values since `.data` and NumPy write past the count of writings.
        """
        written = [0 if tensor.is_inference() else tensor._version for tensor in self.all_weights]
        values = np.concatenate(self._glances).tobytes() if self._glances else b""
        return [*self._places, *written, values]

    def backward(
        self,
        lease: Lease,
        inputs: torch.Tensor,
        outputs: torch.Tensor,
        gradient: torch.Tensor,
        wanted: Sequence[bool],
    ) -> tuple[torch.Tensor | None, list[torch.Tensor | None]]:
        """Run the blocks backwards; returns the gradients to the inputs and to the wanted weights."""
        found = [
            torch.empty_like(tensor) if want else None
            for tensor, want in zip(self.learnt, wanted, strict=True)
        ]
        gradient = gradient.to(self.setting.output_dtype).contiguous()
        to_inputs = torch.empty_like(inputs) if self.setting.input_gradient else None
        self.backward_into(found, to_inputs, lease, inputs, outputs, gradient)
        return to_inputs, found

    def backward_into(
        self,
        found: Sequence[torch.Tensor | None],
        to_inputs: torch.Tensor | None,
        lease: Lease,
        inputs: torch.Tensor,
        outputs: torch.Tensor,
        gradient: torch.Tensor,
    ) -> None:
        """Run the blocks backwards, the gradients into tensors laid out as what they belong to.

        `gradient` is contiguous and of the output's dtype; a weight with None gets no gradient.
        """
        self._point()
        for (block, name), made in zip(self._gradients, found, strict=True):
            setattr(block, name, None if made is None else made.data_ptr())
        self._unlock(lease)
        run = self._pass(lease, inputs, outputs, lease.first_example)
        run.output_gradient = gradient.data_ptr()
        run.input_gradient = None if to_inputs is None else to_inputs.data_ptr()
        self.functions.striate_backward(ctypes.byref(run))

    def _unlock(self, lease: Lease) -> None:
        for (block, _), key in zip(self._keyed, lease.keys, strict=True):
            block.dropout_key = key

    def _pass(self, lease: Lease, inputs: torch.Tensor, outputs: torch.Tensor, first_example: int) -> Pass:
        lease.first_example = first_example
        return Pass(
            blocks=self.blocks,
            count=len(self.blocks),
            batch=self.setting.batch,
            slots=self.sizes.slots,
            seats=self.sizes.seats,
            first_example=first_example,
            input=inputs.data_ptr(),
            output=outputs.data_ptr(),
            kept=lease.at,
            work=self.work_at,
            work_seats=self.sizes.work_seats,
            seat_bytes=self.sizes.seat_bytes,
        )

    def lease(self) -> Lease:
        """Take memory for one forward pass: some that is free again, or new."""
        return Lease(self, *(self._free.pop() if self._free else _arena(self.sizes.kept_bytes)))


@dataclass
class Lease:
    """The memory of one live forward pass, given back when nobody can ask for it any more."""

    program: Program
    kept: torch.Tensor
    at: int
    keys: list[int] = field(default_factory=list)
    first_example: int = 0

    def __del__(self) -> None:
        self.program._free.append((self.kept, self.at))


class _Row(torch.autograd.Function):
    """A program as autograd sees it."""

    @staticmethod
    def forward(
        context: Any, program: Program, first_example: int, inputs: torch.Tensor, *weights: torch.Tensor
    ) -> torch.Tensor:
        lease = program.lease()
        outputs = program.forward(lease, inputs, first_example)
        context.program, context.lease = program, lease
        context.save_for_backward(inputs, outputs, lease.kept, *weights)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: torch.Tensor) -> tuple[Any, ...]:
        inputs, outputs, *_ = context.saved_tensors
        wanted = list(context.needs_input_grad[3:])
        to_inputs, found = context.program.backward(context.lease, inputs, outputs, gradient, wanted)
        return None, None, to_inputs, *found


def run_program(program: Program, inputs: torch.Tensor, first_example: int = 0) -> torch.Tensor:
    """Run a program on a contiguous input; with gradients where it was planned for training.

    Shape:
        inputs (batch, ...) in the program's input shape and dtype; out (batch, rows, columns, filters).
    """
    if program.setting.training:
        outputs: torch.Tensor = _Row.apply(program, first_example, inputs, *program.learnt)
        return outputs
    return program.forward(program.lease(), inputs, first_example)


def _glance(tensor: torch.Tensor) -> np.ndarray:
    """A view of some values from all over a tensor that has no gaps in memory."""
    step = max(tensor.numel() // _GLANCES, 1)
    size = math.ceil(tensor.numel() / step)
    return tensor.detach().as_strided((size,), (step,), tensor.storage_offset()).numpy()
