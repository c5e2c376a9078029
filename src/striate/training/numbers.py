"""Watches that a training goes on with numbers: a loss, gradient or weight that is none stops it.

Each step is looked at before the optimiser moves anything, so the weights stay those of before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

# What a forward pass may change and is put back: statistics are small, tables of constants are large.
_LARGEST_STATISTIC = 65_536


class NumbersWatch:
    """Looks at the loss of each step, and at the gradient that all others of its step flow into.

    NaN goes through every layer on its way back, so the smallest gradient of the first layer tells of
    all. It costs a few microseconds: on the CPU one number is read; on a GPU the loss is fetched while
    the backward pass is still queued, so that nothing waits, and gradients are not looked at, for which
    it would have to. `tolerant` leaves a bad step out and goes on, as `TerminateOnNaN` wants it.
    """

    def __init__(self, module: nn.Module, device: torch.device):
        self.module, self.device = module, device
        self.tolerant = False
        self._sentinel: nn.Parameter | None = None
        self._statistics: list[torch.Tensor] = []
        self._kept: list[torch.Tensor] = []
        self._losses: torch.Tensor | float | None = None
        self._fetched: torch.Tensor | None = None
        self._event: torch.cuda.Event | None = None

    def settle(self) -> None:
        """Find what is looked at and what is kept, once the weights are there."""
        self._sentinel = _first_small_weight(self.module)
        self._statistics = [
            buffer
            for buffer in self.module.buffers()
            if buffer.is_floating_point() and buffer.numel() <= _LARGEST_STATISTIC
        ]
        self._kept = [torch.empty_like(buffer) for buffer in self._statistics]

    def begin(self) -> None:
        """Begin a step: keep the statistics, which its forward pass changes before its loss is known."""
        self._losses = None
        if self._statistics:
            with torch.no_grad():
                torch._foreach_copy_(self._kept, self._statistics)

    def note(self, loss: torch.Tensor | float) -> None:
        """Take the loss of the step, or of a part of it, before its backward pass is begun."""
        # A part that is NaN or infinite leaves no sum finite.
        part = loss.detach() if isinstance(loss, torch.Tensor) else loss
        self._losses = part if self._losses is None else self._losses + part
        if isinstance(self._losses, torch.Tensor) and self.device.type == "cuda":
            if self._fetched is None or self._event is None:
                self._fetched, self._event = torch.empty((), pin_memory=True), torch.cuda.Event()
            self._fetched.copy_(self._losses, non_blocking=True)
            self._event.record(torch.cuda.current_stream(self.device))

    def loss(self) -> float:
        """The step's loss."""
        if self._event is not None and self._fetched is not None:
            self._event.synchronize()
            return float(self._fetched)
        return 0.0 if self._losses is None else float(self._losses)

    def is_sound(self, clipped: bool = False) -> bool:
        """Whether the step has given numbers; asked between its backward pass and the optimiser.

        Where the optimiser cuts each gradient to a value, as `clipped` says, infinite ones are no harm.
        """
        if not math.isfinite(self.loss()):
            return False
        gradient = None if self._sentinel is None else self._sentinel.grad
        if gradient is None or self.device.type != "cpu" or math.isfinite(float(gradient.sum())):
            return True
        return clipped and not bool(torch.isnan(gradient).any())

    @torch.no_grad()
    def take_back(self) -> None:
        """Put the statistics back to where they were before the step."""
        if self._statistics:
            torch._foreach_copy_(self._statistics, self._kept)


def _first_small_weight(module: nn.Module) -> nn.Parameter | None:
    for inner in module.modules():
        own = [
            weight
            for weight in inner.parameters(recurse=False)
            if weight.requires_grad and weight.numel() <= _LARGEST_STATISTIC
        ]
        if own:
            return min(own, key=torch.numel)
    return None


@torch.no_grad()
def first_bad(tensors: Iterable[tuple[str, torch.Tensor | None]]) -> str | None:
    """Name the first tensor that holds NaN or infinite values; None where all are finite."""
    for name, tensor in tensors:
        if tensor is None or not tensor.is_floating_point():
            continue
        # A sum is several times faster than asking each value; only one that looks bad is asked.
        if not bool(torch.isfinite(tensor.sum())) and not bool(torch.isfinite(tensor).all()):
            return name
    return None


def bad_weight(module: nn.Module) -> str | None:
    """Name the first trainable weight that holds NaN or infinite values."""
    learning = ((name, weight) for name, weight in module.named_parameters() if weight.requires_grad)
    return first_bad(learning)
