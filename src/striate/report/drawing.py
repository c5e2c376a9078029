"""The network as a drawing in the page: the boxes of its diagram, in the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from striate.report.text import plain
from striate.visualize.base import Block, Diagram
from striate.visualize.drawing.diagram import SLANT, TALLEST, Box, family_of, fit_words, lay_out

# Pixels of an inch of the diagram; room below for the legend.
DOTS, LEGEND = 84, 26


def draw_network(picture: Diagram) -> Markup:
    """Draw the boxes of a network with what each is, the arrows, and a legend of the colours."""
    picture = fit_words(picture)
    boxes, ranks, (width, height) = lay_out(picture)
    parts = [_arrow(boxes[start], boxes[end], ranks[end] - ranks[start]) for start, end in picture.arrows]
    for block, box in zip(picture.blocks, boxes, strict=True):
        parts += [_cuboid(box, family_of(block.kind)[0]), _words(block, box)]
    families = list(dict.fromkeys(family_of(block.kind)[0] for block in picture.blocks))
    across = max(width * DOTS, 110.0 * min(len(families), 4))
    parts += _legend(families, height * DOTS, int(across // 110))
    down = height * DOTS + LEGEND * -(-len(families) // int(across // 110))
    alt = f"{picture.title}: " + ", ".join(_said(block) for block in picture.blocks)
    start = Markup(
        '<svg class="network" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
    )
    size = (f"{across:.0f}", f"{down:.0f}")
    return start.format(*size, *size, plain(alt)) + Markup("").join(parts) + Markup("</svg>")


def _said(block: Block) -> str:
    shape = "×".join("?" if size is None else str(size) for size in block.shape)
    return f"{block.kind} {shape}"


def _points(corners: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x * DOTS:.1f},{y * DOTS:.1f}" for x, y in corners)


def _cuboid(box: Box, family: str) -> Markup:
    """A box seen from the front; what has no width and height is a flat bar."""
    top, bottom = box.middle - box.height / 2, box.middle + box.height / 2
    left, right, back = box.left, box.left + box.width, box.slant
    faces = [("front", [(left, top), (right, top), (right, bottom), (left, bottom)])]
    if back:
        faces.append(
            ("lid", [(left, top), (left + back, top - back), (right + back, top - back), (right, top)])
        )
        side = [(right, top), (right + back, top - back), (right + back, bottom - back), (right, bottom)]
        faces.append(("side", side))
    kind = family.replace(" ", "-")
    return Markup("").join(
        Markup('<polygon class="face {} {}" points="{}"/>').format(face, kind, _points(corners))
        for face, corners in faces
    )


def _words(block: Block, box: Box) -> Markup:
    centre, below = (box.left + box.right) / 2 * DOTS, (box.middle + box.height / 2) * DOTS + 14
    lines = [
        *([("name", block.name)] if block.name else []),
        *(("detail", one) for one in block.detail.split("\n")),
    ]
    return Markup("").join(
        Markup('<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            kind, f"{centre:.1f}", f"{below + 12.5 * number:.1f}", plain(text)
        )
        for number, (kind, text) in enumerate(lines)
    )


def _arrow(start: Box, end: Box, steps: int) -> Markup:
    begin, finish = (start.right + 0.02, start.middle), (end.left - 0.03, end.middle)
    corners = [begin, finish]
    if start.band != end.band:
        # Out at the right, along the gap between the rows, in at the left.
        between = end.middle - TALLEST * (0.5 + SLANT) - 0.12
        corners = [begin, (begin[0] + 0.2, begin[1]), (begin[0] + 0.2, between)]
        corners += [(end.left - 0.22, between), (end.left - 0.22, finish[1]), finish]
    elif steps > 1 and abs(start.middle - end.middle) < 0.01:
        # Over the boxes between, as a shortcut goes past them.
        top = start.middle - TALLEST * (0.5 + SLANT)
        corners = [begin, (begin[0] + 0.05, begin[1]), (begin[0] + 0.05, top)]
        corners += [(end.left - 0.16, top), (end.left - 0.16, finish[1]), finish]
    x, y = finish[0] + 0.02, finish[1]
    head = [(x, y), (x - 0.09, y - 0.045), (x - 0.09, y + 0.045)]
    return Markup('<polyline class="way" points="{}"/><polygon class="head" points="{}"/>').format(
        _points(corners), _points(head)
    )


def _legend(families: Sequence[str], top: float, a_row: int) -> list[Markup]:
    parts = []
    for number, family in enumerate(families):
        row, column = divmod(number, a_row)
        x, y = 8 + 110 * column, top + 4 + LEGEND * row
        box = Markup('<rect class="face front {}" x="{}" y="{}" width="14" height="12"/>')
        parts.append(box.format(family.replace(" ", "-"), x, f"{y:.1f}"))
        parts.append(Markup('<text x="{}" y="{}">{}</text>').format(x + 20, f"{y + 10:.1f}", family))
    return parts
