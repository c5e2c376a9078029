"""What crosses the border for an optimiser's step, as `source/striate_optimizer.h` has it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

SGD, ADAM, RMSPROP = range(3)
NOT_CLIPPED, CLIP_NORM, CLIP_GLOBAL_NORM, CLIP_VALUE = range(4)

_NUMBERS = "rate weight_decay momentum beta_1 beta_2 epsilon correction loss_scale parts limit keep"


class Step(ctypes.Structure):
    """One step of all tensors: the rule, its numbers, and tables with an entry a tensor."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("rule", "clip", "count", "moves", "nesterov", "reserved")),
        *((name, ctypes.c_double) for name in _NUMBERS.split()),
        *((name, ctypes.c_void_p) for name in ("lengths", "shares", "decays", "weights", "gradients")),
        ("slots", ctypes.c_void_p * 3),
        ("sums", ctypes.c_void_p),
        ("averages", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Rule:
    """Which rule moves the tensors in a step, with the names of its own tensors in the kernels' order."""

    kind: int
    slots: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)


class StepTable:
    """The addresses of an optimiser's tensors, written down once; the tensors must outlive it."""

    def __init__(
        self,
        weights: Sequence[Tensor],
        slots: Sequence[Sequence[Tensor] | None],
        sums: Sequence[Tensor] | None,
        averages: Sequence[Tensor] | None,
        shares: Sequence[float],
        decays: Sequence[bool],
    ) -> None:
        count = len(weights)
        self.step = Step(count=count)
        self._written: dict[str, float] = {}
        # The structure holds addresses only: what they point to is kept alive here.
        self._lengths = (ctypes.c_int64 * count)(*(each.numel() for each in weights))
        self._shares = (ctypes.c_double * count)(*shares)
        self._decays = (ctypes.c_int32 * count)(*decays)
        self._gradients = (ctypes.c_void_p * count)()
        self._tables = [_addresses(tensors) for tensors in (weights, sums, averages, *slots)]
        self.step.lengths = ctypes.addressof(self._lengths)
        self.step.shares = ctypes.addressof(self._shares)
        self.step.decays = ctypes.addressof(self._decays)
        self.step.gradients = ctypes.addressof(self._gradients)
        places = [None if table is None else ctypes.addressof(table) for table in self._tables]
        self.step.weights, self.step.sums, self.step.averages = places[:3]
        for number, place in enumerate(places[3:]):
            self.step.slots[number] = place

    def run(self, functions: ctypes.CDLL, gradients: Sequence[Tensor], numbers: Mapping[str, float]) -> None:
        """Take a step along these gradients, which lie in memory as the weights do."""
        self._gradients[:] = [gradient.data_ptr() for gradient in gradients]
        written = self._written
        for name, value in numbers.items():
            # Most stay as they are, and a number crosses the border more slowly than it is compared.
            if written.get(name) != value:
                setattr(self.step, name, value)
                written[name] = value
        functions.striate_step(self.step)


def _addresses(tensors: Sequence[Tensor] | None) -> ctypes.Array[ctypes.c_void_p] | None:
    if tensors is None:
        return None
    return (ctypes.c_void_p * len(tensors))(*(each.data_ptr() for each in tensors))
