"""Layers that learn nothing for a while, and back to what each was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from striate.layers import BatchNormalization
from striate.layers.weights import Weighted

_TORCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

# Each module with its own flag, where it is a layer, and those of its weights.
Flags = list[tuple[nn.Module, bool, list[tuple[nn.Parameter, bool]]]]


def flags_of(module: nn.Module) -> Flags:
    """Note of every module inside whether it and its weights learn."""
    return [
        (
            inner,
            inner.trainable if isinstance(inner, Weighted) else True,
            [(weight, weight.requires_grad) for weight in inner.parameters(recurse=False)],
        )
        for inner in module.modules()
    ]


def set_flags(flags: Flags) -> None:
    """Put back what `flags_of` noted."""
    for inner, trainable, weights in flags:
        if isinstance(inner, Weighted):
            # Not by the setter, which would also set all layers inside.
            inner._trainable = trainable
        for weight, learns in weights:
            weight.requires_grad_(learns)


@contextmanager
def flags_kept(module: nn.Module) -> Iterator[None]:
    """Leave everything inside as trainable as it was before."""
    flags = flags_of(module)
    try:
        yield
    finally:
        set_flags(flags)


def hold(module: nn.Module) -> None:
    """Let a module and all inside learn nothing."""
    for inner in module.modules():
        if isinstance(inner, Weighted):
            inner._trainable = False
        for weight in inner.parameters(recurse=False):
            weight.requires_grad_(False)


def hold_norms(module: nn.Module) -> None:
    """Let the batch normalisation inside a module learn nothing and stay in inference mode."""
    for inner in module.modules():
        if isinstance(inner, (BatchNormalization, *_TORCH_NORMS)):
            hold(inner)


def quieten_held_norms(module: nn.Module) -> None:
    """Put torch's batch normalisation into inference mode where it learns nothing, else into training.

    Striate's own asks whether it is trainable; torch's would follow the batches.
    """
    for inner in module.modules():
        weights = list(inner.parameters(recurse=False))
        if isinstance(inner, _TORCH_NORMS) and weights:
            inner.train(any(weight.requires_grad for weight in weights))
