"""Draws sheets: panels of all kinds in rows, each with a title above and a note below."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.visualize.base import AnyPanel, BarPanel, HeatPanel, ImagePanel, LinePanel, Sheet, TablePanel
from striate.visualize.drawing.numbers import number_text
from striate.visualize.drawing.page import INK, LETTER, MARKS, frame, new_figure
from striate.visualize.drawing.panels import draw_panel, has_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches: what a row of panels may take, how large one may be, and the room between them.
PAGE, LARGEST, SMALLEST, GAP, OPERATOR_GAP = 9.5, 3.0, 0.75, 0.22, 0.5
TABLE_CELL, BARE_CELL = 0.3, 0.17
# Beyond this the pixels of a narrow picture are stretched, so that a strip can be seen at all.
NARROWEST = 5.0
TITLE_POINTS, NOTE_POINTS = 9.5, 8.0
# The scale beside a panel takes so much more.
BAR_ROOM = 0.62


@dataclass(frozen=True)
class _Place:
    """What a panel takes, in inches: the drawing, its lines of text, and room for ticks at left and below."""

    width: float
    height: float
    title: str
    note: str
    left: float = 0.0
    below: float = 0.0
    right: float = 0.0

    @property
    def above(self) -> float:
        lines = self.title.count("\n") + 1 if self.title else 0
        return lines * TITLE_POINTS / 72 * 1.3 + (0.06 if lines else 0.0)

    @property
    def under(self) -> float:
        lines = self.note.count("\n") + 1 if self.note else 0
        return self.below + lines * NOTE_POINTS / 72 * 1.35 + (0.05 if lines else 0.0)


def draw_sheet(picture: Sheet) -> Figure:
    """Draw all panels, sized so that those of a row fit a page and stand on one line."""
    count = len(picture.panels)
    columns = min(picture.columns or _columns_for(picture), count)
    places = [_place(panel, _room(columns)) for panel in picture.panels]
    gap = OPERATOR_GAP if picture.operators else GAP
    widths = [max(_across(place) for place in places[column::columns]) for column in range(columns)]
    starts = [sum(widths[:column]) + gap * column for column in range(columns)]
    rows = [places[first : first + columns] for first in range(0, count, columns)]
    tops, heights, total = [], [], 0.0
    for row in rows:
        total += max(place.above for place in row)
        tops.append(total)
        heights.append(max(place.height for place in row))
        total += max(place.height + place.under for place in row) + GAP * 0.7
    size = (max(sum(widths) + gap * (columns - 1), 1.0), max(total, 1.0))
    figure = new_figure(*size)
    for number, (panel, place) in enumerate(zip(picture.panels, places, strict=True)):
        line, column = divmod(number, columns)
        left = starts[column] + (widths[column] - _across(place)) / 2 + place.left
        # A small kernel stands at the middle of the large picture beside it.
        in_middle = bool(picture.operators) or isinstance(panel, TablePanel)
        top = tops[line] + ((heights[line] - place.height) / 2 if in_middle else 0.0)
        _draw_at(figure, panel, place, (left, top), size)
        if picture.operators and column and column - 1 < len(picture.operators):
            middle = (starts[column] - gap / 2) / size[0], 1 - (tops[line] + heights[line] / 2) / size[1]
            figure.text(
                *middle, picture.operators[column - 1], fontsize=17, ha="center", va="center", color=INK
            )
    frame(figure, picture)
    return figure


def _draw_at(
    figure: Figure, panel: AnyPanel, place: _Place, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    left, top = corner
    bounds = (left / size[0], 1 - (top + place.height) / size[1])
    axes: Any = figure.add_axes((*bounds, place.width / size[0], place.height / size[1]))
    draw_panel(axes, panel)
    options: dict[str, Any] = {"ha": "center", "parse_math": False}
    middle = bounds[0] + place.width / size[0] / 2
    if place.title:
        colour, weight = MARKS[getattr(panel, "mark", "")], "bold" if getattr(panel, "mark", "") else "normal"
        above = 1 - (top - 0.06) / size[1]
        figure.text(middle, above, place.title, fontsize=TITLE_POINTS, color=colour, weight=weight, **options)
    if place.note:
        below = bounds[1] - (place.below + 0.05) / size[1]
        figure.text(middle, below, place.note, fontsize=NOTE_POINTS, color="#5A5A5A", va="top", **options)


def _across(place: _Place) -> float:
    return place.left + place.width + place.right


def _columns_for(picture: Sheet) -> int:
    count = len(picture.panels)
    if picture.operators or count <= 4:
        return count
    if all(isinstance(panel, (LinePanel, BarPanel)) for panel in picture.panels):
        return 3
    return min(int(np.ceil(np.sqrt(count))), 8)


def _room(columns: int) -> float:
    return float(np.clip((PAGE - GAP * (columns - 1)) / columns, SMALLEST, LARGEST))


def _place(panel: AnyPanel, room: float) -> _Place:
    if isinstance(panel, (ImagePanel, HeatPanel)):
        shape = panel.pixels.shape if isinstance(panel, ImagePanel) else panel.values.shape
        ratio = float(np.clip(shape[1] / max(shape[0], 1), 1 / NARROWEST, NARROWEST))
        width, height = (room, room / ratio) if ratio >= 1 else (room * ratio, room)
        right = BAR_ROOM if isinstance(panel, HeatPanel) and panel.bar else 0.0
        return _texts(panel, width, height, right=right)
    if isinstance(panel, TablePanel):
        return _table_place(panel, max(room, 1.2) * 1.15)
    width = max(room - 0.5, 1.6)
    height = width * (0.62 if isinstance(panel, LinePanel) else 0.7)
    names_below = isinstance(panel, BarPanel) and max(map(len, panel.names), default=0) > 4
    below = 0.22 + (0.18 if panel.x_label else 0.0) + (0.5 if names_below else 0.0)
    return _texts(panel, width, height, left=0.38 + (0.17 if panel.y_label else 0.0), below=below)


def _table_place(panel: TablePanel, room: float) -> _Place:
    """Square cells, as those of the image beside them; a single row or column has cells of text."""
    rows, columns = panel.values.shape
    if not has_numbers(panel):
        cell = min(BARE_CELL, room / max(rows, columns))
        return _texts(panel, max(cell * columns, 0.3), max(cell * rows, 0.17))
    letters = max([panel.letters, *(len(number_text(value)) for value in panel.values.flat)])
    # In steps, so that a table keeps its width when its numbers change from frame to frame.
    letters = next((step for step in (3, 5, 8) if letters <= step), letters)
    width, height = max(TABLE_CELL, letters * 8.5 * LETTER + 0.06), TABLE_CELL
    if rows == 1 or columns == 1:
        width = min(width, room / columns)
    else:
        width = height = min(width, room / max(rows, columns))
    return _texts(panel, max(width * columns, 0.3), max(height * rows, 0.25))


def _texts(panel: AnyPanel, width: float, height: float, **room: float) -> _Place:
    """Break title and note so that they stay above and below their own panel."""
    across = width + room.get("left", 0.0) + room.get("right", 0.0) + GAP * 0.5
    fits = [max(int(across / (points * LETTER * 0.95)), 8) for points in (TITLE_POINTS, NOTE_POINTS)]
    title, note = (
        "\n".join(textwrap.fill(line, letters) for line in text.splitlines())
        for text, letters in zip((panel.title, panel.note), fits, strict=True)
    )
    return _Place(width, height, title, note, **room)
