"""What an optimiser remembers of each parameter, as tensors and as arrays for a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from striate.core.errors import ArgumentError, ShapeError, StateError, did_you_mean
from striate.core.shapes import format_shape
from striate.optimizers.options import check_number

State = dict[str, list[Tensor]]


@dataclass
class Moving:
    """What one step moves: parameters by name, with their gradients, state, and whether they decay."""

    names: list[str]
    parameters: list[Tensor]
    gradients: list[Any]
    state: State
    decaying: list[bool]

    def take(self, rows: Sequence[int]) -> Moving:
        """Take some of the parameters, with all that belongs to them."""
        return Moving(
            [self.names[row] for row in rows],
            [self.parameters[row] for row in rows],
            [self.gradients[row] for row in rows],
            {slot: [tensors[row] for row in rows] for slot, tensors in self.state.items()},
            [self.decaying[row] for row in rows],
        )

    def by_rate(self, multipliers: Mapping[str, float]) -> Iterator[tuple[float, Moving]]:
        """Give the parameters that share a multiplier of the learning rate; 1 where none is named."""
        if not multipliers:
            yield 1.0, self
            return
        rows: dict[float, list[int]] = {}
        for row, name in enumerate(self.names):
            rows.setdefault(multipliers.get(name, 1.0), []).append(row)
        for share, members in rows.items():
            yield share, self.take(members)


def named(parameters: Iterable[Any]) -> dict[str, Tensor]:
    """Give each parameter a name: its own from a (name, parameter) pair, else its number.

    Raises:
        ArgumentError: something that is not a parameter, or a name given twice.
    """
    found: dict[str, Tensor] = {}
    for number, entry in enumerate(parameters):
        name, parameter = entry if isinstance(entry, tuple) and len(entry) == 2 else (str(number), entry)
        if not isinstance(parameter, Tensor):
            raise ArgumentError(
                f"expected parameters or (name, parameter) pairs; got {type(parameter).__name__} at {number}."
            )
        if name in found:
            raise ArgumentError(f"two parameters are called {name!r}; each needs a name of its own.")
        found[name] = parameter
    return found


def collect(parameters: Mapping[str, Tensor], state: State, decaying: list[bool]) -> Moving:
    """Collect the parameters that have a gradient.

    Raises:
        StateError: none has.
    """
    gradients = [parameter.grad for parameter in parameters.values()]
    rows = [row for row, gradient in enumerate(gradients) if gradient is not None]
    if parameters and not rows:
        raise StateError("no parameter has a gradient: call backward() on the loss before step().")
    found = Moving(list(parameters), list(parameters.values()), gradients, state, decaying)
    return found if len(rows) == len(parameters) else found.take(rows)


def make_slots(parameters: Sequence[Tensor], initial: Mapping[str, float]) -> State:
    """Make the tensors of each slot, laid out in memory as the parameters are."""
    return {
        slot: [torch.full_like(parameter, value).detach() for parameter in parameters]
        for slot, value in initial.items()
    }


def moved(state: State, parameters: Sequence[Tensor]) -> State:
    """Bring the tensors to where the parameters are now."""
    return {
        slot: [tensor.to(each.device) for tensor, each in zip(tensors, parameters, strict=True)]
        for slot, tensors in state.items()
    }


def fits_fused_kernel(parameters: Sequence[Tensor], state: State) -> bool:
    """Whether torch's fused kernels can take these: one device and type, all dense, laid out alike."""
    if not parameters or parameters[0].dtype not in (torch.float32, torch.float64):
        return False
    kinds = {(parameter.device, parameter.dtype) for parameter in parameters}
    if len(kinds) > 1 or parameters[0].device.type not in ("cpu", "cuda"):
        return False
    return all(
        tensor.stride() == parameter.stride()
        for tensors in state.values()
        for tensor, parameter in zip(tensors, parameters, strict=True)
    )


def laid_out_alike(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
    """Copy those gradients whose memory is laid out differently from their parameter's."""
    return [
        gradient if gradient.stride() == parameter.stride() else torch.empty_like(parameter).copy_(gradient)
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]


def in_memory_order(tensor: Tensor) -> Tensor:
    """See a kernel, stored as channels_last, with its axes in the order in which its numbers lie.

    PyTorch's fused steps copy each gradient that does not look contiguous; in this view it does.

    Shape:
        in (filters, channels, *window), out (filters, *window, channels); any other tensor as it is.
    """
    if tensor.is_contiguous() or tensor.ndim < 3:
        return tensor
    order = (0, *range(2, tensor.ndim), 1)
    seen = tensor.permute(order)
    return seen if seen.is_contiguous() else tensor


def decays(
    names: Iterable[str], parameters: Sequence[Tensor], excluded: set[int], pattern: str | None
) -> list[bool]:
    """Say of each parameter whether weight decay applies to it."""
    return [
        id(parameter) not in excluded and not (pattern and re.search(pattern, name))
        for name, parameter in zip(names, parameters, strict=True)
    ]


def exchange(ones: Iterable[Tensor], others: Iterable[Tensor]) -> None:
    """Exchange the values of two rows of tensors, in place."""
    for one, other in zip(ones, others, strict=True):
        aside = one.detach().clone()
        one.copy_(other)
        other.copy_(aside)


def to_array(tensor: Tensor) -> np.ndarray:
    """Copy a tensor into an array that shares nothing with it; bf16 becomes float32, exactly."""
    tensor = tensor.detach().cpu()
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    return np.array(tensor.numpy(), order="C")


def slot_arrays(state: State, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Copy all slots into arrays called 'slot/parameter'."""
    return {
        f"{slot}/{name}": to_array(tensor)
        for slot, tensors in state.items()
        for name, tensor in zip(names, tensors, strict=True)
    }


def fill_slots(state: State, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Copy what `slot_arrays` gave back into the slots.

    Raises:
        ShapeError: an array of another shape.
    """
    for slot, tensors in state.items():
        for name, tensor in zip(names, tensors, strict=True):
            fill(tensor, arrays[f"{slot}/{name}"], f"{slot}/{name}")


def fill(target: Tensor, array: np.ndarray, key: str) -> None:
    """Copy an array into a tensor of the same shape.

    Raises:
        ShapeError: another shape.
    """
    if tuple(array.shape) != tuple(target.shape):
        raise ShapeError(
            f"optimizer state {key!r} has shape {format_shape(array.shape)}, but this optimizer was built "
            f"for {format_shape(tuple(target.shape))}. It belongs to another network."
        )
    target.copy_(torch.from_numpy(np.array(array, order="C")))


def check_keys(found: Iterable[str], wanted: Iterable[str]) -> None:
    """Refuse a state that does not belong to this optimiser.

    Raises:
        ArgumentError: a key that is missing or one too many.
    """
    have, need = set(found), set(wanted)
    missing, extra = sorted(need - have), sorted(have - need)
    if missing:
        raise ArgumentError(
            f"this state has no {missing[0]!r} ({len(missing)} missing)."
            f"{did_you_mean(missing[0], have)} It was saved by another optimizer, or for another network."
        )
    if extra:
        raise ArgumentError(
            f"this state has {extra[0]!r} ({len(extra)} too many), which this optimizer does not keep. "
            "It was saved by another optimizer, or with other options."
        )


def check_multipliers(multipliers: Mapping[str, float], names: Iterable[str] | None) -> dict[str, float]:
    """Hand back multipliers of the learning rate if they are numbers from 0 and, where known, of parameters.

    Raises:
        ArgumentError: a number below 0, or a name that no parameter has.
    """
    for name, value in multipliers.items():
        check_number(f"the multiplier of {name!r}", value, least=0)
        if names is not None and name not in names:
            raise ArgumentError(f"no parameter is called {name!r}.{did_you_mean(name, names)}")
    return {name: float(value) for name, value in multipliers.items()}


def built_for_others(optimizer: str, parameters: int) -> StateError:
    """Make the error for an optimiser that is given the parameters of another model."""
    return StateError(
        f"this {optimizer} was built for {parameters} other parameters, whose history it keeps. "
        "Make a new optimizer for this model."
    )


def not_built(what: str) -> StateError:
    """Make the error for a call that needs the parameters first."""
    return StateError(f"{what} needs the parameters first: call optimizer.build(model.parameters()).")


def unwritable_rate(rate: Any) -> ArgumentError:
    """Make the error for a learning rate that is a plain function, where a file is to hold it."""
    return ArgumentError(
        f"the learning rate is the function {rate!r}, which cannot be written to a file. "
        "Use a LearningRateSchedule with get_config()."
    )
