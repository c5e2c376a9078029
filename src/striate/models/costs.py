"""What each layer costs and sees: multiply-adds, memory, receptive field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from striate.core.shapes import Shape, product, receptive_step
from striate.core.tree import leaves
from striate.layers.adaptive_pooling import AdaptivePooling
from striate.layers.axes import split_shape
from striate.layers.base import Layer
from striate.layers.channelwise_convolution import ChannelwiseConvolution
from striate.layers.convolution import Convolution
from striate.layers.dense import Dense
from striate.layers.global_pooling import GlobalPooling
from striate.layers.pooling import Pooling
from striate.layers.repetition import UpSampling
from striate.layers.resizing import ImageSize
from striate.layers.separable_convolution import SeparableConvolution
from striate.layers.shape import Flatten, Permute, Reshape
from striate.layers.torch_module import TorchModule
from striate.layers.transposed_convolution import TransposedConvolution
from striate.models.graph import Graph

Field = tuple[tuple[int, int], ...] | str

# Behind these, one unit does not see the same number of input pixels as its neighbour, or nobody knows.
WITHOUT_FIELD = (TorchModule, Reshape, Permute, TransposedConvolution, UpSampling, AdaptivePooling, ImageSize)


@dataclass(frozen=True)
class LayerCost:
    """The cost of one call for one example; None where sizes are not known.

    `flops` counts a multiplication and an addition as two; `memory` is the output in bytes;
    `field` is the receptive field in input pixels: one number an axis, "all", or "" where
    it has no meaning.
    """

    flops: int | None
    memory: int | None
    field: str


def costs_of(graph: Graph) -> dict[str, LayerCost]:
    """Work out the cost of every layer of a graph, by the layer's name."""
    return _follow(graph, [((1, 1),) * max(len(tensor.shape) - 2, 0) for tensor in leaves(graph.inputs)])[0]


def _follow(graph: Graph, entering: list[Field]) -> tuple[dict[str, LayerCost], Field]:
    """Go through a graph with the receptive fields of its inputs; returns costs and the output's field."""
    fields: dict[int, Field] = dict(zip(map(id, leaves(graph.inputs)), entering, strict=True))
    found: dict[str, LayerCost] = {}
    for node in graph.nodes:
        inputs = list(leaves(node.inputs))
        field = _next_field(node.layer, [fields.get(id(tensor), "") for tensor in inputs])
        for output in leaves(node.outputs):
            fields[id(output)] = field
        shape = next(leaves(node.outputs)).shape
        values = product(shape[1:])
        flops, before = flops_of(node.layer, inputs[0].shape, shape), found.get(node.layer.name)
        if flops is not None and before is not None and before.flops is not None:
            # A shared layer works once for each of its calls.
            flops += before.flops
        found[node.layer.name] = LayerCost(
            flops=flops,
            memory=None if values is None else values * node.layer.dtype.itemsize,
            field=_field_text(field),
        )
    return found, _widest([fields.get(id(tensor), "") for tensor in leaves(graph.outputs)])


def flops_of(layer: Any, input_shape: Shape, output_shape: Shape) -> int | None:
    """Count the operations of one layer for one example; element by element where there is no product."""
    values = product(output_shape[1:])
    if values is None or isinstance(layer, TorchModule):
        return None
    if isinstance(layer, TransposedConvolution):
        given = product(input_shape[1:])
        return None if given is None else 2 * given * (product(layer.kernel_size) or 1) * layer.filters
    if isinstance(layer, ChannelwiseConvolution):
        _, axes, filters = split_shape(output_shape, layer.data_format)
        kernels = (split_shape(input_shape, layer.data_format)[2] or 0) * layer.depth_multiplier
        mixed = (filters or 0) if isinstance(layer, SeparableConvolution) else 0
        return 2 * (product(axes) or 0) * kernels * ((product(layer.kernel_size) or 1) + mixed)
    if isinstance(layer, Convolution):
        _, _, channels = split_shape(input_shape, layer.data_format)
        return 2 * values * (product(layer.kernel_size) or 1) * ((channels or 0) // layer.groups)
    if isinstance(layer, Dense):
        return 2 * values * (input_shape[-1] or 0)
    if isinstance(layer, Pooling):
        return values * (product(layer.pool_size) or 1)
    if isinstance(layer, GlobalPooling):
        return product(input_shape[1:])
    inner = getattr(layer, "graph", None)
    if isinstance(inner, Graph):
        counts = [cost.flops for cost in costs_of(inner).values()]
        return None if None in counts else sum(count or 0 for count in counts)
    return 0 if isinstance(layer, Flatten) else values


def _next_field(layer: Layer, fields: list[Field]) -> Field:
    inner = getattr(layer, "graph", None)
    if isinstance(inner, Graph) and len(fields) == len(list(leaves(inner.inputs))):
        return _follow(inner, fields)[1]
    field = _widest(fields)
    if isinstance(field, str):
        return field
    if isinstance(layer, WITHOUT_FIELD):
        return ""
    if isinstance(layer, (Convolution, ChannelwiseConvolution)):
        steps = zip(field, layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
        return tuple(receptive_step(*pair, size, stride, gap) for pair, size, stride, gap in steps)
    if isinstance(layer, Pooling):
        pooled = zip(field, layer.pool_size, layer.strides, strict=True)
        return tuple(receptive_step(*pair, size, stride) for pair, size, stride in pooled)
    if isinstance(layer, (GlobalPooling, Flatten)) and field:
        return "all"
    return field


def _widest(fields: list[Field]) -> Field:
    if not fields or any(isinstance(field, str) for field in fields):
        return "all" if "all" in fields else ""
    return max(fields, key=lambda field: [pair[0] for pair in field])


def _field_text(field: Field) -> str:
    return field if isinstance(field, str) else " x ".join(str(size) for size, _ in field)
