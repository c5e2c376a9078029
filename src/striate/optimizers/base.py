"""The contract of an optimiser, explained once; each family then fills it in a short file.

An optimiser is made with its numbers, given the parameters, and moves them at every `step`::

    optimizer = Adam(0.001)
    optimizer.build(model.named_parameters())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

A family member says which tensors it keeps a parameter (`slots`), how parameters move (`update`),
which numbers stand in its config (`settings`) and which it counts up (`first_numbers`). The rest is
done here: loss scale, accumulation, clipping, weight decay, the rule, the moving average.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self, Unpack

import numpy as np
import torch
from torch import Tensor

from striate.core.errors import StateError
from striate.ops.native.optimizer_step import Rule
from striate.optimizers.one_call import OneCall
from striate.optimizers.operations import follow_average, take_step
from striate.optimizers.options import COMMON, Common, check_common, check_number, unknown_option
from striate.optimizers.schedules.base import LearningRateSchedule
from striate.optimizers.schedules.registry import deserialize, serialize
from striate.optimizers.state import (
    Moving,
    State,
    built_for_others,
    check_keys,
    check_multipliers,
    collect,
    decays,
    exchange,
    fill_slots,
    fits_fused_kernel,
    make_slots,
    moved,
    named,
    not_built,
    slot_arrays,
    unwritable_rate,
)

Rate = float | LearningRateSchedule | Callable[[int], float]


class Optimizer(ABC):
    """Moves parameters along their gradients; `options.Common` describes the options.

    `learning_rate` is a number, a schedule, or a function of the number of steps.
    """

    settings: ClassVar[tuple[str, ...]] = ()
    first_numbers: ClassVar[dict[str, float]] = {}

    weight_decay: float | None = None
    clipnorm: float | None = None
    clipvalue: float | None = None
    global_clipnorm: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    loss_scale_factor: float | None = None
    gradient_accumulation_steps: int | None = None

    def __init__(
        self, learning_rate: Rate, weight_decay: float | None = None, **common: Unpack[Common]
    ) -> None:
        known = {"learning_rate", "name", *self.settings, *COMMON}
        if not common.keys() <= known:
            raise unknown_option(type(self).__name__, common.keys() - known, known)
        self.name = common.pop("name", None) or type(self).__name__.lower()
        self.weight_decay = weight_decay
        for option, value in common.items():
            setattr(self, option, value)
        check_common({option: getattr(self, option) for option in COMMON})
        self.learning_rate_schedule: Callable[[int], float] | None = None
        self.learning_rate = learning_rate
        self.built, self._steps = False, 0
        self.numbers = dict(self.first_numbers)
        self._parameters: dict[str, Tensor] = {}
        self._state: State = {}
        self._device: torch.device | None = None
        self._fused = self._swapped = False
        self._excluded: tuple[set[int], str | None] = (set(), None)
        self._decaying: list[bool] = []
        self.multipliers: dict[str, float] = {}
        self._one_call = OneCall()

    @abstractmethod
    def slots(self) -> dict[str, float]:
        """Name the tensors kept for each parameter, with the value they are first filled with."""

    @abstractmethod
    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move the parameters, in place; `state` holds one list a slot, in the same order."""

    def rule(self) -> Rule | None:
        """Say what `update` does in the kernels' words, where they have this rule (`one_call`)."""
        return None

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step; assign a number, a schedule or a function of the step."""
        if self.learning_rate_schedule is not None:
            return float(self.learning_rate_schedule(self._steps))
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value):
            self.learning_rate_schedule = value
            return
        self._learning_rate = check_number("learning_rate", value, least=0)
        self.learning_rate_schedule = None

    @property
    def iterations(self) -> int:
        """How many times the parameters have moved."""
        return self._steps // (self.gradient_accumulation_steps or 1)

    def moves(self, parameters: Iterable[Tensor]) -> bool:
        """Whether it was built for just these parameters."""
        return {id(each) for each in parameters} == {id(each) for each in self._parameters.values()}

    def build(self, parameters: Iterable[Any]) -> None:
        """Take the parameters to move: tensors, or (name, tensor) pairs. The same ones again do nothing.

        Raises:
            StateError: other parameters than those it was built for.
        """
        found = named(parameters)
        if self.built:
            if self.moves(found.values()):
                return
            raise built_for_others(type(self).__name__, len(self._parameters))
        tensors = list(found.values())
        wanted = {"average": self.use_ema, "gradient_accumulator": self.gradient_accumulation_steps}
        extra = {slot: 0.0 for slot, needed in wanted.items() if needed}
        self._parameters = found
        self._settle(tensors, make_slots(tensors, {**self.slots(), **extra}))
        self._decaying = decays(found, tensors, *self._excluded)
        self.built = True

    def exclude_from_weight_decay(
        self, var_list: Iterable[Tensor] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Keep weight decay from these parameters, or from those whose name contains one of the words.

        Raises:
            StateError: the optimiser is built already.
        """
        if self.built:
            raise StateError("exclude_from_weight_decay() comes before the optimizer is built, not after.")
        words = "|".join(re.escape(word) for word in var_names or ())
        self._excluded = ({id(each) for each in var_list or ()}, words or None)

    def multiply_rates(self, multipliers: Mapping[str, float]) -> None:
        """Multiply the learning rate of parameters by their names; no config holds these numbers.

        Raises:
            ArgumentError: a number below 0, or a name that no parameter has.
        """
        self.multipliers = check_multipliers(multipliers, self._parameters if self.built else None)
        self._one_call.forget()

    def step(self) -> None:
        """Move every parameter that has a gradient, once.

        Raises:
            StateError: not built, or no parameter has a gradient.
        """
        moving = self._collect()
        if not moving.parameters:
            return
        parts = self.gradient_accumulation_steps
        waits = bool(parts and (self._steps + 1) % parts)
        rate = 0.0 if waits else self.learning_rate
        # An average is of all parameters, moving or not: one call can follow it only where all move.
        whole = len(moving.parameters) == len(self._parameters)
        in_one_call = (whole or not self.use_ema) and self._one_call.moved(self, moving, rate, waits)
        # One call needs nothing of autograd, which it would take as long to ask as all the rest here.
        if not in_one_call or parts or self.use_ema:
            with torch.no_grad():
                if not in_one_call:
                    take_step(self, moving, rate, waits)
                if parts and not waits:
                    torch._foreach_zero_(self._state["gradient_accumulator"])
                if self.use_ema and not waits:
                    everything = list(self._parameters.values())
                    follow_average(self, everything, self._state["average"], in_one_call)
        self._steps += 1

    def _collect(self) -> Moving:
        if not self.built:
            raise not_built("step()")
        parameters = list(self._parameters.values())
        if parameters and parameters[0].device != self._device:
            self._settle(parameters, moved(self._state, parameters))
        return collect(self._parameters, self._state, self._decaying)

    def _settle(self, parameters: Sequence[Tensor], state: State) -> None:
        self._state = state
        self._device = parameters[0].device if parameters else None
        self._fused = fits_fused_kernel(parameters, state)
        self._one_call.forget()

    @torch.no_grad()
    def swap_average(self) -> None:
        """Exchange the parameters with their moving average; a second call puts them back.

        Raises:
            StateError: no average is kept.
        """
        if not self.use_ema or not self.built:
            raise StateError("there is no moving average to swap in: pass use_ema=True and build first.")
        exchange(self._parameters.values(), self._state["average"])
        self._swapped = not self._swapped

    @torch.no_grad()
    def finalize_variable_values(self, var_list: Any = None) -> None:
        """Put the moving average in the parameters' place, where one is kept: the end of training."""
        if self.use_ema and self.iterations:
            here, average = list(self._parameters.values()), self._state["average"]
            target, source = (average, here) if self._swapped else (here, average)
            torch._foreach_copy_(target, source)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters.values():
            parameter.grad = None

    def state_arrays(self) -> dict[str, np.ndarray]:
        """Copy everything that the next step depends on, by name: 'momentum/<parameter>' and others."""
        arrays = slot_arrays(self._state, list(self._parameters))
        numbers = {"steps": self._steps, "learning_rate": self.learning_rate, **self.numbers}
        return arrays | {key: np.asarray(value) for key, value in numbers.items()}

    @torch.no_grad()
    def load_state_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take back what `state_arrays` gave; a schedule, where there is one, stays in charge of the rate.

        Raises:
            StateError: not built.
            ArgumentError: the state of another optimiser.
            ShapeError: an array of another shape.
        """
        if not self.built:
            raise not_built("load_state_arrays()")
        slots = (f"{slot}/{name}" for slot in self._state for name in self._parameters)
        check_keys(arrays, (*slots, "steps", "learning_rate", *self.numbers))
        fill_slots(self._state, list(self._parameters), arrays)
        self._steps = int(arrays["steps"])
        self.numbers = {key: float(arrays[key]) for key in self.numbers}
        if self.learning_rate_schedule is None:
            self.learning_rate = float(arrays["learning_rate"])

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make this optimiser anew, without its history.

        Raises:
            ArgumentError: the learning rate is a plain function, which no file can hold.
        """
        rate: Any = self.learning_rate_schedule
        if rate is not None and not isinstance(rate, LearningRateSchedule):
            raise unwritable_rate(rate)
        return {
            "name": self.name,
            "learning_rate": self.learning_rate if rate is None else serialize(rate),
            **{setting: getattr(self, setting) for setting in (*self.settings, *COMMON)},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make an optimiser from its config."""
        rate = config.get("learning_rate")
        if isinstance(rate, Mapping):
            return cls(**{**config, "learning_rate": deserialize(rate, custom_objects)})
        return cls(**config)
