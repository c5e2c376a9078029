"""How many examples fit into memory at once, so that a large batch can be cut into parts.

The gradients of the parts add up to those of the whole batch, so the step is the same; only
batch statistics (BatchNormalization) are those of each part.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from striate.core.errors import OutOfMemoryError
from striate.core.runtime import available_memory, is_out_of_memory
from striate.core.shapes import format_bytes
from striate.core.tree import leaves, map_leaves
from striate.training.batch import Batch

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


@contextmanager
def guarded(stepper: Any, batch: Batch) -> Iterator[None]:
    """Say which batch size to try where memory runs out on a batch.

    Raises:
        OutOfMemoryError: memory ran out.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if stepper.compiled.optimizer.built:
            stepper.compiled.optimizer.zero_grad()
        # Training cuts a batch that does not fit; scoring and predicting take it whole.
        parts = stepper.parts if stepper.module.training else None
        size = min(parts or batch.size, batch.size)
        told = ran_out(error, stepper.module, batch.inputs, size, stepper.device, stepper.forward)
        raise told from error


def ran_out(
    error: BaseException,
    module: nn.Module,
    inputs: Any,
    size: int,
    device: torch.device,
    forward: Callable[[Any], Any],
) -> OutOfMemoryError:
    """Make the error for a batch of `size` that did not fit, with the batch size that does.

    That is measured by one or two examples, once all that the batch itself took is free again.
    """
    # The frames that failed hold the very tensors that were too large.
    traceback.clear_frames(error.__traceback__)
    if device.type == "cuda":
        torch.cuda.empty_cache()
    begun = f"memory ran out on a batch of {size}"
    few = map_leaves(lambda tensor: tensor[:2], inputs)
    try:
        with torch.enable_grad():
            need = saved_bytes_per_example(module, few, forward)
    except (RuntimeError, MemoryError) as again:
        if not is_out_of_memory(again):
            raise
        traceback.clear_frames(again.__traceback__)
        need = None
    free = available_memory(device)
    if need is None or (free is not None and free * SHARE_TO_USE < need):
        return OutOfMemoryError(
            f"{begun}, and a single example does not fit either{_told(need, free)}. Make the inputs smaller, "
            "take fewer filters, or free memory that other programs hold."
        )
    fits = size // 2 if free is None else min(int(free * SHARE_TO_USE) // max(need, 1), size // 2)
    return OutOfMemoryError(
        f"{begun}{_told(need, free)}. Try batch_size={max(fits, 1)}, smaller inputs or fewer filters.",
        fits=max(fits, 1),
    )


def _told(need: int | None, free: int | None) -> str:
    parts = [] if need is None else [f"an example takes about {format_bytes(need)}"]
    parts += [] if free is None else [f"{format_bytes(free)} are free"]
    return f" ({', '.join(parts)})" if parts else ""
