"""Measuring parts of a network on noise, with the network left as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.core.shapes import format_shape
from striate.core.tree import leaves, map_leaves
from striate.layers.symbolic import SymbolicTensor

TRIALS = 3


def best_milliseconds(run: Callable[[], Any], trials: int = TRIALS) -> float:
    """Time the fastest of a few trials, after one that does not count."""
    run()
    times = []
    for _ in range(trials):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def both_ways(layer: Callable[[Any], Any], inputs: Any) -> Callable[[], None]:
    """Make a function that goes through a layer and back, to its inputs and its weights."""

    def run() -> None:
        given = map_leaves(_fresh, inputs)
        outputs = [part for part in leaves(layer(given)) if part.requires_grad]
        if outputs:
            torch.autograd.backward(outputs, [torch.ones_like(part) for part in outputs])

    return run


def _fresh(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().requires_grad_(tensor.is_floating_point())


def noise_for(tensor: SymbolicTensor, batch_size: int) -> torch.Tensor:
    """Make a batch of noise for a model's input.

    Raises:
        ArgumentError: an input with a size that is not known.
    """
    sizes = [size for size in tensor.shape[1:] if size is not None]
    if len(sizes) + 1 != len(tensor.shape):
        raise ArgumentError(
            f"the plan must know all sizes, and the model's input {tensor.name!r} is "
            f"{format_shape(tensor.shape)}. Give its Input whole sizes."
        )
    if not tensor.dtype.is_floating_point:
        return torch.zeros((batch_size, *sizes), dtype=tensor.dtype)
    generator = torch.Generator().manual_seed(0)
    return torch.randn((batch_size, *sizes), generator=generator).to(tensor.dtype)


@contextmanager
def unchanged(module: nn.Module) -> Iterator[None]:
    """Keep moving statistics, gradients and torch's random state as they are."""
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    gradients = [(weight, weight.grad) for weight in module.parameters()]
    for weight, _ in gradients:
        weight.grad = None
    with torch.random.fork_rng([]):
        try:
            yield
        finally:
            for weight, gradient in gradients:
                weight.grad = gradient
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)
