"""Measuring, block by block, whether the native kernels or PyTorch's own library is faster here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from striate.core.errors import StateError
from striate.core.runtime import choose_precision
from striate.core.tree import leaves, map_leaves
from striate.layers.base import mode_of
from striate.models.fusion.drafts import Draft
from striate.models.fusion.fused import FusedRow, Planned, fused_rows, run_in_order
from striate.models.fusion.timing import best_milliseconds, both_ways, noise_for, unchanged
from striate.ops.native.choices import describe_block, left_to_pytorch, use_choices
from striate.ops.native.library import explain_native
from striate.ops.native.mode import fusing

# PyTorch is taken only where it is clearly faster: a change of hands costs a map's way through memory.
CLEARLY = 0.9
TRIALS = 7


@dataclass(frozen=True)
class TunedBlock:
    """What one block took both ways, in milliseconds, the least of a few trials."""

    block: str
    layers: tuple[str, ...]
    native: float
    pytorch: float

    @property
    def is_left(self) -> bool:
        """Whether PyTorch is to compute it."""
        return self.pytorch < CLEARLY * self.native


def tune_model(model: Any, batch_size: int = 32) -> list[TunedBlock]:
    """Measure all blocks of a model, in training and in inference; the model stays as it was.

    Raises:
        StateError: a model without a graph, or no kernels on this machine.
        ArgumentError: an input with a size that is not known.
    """
    if model.graph is None:
        raise StateError(f"model {model.name!r} has no graph of layers to measure: build it first.")
    choice = explain_native()
    if choice.value is None:
        raise StateError(f"there are no kernels to tune here: {choice.reason}.")
    wanted = None if model.compiled is None else model.compiled.precision
    bf16 = choose_precision(wanted, torch.device("cpu")).value == "bfloat16"
    inputs = map_leaves(lambda tensor: noise_for(tensor, batch_size), model.graph.inputs)
    before = left_to_pytorch()
    # Everything is to run natively while it is measured, whatever was chosen earlier.
    use_choices(())
    narrow = torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16)
    found: list[TunedBlock] = []
    try:
        for training in (True, False):
            with unchanged(model), mode_of(model, training), torch.set_grad_enabled(training), narrow:
                found += _blocks(model.graph, inputs, bf16, training)
    finally:
        use_choices(before)
    return found


def _blocks(graph: Any, inputs: Any, bf16: bool, training: bool) -> Iterator[TunedBlock]:
    slots = dict(zip(graph._input_slots, leaves(inputs), strict=True))
    for step in graph.fused_steps:
        arguments = map_leaves(slots.__getitem__, step.inputs)
        if isinstance(step.layer, FusedRow):
            yield from _of_row(step.layer, arguments, bf16, training)
        with fusing(bf16):
            results = step.layer(arguments, **step.options)
        slots.update(zip(step.outputs, (part.detach() for part in leaves(results)), strict=True))


def _of_row(row: FusedRow, inputs: torch.Tensor, bf16: bool, training: bool) -> Iterator[TunedBlock]:
    with fusing(bf16):
        found = row.find(inputs)
    if found is None or not isinstance(found[0], Planned):
        return
    planned, inputs = found[0], found[1]
    for draft, part in zip(planned.drafts, planned.program.parts, strict=True):
        yield TunedBlock(
            describe_block(part, bf16, training),
            tuple(layer.name for layer in draft.layers),
            *_both(draft, inputs, bf16, training),
        )
        with fusing(bf16):
            inputs = run_in_order([run for _, run in fused_rows(draft.layers)], inputs).detach()


def _both(draft: Draft, inputs: torch.Tensor, bf16: bool, training: bool) -> tuple[float, float]:
    alone = [row for _, row in fused_rows(draft.layers)]
    with fusing(bf16):
        native = _time(functools.partial(run_in_order, alone), inputs, training)
    return native, _time(functools.partial(run_in_order, draft.layers), inputs, training)


def _time(run: Callable[[Any], Any], inputs: torch.Tensor, training: bool) -> float:
    return best_milliseconds(both_ways(run, inputs) if training else functools.partial(run, inputs), TRIALS)
