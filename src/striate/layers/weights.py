"""The weights of a layer: how they are made, stored, shown, regularised and frozen.

People see weights in Keras's layout: a convolution's kernel is (*window, channels, filters).
PyTorch's convolutions want (filters, channels, *window) in channels_last memory, so that is
how kernels are stored; both views show the same memory, and nothing is copied between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from striate import constraints, initializers, regularizers
from striate.core.allowance import take
from striate.core.arrays import as_dtype, as_tensor
from striate.core.errors import ArgumentError, OutOfMemoryError, ShapeError
from striate.core.runtime import is_out_of_memory
from striate.core.shapes import format_bytes, format_shape


@dataclass(frozen=True)
class WeightSpec:
    """What is known of one weight beside its numbers; `shape` is Keras's."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True
    regularizer: Callable[[torch.Tensor], torch.Tensor] | None = None
    constraint: Callable[[torch.Tensor], torch.Tensor] | None = None
    is_kernel: bool = False

    def to_stored(self, public: torch.Tensor) -> torch.Tensor:
        """From Keras's layout to the stored one: (filters, channels, *window), channels_last memory."""
        if not self.is_kernel:
            return public.contiguous()
        return public.movedim(-1, 0).contiguous().movedim(-1, 1)

    def to_public(self, stored: torch.Tensor) -> torch.Tensor:
        """From the stored layout to Keras's, a view of the same memory."""
        return stored.movedim(1, -1).movedim(0, -1) if self.is_kernel else stored


class Weighted(nn.Module):
    """A module that knows its weights by name, in Keras's layout and order."""

    dtype: torch.dtype

    def __init__(self, dtype: Any = None, trainable: bool = True):
        super().__init__()
        self.dtype = as_dtype(dtype or "float32")
        self._specs: dict[str, WeightSpec] = {}
        self._trainable = bool(trainable)

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
        is_kernel: bool = False,
    ) -> torch.Tensor:
        """Make a weight and keep it as an attribute with its name.

        Trainable weights are parameters, the others buffers. `is_kernel` stores a
        convolution's kernel (*window, channels, filters) as PyTorch wants it.

        Raises:
            ArgumentError: a name that something else has already, or that cannot be part of a path.
            OutOfMemoryError: the weight does not fit into memory.
        """
        sizes = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
        name = name or f"weight_{len(self._specs)}"
        self._make_room_for(name)
        spec = WeightSpec(
            name, sizes, trainable, regularizers.get(regularizer), constraints.get(constraint), is_kernel
        )
        draw = initializers.get(initializer or ("glorot_uniform" if len(sizes) > 1 else "zeros"))
        if take(math.prod(sizes), f"{self._label()}: the weight {name!r}"):
            # What a file holds is written over it at once: chance and its price are saved.
            draw = torch.zeros
        stored = self._make_weight(spec, draw, as_dtype(dtype) if dtype else self.dtype)
        self._specs[name] = spec
        if trainable and stored.dtype.is_floating_point:
            self.register_parameter(name, nn.Parameter(stored, requires_grad=self._trainable))
        else:
            self.register_buffer(name, stored)
        return getattr(self, name)

    def _make_weight(self, spec: WeightSpec, draw: Any, dtype: torch.dtype) -> torch.Tensor:
        try:
            return spec.to_stored(draw(spec.shape, dtype=dtype))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemoryError(
                f"{self._label()}: the weight {spec.name!r} of {format_shape(spec.shape)} takes "
                f"{format_bytes(math.prod(spec.shape) * dtype.itemsize)}, which does not fit into memory. "
                "Take fewer units or filters, or make what comes in smaller by pooling."
            ) from error

    def _make_room_for(self, name: str) -> None:
        # `self.bias = None` in __init__ is a placeholder, which torch would take for something in the way.
        if self.__dict__.get(name, self) is None:
            del self.__dict__[name]
        taken = hasattr(type(self), name) or name in self.__dict__ or name in self._modules
        if taken or "." in name or "/" in name:
            reason = (
                "there is an attribute of that name" if taken else "names of weights have no '.' and no '/'"
            )
            raise ArgumentError(f"{self._label()}: a weight cannot be called {name!r}: {reason}.")

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        # `self.total = self.add_weight(trainable=False)` keeps a buffer under a second name, which
        # torch does not know of when it moves the module to a device.
        second_names = [
            (attribute, name)
            for name, buffer in self._buffers.items()
            for attribute, value in self.__dict__.items()
            if buffer is not None and value is buffer
        ]
        super()._apply(fn, recurse)
        for attribute, name in second_names:
            self.__dict__[attribute] = self._buffers[name]
        return self

    @property
    def trainable(self) -> bool:
        """Whether training changes this layer; setting it sets every layer inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for module in self.modules():
            if isinstance(module, Weighted):
                module._trainable = bool(value)
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(bool(value))

    @property
    def weights(self) -> list[torch.Tensor]:
        """All weights as they are stored, in Keras's order."""
        return [tensor for _, tensor, _ in named_weights(self)]

    @property
    def trainable_weights(self) -> list[torch.Tensor]:
        """The weights that training changes."""
        return [tensor for tensor in self.weights if tensor.requires_grad]

    @property
    def non_trainable_weights(self) -> list[torch.Tensor]:
        """The weights that training leaves alone or, as moving statistics, sets without a gradient."""
        return [tensor for tensor in self.weights if not tensor.requires_grad]

    def get_weights(self) -> list[np.ndarray]:
        """Copy all weights into arrays, in Keras's order and layout."""
        return [public_array(tensor, spec) for _, tensor, spec in named_weights(self)]

    def set_weights(self, arrays: Sequence[Any]) -> None:
        """Set all weights from arrays in the order and layout of `get_weights`.

        Raises:
            ShapeError: another number of arrays, or one of another shape; nothing is changed.
        """
        targets = list(named_weights(self))
        if len(arrays) != len(targets):
            raise ShapeError(
                f"{self._label()} has {len(targets)} weights but got {len(arrays)} arrays. "
                "The order is that of get_weights()."
            )
        for array, (path, tensor, spec) in zip(arrays, targets, strict=True):
            check_weight_shape(np.shape(array), path, tensor, spec)
        for array, (_, tensor, spec) in zip(arrays, targets, strict=True):
            set_public(tensor, spec, array)

    def count_params(self) -> int:
        """Count all numbers in all weights."""
        return sum(tensor.numel() for tensor in self.weights)

    def _label(self) -> str:
        return f"layer {getattr(self, 'name', '?')!r} ({type(self).__name__})"


def named_weights(
    module: nn.Module, prefix: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, torch.Tensor, WeightSpec | None]]:
    """Go through (path, stored tensor, spec) of every weight, each once, own weights before inner layers'.

    Weights of plain torch modules have no spec: they are shown as they are stored.
    """
    seen = set() if seen is None else seen
    specs = module._specs if isinstance(module, Weighted) else {}
    own = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
    kept = [name for name in own if name not in module._non_persistent_buffers_set]
    for name in sorted(kept, key=lambda key: list(specs).index(key) if key in specs else len(specs)):
        if id(own[name]) not in seen:
            seen.add(id(own[name]))
            yield prefix + name, own[name], specs.get(name)
    for name, child in module.named_children():
        yield from named_weights(child, f"{prefix}{name}/", seen)


def public_array(tensor: torch.Tensor, spec: WeightSpec | None) -> np.ndarray:
    """Copy one weight into an array in Keras's layout."""
    shown = tensor.detach() if spec is None else spec.to_public(tensor.detach())
    if shown.dtype == torch.bfloat16:
        shown = shown.float()
    return np.array(shown.cpu().numpy(), order="C")


def public_shape(tensor: torch.Tensor, spec: WeightSpec | None) -> tuple[int, ...]:
    """The shape of a weight in Keras's layout."""
    return tuple((tensor if spec is None else spec.to_public(tensor)).shape)


def check_weight_shape(
    shape: tuple[int, ...], path: str, tensor: torch.Tensor, spec: WeightSpec | None
) -> None:
    """Refuse an array that does not fit a weight.

    Raises:
        ShapeError: another shape than the weight's.
    """
    wanted = public_shape(tensor, spec)
    if tuple(shape) != wanted:
        raise ShapeError(f"weight {path!r} has shape {format_shape(wanted)} but got {format_shape(shape)}.")


def set_public(tensor: torch.Tensor, spec: WeightSpec | None, array: Any) -> None:
    """Write an array in Keras's layout into a weight, in place."""
    values = as_tensor(array)
    with torch.no_grad():
        (tensor if spec is None else spec.to_public(tensor)).copy_(values)
