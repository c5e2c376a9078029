"""A network as a drawing: a box for each layer, in proportion to its shape, with all branches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from striate import activations
from striate.core.errors import ArgumentError
from striate.core.shapes import product
from striate.core.tree import leaves
from striate.layers.base import Layer
from striate.layers.input import InputLayer
from striate.visualize.base import Block, Diagram
from striate.visualize.block_groups import join_neighbours
from striate.visualize.layer_search import find_layers
from striate.visualize.probes import watch
from striate.visualize.render import save

BLOCKS_A_ROW = {"LR": 9, "TB": 1}
# Of a network with more layers, neighbours are drawn as one box.
MOST_BLOCKS = 40


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] | None = None,
    show_shapes: bool = True,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "LR",
    expand_nested: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    *,
    input_shape: Sequence[int] | None = None,
    max_blocks: int | None = MOST_BLOCKS,
) -> Diagram:
    """Draw a network; with `to_file` also into a PNG or SVG file.

    The arguments are Keras's, but that shapes and names are shown unless told otherwise, that
    boxes stand in rows from left to right ('TB' puts each below the other), and that no file is
    written unless one is named. Of a plain torch module the order of the modules is drawn, with
    the shapes that an input of `input_shape`, channels last, gets on its way.

    Of a network with more than `max_blocks` layers, neighbours whose names begin alike (block1a_...)
    stand in one box with their number; None draws each layer.

    Raises:
        ArgumentError: a network without a known input; another direction.
        FileAccessError: the file cannot be written.

    >>> from striate.applications import net_c
    >>> [block.shape for block in plot_model(net_c()).blocks][:2]
    [(32, 32, 3), (30, 30, 32)]
    """
    direction = rankdir.upper() if isinstance(rankdir, str) else rankdir
    if direction not in BLOCKS_A_ROW:
        raise ArgumentError(f"rankdir is 'LR', rows from left to right, or 'TB'; got {rankdir!r}.")
    told = (show_shapes, show_dtype, show_layer_activations, show_trainable)
    graph = getattr(model, "graph", None) if isinstance(model, Layer) else None
    if graph is not None:
        blocks, arrows = _Walk(told, expand_nested).of(graph)
    else:
        blocks, arrows = _chain(model, told, input_shape)
    layers = sum(block.kind != "InputLayer" for block in blocks)
    if max_blocks is not None and len(blocks) > max_blocks:
        blocks, arrows = join_neighbours(blocks, arrows, max_blocks, show_shapes)
    if not show_layer_names:
        blocks = [Block("", block.kind, block.shape, block.parameters, block.detail) for block in blocks]
    name = getattr(model, "name", type(model).__name__)
    caption = _caption(model, layers, layers > len(blocks), graph is not None)
    picture = Diagram(f"The network {name}", caption, tuple(blocks), tuple(arrows), BLOCKS_A_ROW[direction])
    if to_file is not None:
        save(picture, to_file)
    return picture


def _caption(model: Any, layers: int, are_joined: bool, has_graph: bool) -> str:
    count = sum(parameter.numel() for parameter in (*model.parameters(), *model.buffers()))
    text = (
        f"{layers} layers with {count:,} weights. A box is as high as the map's height and as thick as its "
        "number of channels, both on scales that keep small ones visible."
    )
    if are_joined:
        text += " Neighbouring layers stand in one box together, with their number and their last shape."
    if not has_graph:
        text += " Its modules stand in their order: branches of a plain torch module are not traced."
    return text


class _Walk:
    """Goes through a graph and the graphs inside it, collecting blocks and arrows."""

    def __init__(self, told: tuple[bool, ...], expand: bool):
        self.told, self.expand = told, expand
        self.blocks: list[Block] = []
        self.arrows: list[tuple[int, int]] = []

    def of(self, graph: Any) -> tuple[list[Block], list[tuple[int, int]]]:
        made: dict[int, int] = {}
        for tensor in leaves(graph.inputs):
            layer = tensor.node.layer if tensor.node is not None else None
            kind = "InputLayer" if isinstance(layer, InputLayer) or layer is None else type(layer).__name__
            made[id(tensor)] = self._add(tensor.name.partition("/")[0], kind, tensor.shape[1:], layer)
        self._follow(graph, made, "")
        return self.blocks, list(dict.fromkeys(self.arrows))

    def _follow(self, graph: Any, made: dict[int, int], prefix: str) -> None:
        for node in graph.nodes:
            sources = [made[id(tensor)] for tensor in leaves(node.inputs)]
            inner = getattr(node.layer, "graph", None)
            if self.expand and inner is not None:
                inside = dict(zip((id(tensor) for tensor in leaves(inner.inputs)), sources, strict=True))
                self._follow(inner, inside, f"{prefix}{node.layer.name}.")
                ends = [inside[id(tensor)] for tensor in leaves(inner.outputs)]
                made.update(zip((id(tensor) for tensor in leaves(node.outputs)), ends, strict=True))
                continue
            outputs = list(leaves(node.outputs))
            name = prefix + node.layer.name
            place = self._add(name, type(node.layer).__name__, outputs[0].shape[1:], node.layer)
            made.update((id(tensor), place) for tensor in outputs)
            self.arrows += [(source, place) for source in sources]

    def _add(self, name: str, kind: str, shape: tuple[int | None, ...], layer: Any) -> int:
        self.blocks.append(_block(name, kind, shape, layer, self.told))
        return len(self.blocks) - 1


def _block(name: str, kind: str, shape: Any, layer: Any, told: tuple[bool, ...]) -> Block:
    show_shapes, show_dtype, show_activations, show_trainable = told
    count = 0 if layer is None else sum(parameter.numel() for parameter in layer.parameters())
    lines = ["×".join("?" if size is None else str(size) for size in shape)] if show_shapes else []
    lines.append(kind)
    if show_activations and callable(getattr(layer, "activation", None)):
        lines.append(str(getattr(layer.activation, "__name__", activations.serialize(layer.activation))))
    if show_dtype and layer is not None:
        lines.append(str(_dtype_of(layer)).removeprefix("torch."))
    if show_trainable and count:
        trains = any(parameter.requires_grad for parameter in layer.parameters())
        lines.append("trainable" if trains else "frozen")
    return Block(name, kind, tuple(shape), count, "\n".join(lines))


def _dtype_of(layer: Any) -> torch.dtype:
    own = getattr(layer, "dtype", None)
    return own if own is not None else next((one.dtype for one in layer.parameters()), torch.float32)


def _chain(
    model: Any, told: tuple[bool, ...], input_shape: Sequence[int] | None
) -> tuple[list[Block], list[tuple[int, int]]]:
    if not isinstance(model, nn.Module):
        raise ArgumentError(f"plot_model draws a model or a torch module; got {type(model).__name__}.")
    layers = find_layers(model)
    with torch.no_grad(), watch(model) as seen:
        shape = tuple(input_shape) if input_shape is not None else seen.taken.shape
        if not shape or product(shape) is None:
            raise ArgumentError(
                "the size of this network's input is not known: say it, "
                "plot_model(model, input_shape=(224, 224, 3))."
            )
        seen.run(torch.zeros(1, *(size or 1 for size in shape)))
        shapes = {name: tuple(maps.shape[1:]) for name, maps in seen.maps.items()}
    blocks = [_block("input", "InputLayer", shape, None, told)]
    blocks += [
        _block(layer.name, layer.kind, shapes[layer.name], layer.module, told)
        for layer in layers
        if layer.name in shapes
    ]
    return blocks, list(_in_order(len(blocks)))


def _in_order(count: int) -> Iterator[tuple[int, int]]:
    return ((place, place + 1) for place in range(count - 1))
