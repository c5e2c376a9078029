"""Finds layers by name, by number or by themselves, in Striate models and in any torch module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from torch import nn

from striate.core.errors import ArgumentError, unknown_name
from striate.layers.base import Layer
from striate.layers.input import InputLayer
from striate.layers.torch_module import TorchModule

LAST, FIRST = "channels_last", "channels_first"

# PyTorch's own modules that mind the order of axes, whatever stands around them.
CHANNELS_SECOND = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.GroupNorm,
    nn.Upsample,
)
FEATURES_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding)


@final
@dataclass(frozen=True, eq=False)
class FoundLayer:
    """A layer with its dotted name, its kind, and where its output has the channels.

    `layout` is 'channels_last' or 'channels_first'.
    """

    name: str
    module: nn.Module
    kind: str
    layout: str


def find_layers(model: Any) -> list[FoundLayer]:
    """List the layers of a model in order: those without layers inside, and those with weights of their own.

    Layers inside others have dotted names (`base.conv1`); a module that stands in a `TorchModule`
    goes by that layer's name.

    Raises:
        ArgumentError: something that is no model.

    >>> from striate.applications import net_c
    >>> [layer.name for layer in find_layers(net_c())][:3]
    ['conv1', 'pool1', 'conv2']
    """
    return [layer for layer in _everything(model) if not _is_group(layer.module)]


def find_layer(model: Any, which: Any) -> FoundLayer:
    """Find one layer by its name, its number or itself; a group of layers, such as a block, as well.

    Numbers count `model.layers` where the model has them, else what `find_layers` lists. The
    last part of a dotted name is enough where only one layer has it.

    Raises:
        UnknownNameError: a name that is not there, with the nearest that are.
        ArgumentError: a number beyond the end, the input itself, or no layer of this model.
    """
    found = _everything(model)
    if isinstance(which, str):
        return _by_name(found, which)
    if isinstance(which, FoundLayer):
        which = which.module
    if isinstance(which, nn.Module):
        held = which.module if isinstance(which, TorchModule) else which
        for layer in found:
            if layer.module is which or layer.module is held:
                return layer
        raise ArgumentError(f"this {type(which).__name__} is no layer of the model.")
    if isinstance(which, bool) or not hasattr(which, "__index__"):
        raise ArgumentError(
            f"a layer is given by its name, its number or itself; got {type(which).__name__} {which!r}."
        )
    return _by_number(model, int(which))


def _by_name(found: list[FoundLayer], name: str) -> FoundLayer:
    same = [layer for layer in found if layer.name == name]
    same = same or [layer for layer in found if layer.name.rpartition(".")[2] == name]
    if len(same) == 1:
        return same[0]
    raise unknown_name("layer", name, [layer.name for layer in found])


def _by_number(model: Any, number: int) -> FoundLayer:
    layers = getattr(model, "layers", None) if isinstance(model, Layer) else None
    chosen: list[Any] = list(layers or find_layers(model))
    if not -len(chosen) <= number < len(chosen):
        raise ArgumentError(f"there are {len(chosen)} layers, counted from 0; there is no layer {number}.")
    if isinstance(chosen[number], InputLayer):
        raise ArgumentError(
            f"layer {number} is the input {chosen[number].name!r} itself, which computes nothing; "
            f"the first layer that does is {number % len(chosen) + 1}."
        )
    return find_layer(model, chosen[number])


def _everything(model: Any) -> list[FoundLayer]:
    """Go through all layers and groups in order, each once; a group stands before what is inside."""
    if not isinstance(model, nn.Module):
        raise ArgumentError(f"expected a model or a torch module; got {type(model).__name__}.")
    world = LAST if isinstance(model, Layer) else FIRST
    found = list(_children(model, "", world, set()))
    # A layer with an activation inside is a layer all the same; a model with weights of its own is none.
    is_layer = isinstance(model, Layer) and not hasattr(model, "graph")
    if found and (not is_layer or _is_group(model)):
        return found
    return list(_visit(getattr(model, "name", type(model).__name__.lower()), model, world, set()))


def _children(module: nn.Module, prefix: str, layout: str, seen: set[int]) -> Iterator[FoundLayer]:
    for name, child in module.named_children():
        if isinstance(child, InputLayer) or id(child) in seen:
            continue
        seen.add(id(child))
        visited = list(_visit(prefix + name, child, layout, seen))
        yield from visited
        # What says nothing of its own, as an activation, has the axes of what came before it.
        layout = LAST if isinstance(child, TorchModule) else visited[-1].layout


def _visit(path: str, module: nn.Module, layout: str, seen: set[int]) -> Iterator[FoundLayer]:
    shown, layout = module, _own_layout(module) or layout
    if isinstance(module, TorchModule):
        # Its inside goes by its own name, so that people need not write `.module`.
        shown, layout = module.module, _own_layout(module.module) or module.data_format
        seen.add(id(shown))
    inside = list(_children(shown, f"{path}.", layout, seen))
    if inside:
        last = LAST if isinstance(module, TorchModule) else inside[-1].layout
        yield FoundLayer(path, module, type(shown).__name__, last)
        yield from inside
    else:
        yield FoundLayer(path, shown, type(shown).__name__, layout)


def _own_layout(module: nn.Module) -> str | None:
    if isinstance(module, CHANNELS_SECOND):
        return FIRST
    if isinstance(module, FEATURES_LAST):
        return LAST
    return getattr(module, "data_format", None) if isinstance(module, Layer) else None


def _is_group(module: nn.Module) -> bool:
    has_layers = any(not isinstance(child, InputLayer) for child in module.children())
    return has_layers and next(module.parameters(recurse=False), None) is None
