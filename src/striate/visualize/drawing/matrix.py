"""Draws a matrix of counts: blue where rows and columns agree, vermilion beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.visualize.base import Matrix
from striate.visualize.drawing.page import BLUE, INK, LETTER, VERMILION, frame, new_figure, rgb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A name longer than this is shortened in its middle.
LONGEST_NAME = 60


def draw_matrix(picture: Matrix) -> Figure:
    """Draw the cells with their counts, and the names beside them."""
    rows, columns = picture.counts.shape
    size = max(rows, columns)
    # Small matrices have roomy cells; sixty classes still fit a page.
    cell = float(np.interp(size, [2, 10, 60], [0.9, 0.55, 0.27]))
    figure = new_figure(cell * columns + 1, cell * rows + 1)
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0.5 / width, 0.5 / height, cell * columns / width, cell * rows / height))
    axes.imshow(_cell_colours(picture.shares), aspect="auto", interpolation="nearest")
    _write_counts(axes, picture, cell)
    names_size = float(np.interp(cell, [0.27, 0.55], [7.5, 10]))
    _name_axis(axes.xaxis, picture.column_names, names_size, cell)
    _name_axis(axes.yaxis, picture.row_names, names_size, None)
    axes.set_xlabel(picture.column_label, fontsize=11, color=INK, labelpad=8)
    axes.set_ylabel(picture.row_label, fontsize=11, color=INK, labelpad=8)
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#E4E4E4", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_color("#B5B5B5")
    frame(figure, picture)
    return figure


def _cell_shades(shares: np.ndarray) -> np.ndarray:
    """Say how strong each cell's hue is, from 0 to 1; one mistake among many examples stays visible."""
    # Most mistakes are small shares; their square roots can be told apart.
    spread = np.where(_diagonal(shares), shares, np.sqrt(shares))
    return np.where(shares > 0, 0.08 + 0.92 * spread, 0.0)


def _cell_colours(shares: np.ndarray) -> np.ndarray:
    """Blend from white to blue on the diagonal and to vermilion beside it."""
    strong = np.where(_diagonal(shares)[..., None], rgb(BLUE), rgb(VERMILION))
    return 1 - _cell_shades(shares)[..., None] * (1 - strong)


def _diagonal(matrix: np.ndarray) -> np.ndarray:
    rows, columns = matrix.shape
    return np.eye(rows, columns, dtype=np.bool_)


def _write_counts(axes: Any, picture: Matrix, cell: float) -> None:
    digits = max(len(f"{picture.counts.max()}"), 2)
    points = min(11.0, cell * 0.86 / (digits * LETTER))
    show_zeros = len(picture.counts) <= 12
    shades = _cell_shades(picture.shares)
    for (row, column), count in np.ndenumerate(picture.counts):
        if count or show_zeros:
            colour = "white" if shades[row, column] > 0.6 else INK if count else "#BBBBBB"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=points, color=colour)


def _name_axis(axis: Any, names: Sequence[str], points: float, room: float | None) -> None:
    """Write the class names; where `room`, the inches a name has, is too little, they stand upright."""
    shown = [name if len(name) <= LONGEST_NAME else f"{name[:36]}…{name[-23:]}" for name in names]
    labels = axis.set_ticks(range(len(shown)), shown, fontsize=points, color=INK)
    longest = max(map(len, shown)) * points * LETTER
    for tick in labels:
        tick.label1.set_parse_math(False)
        if room is not None and longest > room * 0.95:
            tick.label1.set(rotation=90, ha="center", va="top")
