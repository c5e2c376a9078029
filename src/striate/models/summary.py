"""The table of a model's layers, as Keras draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from striate.core.console import say
from striate.core.shapes import format_bytes, format_shape
from striate.core.tree import leaves
from striate.layers.base import Layer
from striate.layers.input import InputLayer
from striate.layers.symbolic import SymbolicTensor
from striate.layers.weights import named_weights
from striate.models.costs import LayerCost, costs_of
from striate.models.graph import Graph


@dataclass(frozen=True)
class LayerRow:
    """One line of the table."""

    name: str
    kind: str
    shape: str
    params: int
    sources: tuple[str, ...]
    cost: LayerCost | None
    depth: int = 0


@dataclass(frozen=True)
class Summary:
    """What the table says, as data; sizes count each shared weight once."""

    name: str
    rows: tuple[LayerRow, ...]
    trainable: int
    non_trainable: int
    trainable_bytes: int
    non_trainable_bytes: int
    branched: bool


def summarize(model: Any, expand_nested: bool = False) -> Summary:
    """Collect what `summary()` prints."""
    graph: Graph | None = getattr(model, "graph", None)
    counts = {True: [0, 0], False: [0, 0]}
    for _, tensor, _ in named_weights(model):
        counts[tensor.requires_grad][0] += tensor.numel()
        counts[tensor.requires_grad][1] += tensor.numel() * tensor.element_size()
    return Summary(
        model.name,
        tuple(_rows(model, graph, expand_nested, 0)),
        counts[True][0],
        counts[False][0],
        counts[True][1],
        counts[False][1],
        graph is not None and _is_branched(graph),
    )


def _rows(model: Any, graph: Graph | None, expand: bool, depth: int) -> list[LayerRow]:
    rows = []
    costs = costs_of(graph) if graph is not None else {}
    for layer in model.layers:
        nodes = [node for node in graph.nodes if node.layer is layer] if graph else []
        outputs = list(leaves(nodes[0].outputs)) if nodes else _entry_outputs(layer)
        shapes = [format_shape(tensor.shape) for tensor in outputs]
        sources = tuple(_source(tensor) for node in nodes for tensor in leaves(node.inputs))
        rows.append(
            LayerRow(
                layer.name,
                type(layer).__name__,
                ", ".join(shapes) or "?",
                layer.count_params(),
                sources,
                costs.get(layer.name),
                depth,
            )
        )
        if expand and hasattr(layer, "layers"):
            rows += _rows(layer, getattr(layer, "graph", None), True, depth + 1)
    return rows


def _entry_outputs(layer: Layer) -> list[SymbolicTensor]:
    return list(leaves(layer.output)) if isinstance(layer, InputLayer) else []


def _source(tensor: SymbolicTensor) -> str:
    return tensor.node.layer.name if tensor.node else tensor.name


def _is_branched(graph: Graph) -> bool:
    taken = [id(tensor) for node in graph.nodes for tensor in leaves(node.inputs)]
    several = any(len(list(leaves(node.inputs))) > 1 for node in graph.nodes)
    return several or len(taken) != len(set(taken)) or len(list(leaves(graph.inputs))) > 1


def format_summary(summary: Summary, line_length: int | None = None, details: bool = False) -> str:
    """Draw the table; `details` adds receptive field, FLOPs and output memory of each layer."""
    header = ["Layer (type)", "Output Shape", "Param #"]
    if details:
        header += ["Sees (pixels)", "FLOPs", "Output memory"]
    elif summary.branched:
        header += ["Connected to"]
    table = [header] + [_cells(row, details, summary.branched) for row in summary.rows]
    widths = _widths(table, line_length)
    right = {2, 4, 5} if details else {2}
    lines = [f'Model: "{summary.name}"', _rule(widths, "┏┳┓━")]
    lines += [_line(table[0], widths, right, "┃"), _rule(widths, "┡╇┩━")]
    for number, row in enumerate(table[1:]):
        if number:
            lines.append(_rule(widths, "├┼┤─"))
        lines.append(_line(row, widths, right, "│"))
    lines.append(_rule(widths, "└┴┘─"))
    return "\n".join(lines + _totals(summary, details))


def _cells(row: LayerRow, details: bool, branched: bool) -> list[str]:
    indent = "  " * row.depth
    cells = [f"{indent}{row.name} ({row.kind})", row.shape, f"{row.params:,}"]
    if details:
        cost = row.cost or LayerCost(None, None, "")
        cells += [cost.field or "-", "-" if cost.flops is None else f"{cost.flops:,}"]
        cells += ["-" if cost.memory is None else format_bytes(cost.memory)]
    elif branched:
        cells.append(", ".join(row.sources) or "-")
    return cells


def _widths(table: list[list[str]], line_length: int | None) -> list[int]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    if line_length is None:
        # Keras's table is 29, 24 and 13 wide at the least; short networks look the same here.
        return [max(width, least) for width, least in zip(widths, [28, 23, 12, 14, 14, 14], strict=False)]
    room = line_length - 3 * len(widths) - 1
    while sum(widths) > room and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    widths[0] += max(room - sum(widths), 0)
    return widths


def _line(cells: list[str], widths: list[int], right: set[int], edge: str) -> str:
    parts = []
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        shown = cell if len(cell) <= width else cell[: width - 1] + "…"
        parts.append(shown.rjust(width) if number in right else shown.ljust(width))
    return f"{edge} " + f" {edge} ".join(parts) + f" {edge}"


def _rule(widths: list[int], marks: str) -> str:
    left, cross, end, dash = tuple(marks)
    return left + cross.join(dash * (width + 2) for width in widths) + end


def _totals(summary: Summary, details: bool) -> list[str]:
    total = summary.trainable + summary.non_trainable
    size = summary.trainable_bytes + summary.non_trainable_bytes
    lines = [
        f" Total params: {total:,} ({format_bytes(size)})",
        f" Trainable params: {summary.trainable:,} ({format_bytes(summary.trainable_bytes)})",
        f" Non-trainable params: {summary.non_trainable:,} ({format_bytes(summary.non_trainable_bytes)})",
    ]
    flops = [row.cost.flops for row in summary.rows if row.cost and row.depth == 0]
    if details and flops and None not in flops:
        lines.append(f" FLOPs for one example: {sum(count or 0 for count in flops):,}")
    return lines


def print_summary(
    model: Any,
    line_length: int | None = None,
    details: bool = False,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
) -> None:
    """Print the table, or hand it to `print_fn`."""
    (print_fn or say)(format_summary(summarize(model, expand_nested), line_length, details))
