"""How many examples fit into memory at once, so that a large batch can be cut into parts.

The gradients of the parts add up to those of the whole batch, so the step is the same; only
batch statistics (BatchNormalization) are those of each part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from striate.core.runtime import available_memory
from striate.core.tree import leaves, map_leaves

# What stays free for the optimiser, the allocator's slack and the neighbours.
SHARE_TO_USE = 0.7


def saved_bytes_per_example(module: nn.Module, inputs: Any, forward: Callable[[Any], Any]) -> int:
    """Measure what one forward pass keeps for the backward pass, for one example.

    `forward` runs the module as training does, with hooks on everything that autograd
    saves; the module's buffers and torch's random state are as before afterwards.
    """
    kept: dict[int, int] = {}
    own = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    largest = 0

    def note(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal largest
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            largest = max(largest, storage.nbytes())
        return tensor

    examples = next(leaves(inputs)).shape[0]
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    devices = [tensor.device for tensor in module.parameters() if tensor.device.type == "cuda"][:1]
    with (
        torch.random.fork_rng(devices),
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
    ):
        outputs = forward(inputs)
    for name, buffer in module.named_buffers():
        buffer.copy_(buffers[name])
    total = sum(kept.values()) + 2 * largest
    total += sum(output.nbytes for output in leaves(outputs) if isinstance(output, torch.Tensor))
    return math.ceil(total / examples)


def part_size(
    module: nn.Module, inputs: Any, batch: int, device: torch.device, forward: Callable[[Any], Any]
) -> int:
    """How many examples of a batch to put through at once: all of them where they fit."""
    free = available_memory(device)
    if free is None or batch <= 1:
        return batch
    # Two, because torch's own BatchNorm refuses to train on one.
    few = map_leaves(lambda tensor: tensor[:2], inputs)
    need = saved_bytes_per_example(module, few, forward)
    if need * batch <= free * SHARE_TO_USE:
        return batch
    parts = math.ceil(need * batch / (free * SHARE_TO_USE))
    return max(math.ceil(batch / parts), 1)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
