"""A step of all parameters in one call, where the kernels' library can take it (decision 0014)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from striate.ops.native.library import Library, native_library
from striate.ops.native.optimizer_step import (
    CLIP_GLOBAL_NORM,
    CLIP_NORM,
    CLIP_VALUE,
    NOT_CLIPPED,
    Rule,
    StepTable,
)
from striate.optimizers.operations import Stepping, average_keeps
from striate.optimizers.state import Moving, State, laid_out_alike


@functools.cache
def _is_own(kind: type) -> bool:
    """Whether `rule` says what `update` does: not where a subclass writes `update` alone."""
    order = kind.__mro__
    updating = next((place for place, one in enumerate(order) if "update" in vars(one)), len(order))
    return any("rule" in vars(one) for one in order[: updating + 1])


class OneCall:
    """Moves parameters without a pass over memory for each operation of the rule.

    Parameters, gradients and state stay the tensors that they are: only their addresses are written
    down, and anew whenever one of the parameters lies elsewhere.
    """

    def __init__(self) -> None:
        self.forget()

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy of an optimiser has tensors of its own, so nothing here is for it."""
        return OneCall, ()

    def forget(self) -> None:
        """Forget all addresses: the state has moved, or rates have changed."""
        self._pointers: list[int] | None = None
        self._table: StepTable | None = None
        self._library: Library | None = None
        self._layouts: list[Any] = []

    def moved(self, optimizer: Stepping, moving: Moving, rate: float, waits: bool) -> bool:
        """Take the step, and say whether it could be taken in this way."""
        # Asked in this order, so that a training on a GPU compiles no kernels for the CPU.
        on_cpu = all(parameter.device.type == "cpu" for parameter in moving.parameters)
        usable = on_cpu and _is_own(type(optimizer)) and native_library() is not None
        rule = optimizer.rule() if usable else None
        if rule is None:
            return False
        pointers = [parameter.data_ptr() for parameter in moving.parameters]
        if pointers != self._pointers:
            self.forget()
            self._pointers = pointers
            self._prepare(moving, rule, optimizer.multipliers)
        if self._table is None or self._library is None:
            return False
        gradients = moving.gradients
        strided = torch.strided
        layouts = [each.stride() if each.layout is strided else None for each in gradients]
        if layouts != self._layouts:
            if None in layouts:
                return False
            with torch.no_grad():
                gradients = laid_out_alike(moving.parameters, gradients)
        numbers = {
            "rule": rule.kind,
            **rule.numbers,
            **numbers_of(optimizer),
            "rate": rate,
            "moves": not waits,
        }
        self._table.run(self._library.functions, gradients, numbers)
        # As PyTorch's own updates do, so that a graph that still needs the old values says so.
        increment_version(moving.parameters)
        return True

    def _prepare(self, moving: Moving, rule: Rule, multipliers: Mapping[str, float]) -> None:
        if not _fit(moving.parameters, moving.state):
            return
        self._library = native_library()
        state = moving.state
        self._table = StepTable(
            moving.parameters,
            [state.get(slot) for slot in rule.slots],
            state.get("gradient_accumulator"),
            state.get("average"),
            [multipliers.get(name, 1.0) for name in moving.names],
            moving.decaying,
        )
        self._layouts = [parameter.stride() for parameter in moving.parameters]


def numbers_of(optimizer: Stepping) -> dict[str, float]:
    """The options that all rules share, as the kernels' numbers."""
    ways = (
        (CLIP_NORM, optimizer.clipnorm),
        (CLIP_VALUE, optimizer.clipvalue),
        (CLIP_GLOBAL_NORM, optimizer.global_clipnorm),
    )
    clip, limit = next(((way, limit) for way, limit in ways if limit is not None), (NOT_CLIPPED, 0.0))
    return {
        "clip": clip,
        "limit": limit,
        "weight_decay": optimizer.weight_decay or 0.0,
        "loss_scale": 1.0 if optimizer.loss_scale_factor is None else optimizer.loss_scale_factor,
        "parts": optimizer.gradient_accumulation_steps or 1,
        "keep": average_keeps(optimizer),
    }


def _fit(parameters: list[Tensor], state: State) -> bool:
    """Whether these are fp32 tensors on the CPU, without gaps, each one once and its state laid out alike."""
    if len({parameter.data_ptr() for parameter in parameters}) < len(parameters):
        return False
    if not all(_is_plain(parameter) for parameter in parameters):
        return False
    return all(
        tensor.stride() == parameter.stride()
        and tensor.dtype == torch.float32
        and tensor.device.type == "cpu"
        for tensors in state.values()
        for tensor, parameter in zip(tensors, parameters, strict=True)
    )


def _is_plain(tensor: Tensor) -> bool:
    if tensor.dtype != torch.float32 or tensor.device.type != "cpu" or tensor.layout != torch.strided:
        return False
    # Steps and sizes from the innermost axis out: without gaps each step is all that lies inside it.
    inside = 1
    for step, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size > 1 and step != inside:
            return False
        inside *= size
    return tensor.numel() > 0
