"""Joins the layers of a deep network that belong together into one block each, so that it can be drawn."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from striate.visualize.base import Block

_PARTS = re.compile(r"[^._/]+")
# A convolution or a fully connected layer begins a group where names do not tell.
_BEGINS = ("Conv", "Dense", "Linear", "InputLayer")

Arrows = list[tuple[int, int]]


def join_neighbours(
    blocks: Sequence[Block], arrows: Sequence[tuple[int, int]], most: int, show_shapes: bool = True
) -> tuple[list[Block], Arrows]:
    """Join neighbours whose names begin alike, as finely as `most` blocks allow.

    Where names do not part a network so far, a group is a convolution or fully connected layer
    with what follows it.

    >>> blocks = [Block(name, "Conv2D", (8, 8, 4), 0, "") for name in ("a_1", "a_2", "b_1")]
    >>> joined, arrows = join_neighbours(blocks, [(0, 1), (1, 2)], 2)
    >>> [block.name for block in joined], arrows
    (['a', 'b_1'], [(0, 1)])
    """
    groups = _by_name(blocks, most)
    place_of = {place: number for number, group in enumerate(groups) for place in group}
    joined = [_joined([blocks[place] for place in group], show_shapes) for group in groups]
    between = dict.fromkeys((place_of[start], place_of[end]) for start, end in arrows)
    return joined, [arrow for arrow in between if arrow[0] != arrow[1]]


def _by_name(blocks: Sequence[Block], most: int) -> list[list[int]]:
    """The places of each group; from the longest common beginnings to the shortest."""
    parts = [tuple(_PARTS.findall(block.name)) for block in blocks]
    for length in range(max(map(len, parts), default=1) - 1, 0, -1):
        places = itertools.groupby(range(len(blocks)), key=lambda place: parts[place][:length])
        groups = [list(group) for _, group in places]
        if len(groups) <= most:
            return groups
    found: list[list[int]] = []
    for place, block in enumerate(blocks):
        if not found or any(kind in block.kind for kind in _BEGINS):
            found.append([])
        found[-1].append(place)
    return found


def _joined(group: list[Block], show_shapes: bool) -> Block:
    if len(group) == 1:
        return group[0]
    last = group[-1]
    telling = next((block for block in group if any(kind in block.kind for kind in _BEGINS)), group[0])
    shape = ["\u00d7".join("?" if size is None else str(size) for size in last.shape)] if show_shapes else []
    detail = "\n".join([*shape, f"{len(group)} layers"])
    count = sum(block.parameters for block in group)
    return Block(_shared([block.name for block in group]), telling.kind, last.shape, count, detail)


def _shared(names: list[str]) -> str:
    """What the names begin with in common, in whole parts; else the first of them."""
    ends = [[part.end() for part in _PARTS.finditer(name)] for name in names]
    common = [
        names[0][:end]
        for end in ends[0]
        if all(end in other for other in ends) and len({n[:end] for n in names}) == 1
    ]
    return common[-1] if common else names[0]
