"""Draws a network: a box for each layer in proportion to its shape, and the arrows between them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from striate.visualize.base import Block, Diagram
from striate.visualize.drawing.page import BLUE, FAINT, INK, VERMILION, frame, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches: from box to box, the tallest box, the words below it, and the room for arrows above it.
PITCH, TALLEST, WORDS, ARCS = 1.12, 1.15, 0.58, 0.3
# Letters of a name and of a line below it that fit between two boxes.
LONGEST_NAME, LONGEST_LINE = 14, 16
# How far the far side of a box is seen to stand back, as a share of its height.
SLANT = 0.28

# The first that is part of a layer's kind gives its colour and its name in the legend.
FAMILIES = (
    ("input", "input", "#FFFFFF"),
    ("pool", "pooling", VERMILION),
    ("conv", "convolution", BLUE),
    ("dense", "fully connected", "#009E73"),
    ("linear", "fully connected", "#009E73"),
    ("norm", "normalisation", "#F0E442"),
    ("dropout", "dropout", "#D9D9D9"),
    ("add", "joining", "#CC79A7"),
    ("concatenate", "joining", "#CC79A7"),
    ("multiply", "joining", "#CC79A7"),
    ("", "other", "#A9C6D8"),
)


@dataclass(frozen=True)
class Box:
    """Where a block stands: its front's left edge and middle, in inches from the top left; its sizes."""

    left: float
    middle: float
    width: float
    height: float
    slant: float
    band: int

    @property
    def right(self) -> float:
        return self.left + self.width + self.slant


def draw_diagram(picture: Diagram) -> Figure:
    """Draw the blocks in rows from left to right, branches one above the other."""
    picture = fit_words(picture)
    boxes, ranks, size = lay_out(picture)
    figure = new_figure(*size)
    axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
    axes.set_axis_off()
    for start, end in picture.arrows:
        _draw_arrow(axes, boxes[start], boxes[end], ranks[end] - ranks[start])
    for block, box in zip(picture.blocks, boxes, strict=True):
        _draw_box(axes, box, family_of(block.kind)[1])
        _write(axes, block, box)
    _draw_legend(figure, picture.blocks)
    frame(figure, picture)
    return figure


def fit_words(picture: Diagram) -> Diagram:
    """Shorten names in their middle and break long lines, so that none reach their neighbours."""
    blocks = tuple(
        replace(
            block,
            name=block.name if len(block.name) <= LONGEST_NAME else f"{block.name[:7]}…{block.name[-6:]}",
            detail="\n".join(part for line in block.detail.split("\n") for part in _broken(line)),
        )
        for block in picture.blocks
    )
    return replace(picture, blocks=blocks)


def _broken(line: str) -> list[str]:
    """Break a line that is too long before capital letters, as in GlobalAverage, Pooling2D."""
    lines = [""]
    for word in re.split(r"(?<=[a-z])(?=[A-Z])", line) if len(line) > LONGEST_LINE else [line]:
        if lines[-1] and len(lines[-1]) + len(word) > LONGEST_LINE:
            lines.append("")
        lines[-1] += word
    return lines


def lay_out(picture: Diagram) -> tuple[list[Box], list[int], tuple[float, float]]:
    """Place the boxes: each one, how many stand before it on the longest way, and the size of the whole."""
    ranks = _ranks(len(picture.blocks), picture.arrows)
    boxes, size = _arrange(picture, ranks, _lanes(ranks, picture.arrows))
    return boxes, ranks, size


def family_of(kind: str) -> tuple[str, str]:
    """The family of a kind of layer, and its colour."""
    return next((name, colour) for part, name, colour in FAMILIES if part in kind.lower())


def _ranks(count: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """How many boxes stand before each one, on the longest way to it."""
    ranks = [0] * count
    for start, end in sorted(arrows, key=lambda arrow: arrow[1]):
        ranks[end] = max(ranks[end], ranks[start] + 1)
    return ranks


def _lanes(ranks: list[int], arrows: Sequence[tuple[int, int]]) -> list[int]:
    """Give each box a lane of its own at its rank: that of what leads to it, where it is free."""
    before: dict[int, int] = {}
    for start, end in arrows:
        before.setdefault(end, start)
    lanes: list[int] = []
    taken: set[tuple[int, int]] = set()
    for place, rank in enumerate(ranks):
        wanted = lanes[before[place]] if place in before else 0
        free = [lane for lane in range(len(ranks) + 1) if (rank, lane) not in taken]
        lane = min(free, key=lambda one: (abs(one - wanted), one))
        taken.add((rank, lane))
        lanes.append(lane)
    return lanes


def _arrange(picture: Diagram, ranks: list[int], lanes: list[int]) -> tuple[list[Box], tuple[float, float]]:
    blocks, a_row = picture.blocks, picture.blocks_a_row
    bands = max(ranks) // a_row + 1
    lanes_of = [0] * bands
    for rank, lane in zip(ranks, lanes, strict=True):
        lanes_of[rank // a_row] = max(lanes_of[rank // a_row], lane + 1)
    lines = max((block.detail.count("\n") + 1 for block in blocks), default=0)
    lane_height = TALLEST * (1 + SLANT) + WORDS + 0.13 * max(lines - 2, 0)
    tops = [0.0]
    for count in lanes_of:
        tops.append(tops[-1] + count * lane_height + ARCS)
    tallest = max((block.shape[0] or 1 for block in blocks if len(block.shape) > 1), default=1)
    deepest = max((block.shape[-1] or 1 for block in blocks if block.shape), default=1)
    boxes = []
    for block, rank, lane in zip(blocks, ranks, lanes, strict=True):
        band = rank // a_row
        width, height = _sizes(block, tallest, deepest)
        slant = height * SLANT if len(block.shape) == 3 else 0.0
        centre = 0.25 + (rank % a_row) * PITCH + PITCH / 2
        middle = tops[band] + ARCS + lane * lane_height + TALLEST * (0.5 + SLANT)
        boxes.append(Box(centre - (width + slant) / 2, middle, width, height, slant, band))
    across = min(max(ranks) + 1, a_row) * PITCH + 0.5
    return boxes, (across, tops[-1])


def _sizes(block: Block, tallest: int, deepest: int) -> tuple[float, float]:
    """Width by the number of channels, height by the number of pixels; roots and logarithms show all."""
    channels = (block.shape[-1] if block.shape else None) or 1
    width = 0.08 + 0.42 * math.log2(channels + 1) / math.log2(deepest + 1)
    if len(block.shape) <= 1:
        return 0.14, 0.2 + (TALLEST - 0.3) * math.log2(channels + 1) / math.log2(deepest + 1)
    return width, 0.1 + (TALLEST - 0.1) * math.sqrt((block.shape[0] or tallest) / tallest)


def _draw_box(axes: Any, box: Box, colour: str) -> None:
    """A cuboid seen from the front; without a slant only its front."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Polygon

    top, bottom = box.middle - box.height / 2, box.middle + box.height / 2
    left, right, back = box.left, box.left + box.width, box.slant
    front = [(left, top), (right, top), (right, bottom), (left, bottom)]
    lid = [(left, top), (left + back, top - back), (right + back, top - back), (right, top)]
    side = [(right, top), (right + back, top - back), (right + back, bottom - back), (right, bottom)]
    plain = to_rgb(colour)
    for corners, light in ((side, 0.78), (lid, 1.12), (front, 1.0)):
        if corners is front or back:
            face = tuple(min(part * light, 1.0) for part in plain)
            options: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.7, "joinstyle": "round", "zorder": 3}
            axes.add_patch(Polygon(corners, facecolor=face, **options))


def _write(axes: Any, block: Block, box: Box) -> None:
    centre, below = (box.left + box.right) / 2, box.middle + box.height / 2 + 0.08
    options = {"ha": "center", "va": "top", "color": INK, "parse_math": False, "zorder": 4}
    axes.text(centre, below, block.name, fontsize=7.5, weight="bold", **options)
    detail = below + 0.14 if block.name else below
    axes.text(centre, detail, block.detail, fontsize=6.8, linespacing=1.3, **options)


def _draw_arrow(axes: Any, start: Box, end: Box, steps: int) -> None:
    from matplotlib.patches import FancyArrowPatch

    begin = (start.right + 0.02, start.middle)
    finish = (end.left - 0.02, end.middle)
    options: dict[str, Any] = {
        "arrowstyle": "-|>", "mutation_scale": 8, "color": "#5A5A5A", "linewidth": 1.0, "zorder": 2,
        "shrinkA": 0, "shrinkB": 0,
    }  # fmt: skip
    if start.band != end.band:
        # Out at the right, along the gap between the rows, in at the left.
        between = end.middle - TALLEST * (0.5 + SLANT) - 0.12
        corners = [begin, (begin[0] + 0.2, begin[1]), (begin[0] + 0.2, between)]
        corners += [(end.left - 0.22, between), (end.left - 0.22, finish[1])]
        axes.plot(*zip(*corners, strict=True), color=FAINT, linewidth=1.0, zorder=1, solid_joinstyle="round")
        axes.add_patch(FancyArrowPatch(corners[-1], finish, **options))
    elif steps > 1 and abs(start.middle - end.middle) < 0.01:
        # Over the boxes between, as a shortcut goes past them.
        top = start.middle - TALLEST * (0.5 + SLANT)
        corners = [(begin[0] + 0.05, begin[1]), (begin[0] + 0.05, top), (end.left - 0.16, top)]
        corners.append((end.left - 0.16, finish[1]))
        axes.plot(*zip(*corners, strict=True), color=FAINT, linewidth=1.0, zorder=1, solid_joinstyle="round")
        axes.add_patch(FancyArrowPatch(corners[-1], finish, **options))
    else:
        axes.add_patch(FancyArrowPatch(begin, finish, **options))


def _draw_legend(figure: Figure, blocks: Sequence[Block]) -> None:
    from matplotlib.patches import Patch

    families = dict(family_of(block.kind) for block in blocks)
    handles = [Patch(facecolor=colour, edgecolor=INK, linewidth=0.7) for colour in families.values()]
    place: dict[str, Any] = {
        "loc": "upper left",
        "bbox_to_anchor": (0.0, 0.0),
        "bbox_transform": figure.transFigure,
    }
    figure.legend(handles, list(families), ncols=6, frameon=False, fontsize=8, labelcolor=INK, **place)
