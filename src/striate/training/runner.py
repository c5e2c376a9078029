"""How a module is run in training, scoring and predicting: where, in which precision, on which types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, final

import torch
from torch import nn

from striate.core.runtime import choose_precision
from striate.core.tree import map_leaves
from striate.layers.base import Layer, mode_of
from striate.ops.native.mode import fusing
from striate.training.compiled import Compiled
from striate.training.distributed import device_here
from striate.training.translated import translated


@final
class Runner:
    """Runs a module as `compile` said. `alone` is False where other processes train the same module."""

    def __init__(self, module: nn.Module, compiled: Compiled, alone: bool):
        self.module = module
        self.device = device_here(compiled.device)
        self.precision: str = choose_precision(compiled.precision, self.device).value
        module.to(self.device)
        # Striate's layers cast what they get; torch's own do not, and arrays are float64 more often than not.
        self._input_dtype = None if isinstance(module, Layer) else _floating_dtype(module)
        self.translated = translated(module, compiled.jit_compile and alone, self.device)
        self.run: Callable[[Any], Any] = self.translated or module

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """The context in which the network computes: fused, and in bf16 where the policy says so."""
        bf16 = self.precision == "bfloat16"
        narrow = torch.autocast(self.device.type, dtype=torch.bfloat16) if bf16 else nullcontext()
        with narrow, fusing(bf16) if self.translated is None else nullcontext():
            yield

    def forward(self, inputs: Any) -> Any:
        """Run the module; the outputs come in fp32 or wider, also from bf16 arithmetic."""
        if self._input_dtype is not None:
            inputs = map_leaves(
                lambda leaf: leaf.to(self._input_dtype) if leaf.is_floating_point() else leaf, inputs
            )
        with self.arithmetic():
            outputs = self.run(inputs)
        return map_leaves(
            lambda leaf: leaf.float() if leaf.dtype in (torch.bfloat16, torch.float16) else leaf, outputs
        )

    def infer(self, inputs: Any) -> Any:
        """Run the module in inference mode."""
        with mode_of(self.module, False):
            return self.forward(inputs)


def _floating_dtype(module: nn.Module) -> torch.dtype | None:
    return next((weight.dtype for weight in module.parameters() if weight.is_floating_point()), None)
