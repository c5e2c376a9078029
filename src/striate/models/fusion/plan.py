"""A model's plan as data: which layers run as one block of native kernels, and what each part costs."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from striate.core.errors import StateError
from striate.core.runtime import choose_precision
from striate.core.threads import settle_threads
from striate.core.tree import leaves, map_leaves
from striate.layers.base import Layer, mode_of
from striate.models.costs import flops_of
from striate.models.fusion.drafts import why_alone
from striate.models.fusion.fused import FusedRow, Mixed, Planned
from striate.models.fusion.timing import best_milliseconds, both_ways, noise_for, unchanged
from striate.ops.native.library import explain_native
from striate.ops.native.mode import fused_precision, fusing
from striate.ops.native.program import Program


@dataclass(frozen=True)
class PlanPart:
    """Layers that run together: how, and what they cost.

    `multiply_adds` and `milliseconds` are for the whole batch; in training the time is that of the
    way there and back, the least of a few trials.
    """

    layers: tuple[str, ...]
    native: bool
    note: str
    multiply_adds: int | None
    milliseconds: float


@dataclass(frozen=True)
class Plan:
    """All parts of a model in the order in which they run."""

    name: str
    batch_size: int
    training: bool
    precision: str
    threads: int
    kernels: str
    parts: tuple[PlanPart, ...]

    def __str__(self) -> str:
        """Lay the plan out as a table."""
        what = "training step" if self.training else "inference"
        lines = [
            f'Plan of "{self.name}" for {what}, batch {self.batch_size}, {self.precision}, '
            f"{self.threads} thread{'s' if self.threads > 1 else ''}: {self.kernels}",
            f"{'ms':>9}  {'GMAC/s':>8}  runs as",
        ]
        for part in self.parts:
            speed = ""
            if part.multiply_adds and part.milliseconds:
                passes = 3 if self.training else 1
                speed = f"{passes * part.multiply_adds / part.milliseconds / 1e6:.1f}"
            way = "one block" if part.native else f"PyTorch ({part.note})"
            lines.append(f"{part.milliseconds:9.3f}  {speed:>8}  {' + '.join(part.layers)}: {way}")
        lines.append(f"{sum(part.milliseconds for part in self.parts):9.3f}  {'':>8}  in all")
        return "\n".join(lines)


def make_plan(model: Any, batch_size: int = 32, training: bool = True) -> Plan:
    """Plan a model for a batch of noise and measure each part; the model stays as it was.

    Raises:
        StateError: a model without a graph of layers.
        ArgumentError: an input with a size that is not known.
    """
    if model.graph is None:
        raise StateError(f"model {model.name!r} has no graph of layers to plan: build it first.")
    wanted = None if model.compiled is None else model.compiled.precision
    precision = choose_precision(wanted, torch.device("cpu")).value
    inputs = map_leaves(lambda tensor: noise_for(tensor, batch_size), model.graph.inputs)
    bf16 = precision == "bfloat16"
    narrow = torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16)
    with unchanged(model), mode_of(model, training), torch.set_grad_enabled(training), narrow, fusing(bf16):
        parts = tuple(_measured(model.graph, inputs, training))
    kernels = explain_native().reason
    return Plan(model.name, batch_size, training, precision, settle_threads().value, kernels, parts)


def _measured(graph: Any, inputs: Any, training: bool) -> Iterator[PlanPart]:
    slots = dict(zip(graph._input_slots, leaves(inputs), strict=True))
    for step in graph.fused_steps:
        arguments = map_leaves(slots.__getitem__, step.inputs)
        if isinstance(step.layer, FusedRow):
            yield from _of_row(step.layer, arguments, training)
        else:
            call = functools.partial(step.layer, **step.options)
            run = both_ways(call, arguments) if training else functools.partial(call, arguments)
            yield _part([step.layer], False, why_alone(step.layer), run, arguments)
        results = step.layer(arguments, **step.options)
        slots.update(zip(step.outputs, (part.detach() for part in leaves(results)), strict=True))


def _of_row(row: FusedRow, inputs: torch.Tensor, training: bool) -> Iterator[PlanPart]:
    found = row.find(inputs)
    if found is None:
        yield from _one_by_one(list(row.layers), _why_not(row), inputs, training)
        return
    planned, inputs = found
    if isinstance(planned, Mixed):
        for part in planned.runs:
            if isinstance(part, FusedRow):
                yield from _of_row(part, inputs, training)
            else:
                yield from _one_by_one([part], "faster there, by the table of choices", inputs, training)
            inputs = part(inputs).detach()
        return
    shape, before = tuple(inputs.shape), 0.0
    for count, draft in enumerate(planned.drafts, 1):
        # A block alone would read its input from memory; the difference of two rows is its share.
        until = best_milliseconds(_program_runner(planned, count, inputs))
        counted = _multiply_adds(draft.layers, shape)
        names = tuple(layer.name for layer in draft.layers)
        yield PlanPart(names, True, "", counted, max(until - before, 0.0))
        before = until
        for layer in draft.layers:
            shape = layer.compute_output_shape(shape)


def _why_not(row: FusedRow) -> str:
    """Say in words why a row of a kind that has kernels does not run on them."""
    choice = explain_native()
    if choice.value is None:
        return choice.reason
    if row.is_watched:
        return "a layer has a hook"
    if fused_precision() and not choice.value.has_bf16:
        return choice.reason
    return "the kernels have no form for this size, or for how the layers are set"


def _one_by_one(layers: list[Any], note: str, inputs: torch.Tensor, training: bool) -> Iterator[PlanPart]:
    for layer in layers:
        run = both_ways(layer, inputs) if training else functools.partial(layer, inputs)
        yield _part([layer], False, note, run, inputs)
        inputs = layer(inputs).detach()


def _program_runner(planned: Planned, count: int, inputs: torch.Tensor) -> Callable[[], Any]:
    whole = planned.program
    dtype = whole.setting.output_dtype
    if count < len(whole.parts):
        dtype = torch.bfloat16 if whole.setting.bf16 else torch.float32
    setting = dataclasses.replace(whole.setting, output_dtype=dtype)
    program = Program(whole.library, whole.parts[:count], setting)

    def run() -> None:
        lease = program.lease()
        outputs = program.forward(lease, inputs, 0)
        if setting.training:
            program.backward(lease, inputs, outputs, torch.ones_like(outputs), [True] * len(program.weights))

    return run


def _part(layers: list[Layer], native: bool, note: str, run: Callable[[], Any], inputs: Any) -> PlanPart:
    shape = tuple(next(leaves(inputs)).shape)
    names = tuple(layer.name for layer in layers)
    return PlanPart(names, native, note, _multiply_adds(layers, shape), best_milliseconds(run))


def _multiply_adds(layers: list[Layer], shape: Any) -> int | None:
    total = 0
    for layer in layers:
        try:
            after = layer.compute_output_shape(shape)
        except (TypeError, ValueError):
            return None
        flops = flops_of(layer, shape, after) if hasattr(layer, "kernel") else 0
        total += (flops or 0) * shape[0] // 2
        shape = after
    return total or None
