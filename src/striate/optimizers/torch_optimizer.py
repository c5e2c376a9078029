"""One of torch's own optimisers in the place of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from striate.core.errors import ArgumentError, did_you_mean
from striate.optimizers.base import Optimizer
from striate.optimizers.options import check_number
from striate.optimizers.state import State, check_keys, named, not_built, to_array


@final
class TorchOptimizer(Optimizer):
    """Lets a `torch.optim` optimiser drive the training, through the same calls as the others.

    Its own parameters, groups and options stay as they were made. Reading the learning rate
    gives the first group's; assigning one sets all groups.

    >>> weight = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = TorchOptimizer(torch.optim.SGD([weight], lr=0.5))
    >>> optimizer.learning_rate
    0.5

    Raises:
        ArgumentError: no torch optimiser, or one whose step needs a closure.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise ArgumentError(f"expected a torch.optim optimizer; got {type(optimizer).__name__}.")
        if isinstance(optimizer, torch.optim.LBFGS):
            raise ArgumentError("LBFGS evaluates the loss many times a step, which fit() does not do.")
        self.optimizer = optimizer
        rates = [group["lr"] for group in optimizer.param_groups]
        super().__init__(float(rates[0]), name=type(optimizer).__name__.lower())
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the first group, or of the schedule; assigning one sets all groups."""
        if self.learning_rate_schedule is not None:
            return float(self.learning_rate_schedule(self._steps))
        return float(self.optimizer.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.learning_rate_schedule = value if callable(value) else None
        if not callable(value):
            self._set_groups(check_number("learning_rate", value, least=0))

    def _set_groups(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def build(self, parameters: Iterable[Any]) -> None:
        """Learn the names of the parameters that it moves.

        Raises:
            ArgumentError: it was made for the parameters of another model.
        """
        found = named(parameters)
        mine = {id(parameter) for parameter in self._own()}
        if found and not any(id(parameter) in mine for parameter in found.values()):
            raise ArgumentError(
                f"this {type(self.optimizer).__name__} moves none of the model's parameters: it was made for "
                "others, or before the model had its weights. Make it from model.parameters() now."
            )
        super().build(found.items())

    def multiply_rates(self, multipliers: Mapping[str, float]) -> None:
        """Refuse: torch's optimisers have groups for that.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError(
            f"torch.optim.{type(self.optimizer).__name__} has a learning rate for each of its parameter "
            "groups: set them there, or use an optimizer of striate.optimizers."
        )

    def slots(self) -> dict[str, float]:
        """Keep nothing here: torch's optimiser has its own state."""
        return {}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Let torch's optimiser take its step."""
        if self.learning_rate_schedule is not None:
            self._set_groups(learning_rate)
        self.optimizer.step()

    def _own(self) -> list[Tensor]:
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

    def _names(self) -> list[str]:
        by_identity = {id(parameter): name for name, parameter in self._parameters.items()}
        return [by_identity.get(id(each), f"#{number}") for number, each in enumerate(self._own())]

    def state_arrays(self) -> dict[str, np.ndarray]:
        """Copy what torch's optimiser remembers, and every group's learning rate.

        Raises:
            ArgumentError: it remembers something other than tensors.
        """
        rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        arrays = {"steps": np.asarray(self._steps), "learning_rate": np.asarray(rates)}
        for name, parameter in zip(self._names(), self._own(), strict=True):
            for slot, value in self.optimizer.state.get(parameter, {}).items():
                if value is not None and not isinstance(value, Tensor):
                    raise ArgumentError(
                        f"{type(self.optimizer).__name__} remembers {slot!r} as {type(value).__name__}; "
                        "only tensors can be written to a file."
                    )
                if value is not None:
                    arrays[f"{slot}/{name}"] = to_array(value)
        return arrays

    @torch.no_grad()
    def load_state_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take back what `state_arrays` gave.

        Raises:
            StateError: not built.
            ArgumentError: the state of another optimiser.
        """
        if not self.built:
            raise not_built("load_state_arrays()")
        check_keys([key for key in arrays if "/" not in key], ("steps", "learning_rate"))
        numbers = {name: number for number, name in enumerate(self._names())}
        self.optimizer.state.clear()
        for key in (key for key in arrays if "/" in key):
            slot, _, name = key.partition("/")
            if name not in numbers:
                raise ArgumentError(f"this state is of a parameter {name!r}.{did_you_mean(name, numbers)}")
            parameter, group = self._own()[numbers[name]], self._group_of(numbers[name])
            self.optimizer.state[parameter][slot] = _restored(slot, arrays[key], parameter, group)
        for group, rate in zip(self.optimizer.param_groups, arrays["learning_rate"].tolist(), strict=True):
            group["lr"] = rate
        self._steps = int(arrays["steps"])

    def _group_of(self, number: int) -> dict[str, Any]:
        groups = [group for group in self.optimizer.param_groups for _ in group["params"]]
        return groups[number]

    def get_config(self) -> dict[str, Any]:
        """Refuse: torch's optimisers cannot be made anew from a file.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError(
            f"torch.optim.{type(self.optimizer).__name__} cannot be written to a file, because it is made "
            "from the parameters themselves. Save the weights, or use an optimizer of striate.optimizers."
        )


def _restored(slot: str, array: np.ndarray, parameter: Tensor, group: dict[str, Any]) -> Tensor:
    value = torch.from_numpy(np.array(array))
    if value.shape == parameter.shape:
        half = parameter.dtype in (torch.bfloat16, torch.float16)
        return torch.empty_like(parameter, dtype=parameter.dtype if half else value.dtype).copy_(value)
    # torch counts steps on the CPU unless its kernel reads the count on the device.
    on_device = slot != "step" or group.get("capturable") or group.get("fused")
    return value.to(parameter.device) if on_device else value
