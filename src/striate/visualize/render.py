"""Draws pictures: the only file that knows matplotlib, which is loaded when something is drawn.

Figures are made through matplotlib's objects; nothing global is touched, so a program that
draws with pyplot beside this keeps its settings.
"""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.artifacts.atomic import write_atomically
from striate.core.errors import ArgumentError
from striate.visualize.base import Curves, Matrix, Panel, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {".png": "png", ".svg": "svg"}
DOTS_PER_INCH = 144

# Okabe and Ito's blue and vermilion: apart for all common kinds of colour blindness, and in grey.
BLUE, VERMILION, INK, FAINT = "#0072B2", "#D55E00", "#222222", "#8A8A8A"
ROLES = {"training": (BLUE, "-", "o"), "validation": (VERMILION, "--", "s")}

# A name longer than this is shortened in its middle.
LONGEST_NAME = 60
# Columns of panels, and how many points still get a dot each.
PANELS_A_ROW, DOTS_UP_TO = 2, 15
# Inches a letter of one point takes on average, for sizes that are set before drawing.
LETTER = 0.0083


def save(picture: Picture, path: str | os.PathLike[str]) -> Path:
    """Draw a picture into a file, PNG or SVG by its suffix, and hand the path back.

    Raises:
        ArgumentError: another suffix, or something that is no picture.
        FileAccessError: the place cannot be written.
    """
    place = Path(path)
    kind = FORMATS.get(place.suffix.lower())
    if kind is None:
        raise ArgumentError(f"pictures are written as .png or .svg; got {os.fspath(path)!r}.")
    write_atomically(place, [encode(picture, kind)])
    return place


def encode(picture: Picture, kind: str = "png") -> bytes:
    """Draw a picture and hand back the bytes of a 'png' or an 'svg'.

    Raises:
        ArgumentError: another kind of file, or something that is no picture.
    """
    if kind not in FORMATS.values():
        raise ArgumentError(f"a picture is drawn as 'png' or 'svg'; got {kind!r}.")
    figure = draw(picture)
    content = io.BytesIO()
    # Without a date the same picture gives the same file.
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    figure.savefig(
        content, format=kind, dpi=DOTS_PER_INCH, bbox_inches="tight", pad_inches=0.2, metadata=metadata
    )
    return content.getvalue()


def draw(picture: Picture) -> Figure:
    """Draw a picture as a matplotlib figure with a canvas of its own.

    Raises:
        ArgumentError: something that is no picture.
    """
    if isinstance(picture, Curves):
        return _draw_curves(picture)
    if isinstance(picture, Matrix):
        return _draw_matrix(picture)
    raise ArgumentError(f"expected a picture of striate.visualize to draw; got {type(picture).__name__}.")


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _frame(figure: Figure, picture: Picture) -> None:
    """Put the title above and the caption below what has been drawn, wherever that ends."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    boxes = [box for axes in figure.axes if (box := axes.get_tightbbox()) is not None]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    whole = Bbox.union(boxes).transformed(figure.dpi_scale_trans.inverted())
    width = max(whole.width, 4.5)
    # In shares of the figure: what is placed in inches would stay behind when the borders are cut.
    across, up = figure.get_size_inches()
    left, top, bottom = whole.x0 / across, (whole.y1 + 0.14) / up, (whole.y0 - 0.14) / up
    options: dict[str, Any] = {"color": INK, "parse_math": False}
    figure.text(left, top, picture.title, fontsize=13, weight="bold", **options)
    caption = textwrap.fill(picture.caption, int(width / (9.5 * LETTER * 0.9)))
    figure.text(left, bottom, caption, fontsize=9.5, va="top", linespacing=1.35, **options)


def _draw_curves(picture: Curves) -> Figure:
    columns = min(len(picture.panels), PANELS_A_ROW)
    rows = -(-len(picture.panels) // columns)
    figure = _figure(1.0 + 4.6 * columns, 0.9 + 3.2 * rows)
    grid = figure.add_gridspec(rows, columns, left=0.08, right=0.99, bottom=0.12, top=0.9)
    grid.update(wspace=0.24, hspace=0.34)
    handles: dict[str, Any] = {}
    for number, panel in enumerate(picture.panels):
        axes = figure.add_subplot(grid[divmod(number, columns)])
        for line in panel.lines:
            colour, dashes, marker = ROLES[line.role]
            (handles[line.name],) = axes.plot(
                line.x,
                line.y,
                color=colour,
                linestyle=dashes,
                linewidth=1.8,
                marker=marker if len(line.x) <= DOTS_UP_TO else "",
                markersize=4.5,
            )
        _finish_axes(axes, picture, panel)
    if picture.marked is not None:
        handles[picture.mark_label] = figure.axes[0].lines[-1]
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="lower right",
        ncols=3,
        frameon=False,
        fontsize=9.5,
        bbox_to_anchor=(0.995, 0.9),
        borderaxespad=0.2,
        handlelength=2.6,
    )
    _frame(figure, picture)
    return figure


def _finish_axes(axes: Any, picture: Curves, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

    if picture.marked is not None:
        axes.axvline(picture.marked, color=FAINT, linewidth=1.2, linestyle=":", zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    places = np.unique(np.concatenate([line.x for line in panel.lines]))
    if len(places) == 1:
        axes.set(xticks=places, xlim=(places[0] - 0.5, places[0] + 0.5))
    else:
        axes.margins(x=0.03)
    axes.set_xlabel(picture.x_label, color=INK, parse_math=False)
    axes.set_ylabel(panel.label, color=INK, parse_math=False)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_matrix(picture: Matrix) -> Figure:
    rows, columns = picture.counts.shape
    size = max(rows, columns)
    # Small matrices have roomy cells; sixty classes still fit a page.
    cell = float(np.interp(size, [2, 10, 60], [0.9, 0.55, 0.27]))
    figure = _figure(cell * columns + 1, cell * rows + 1)
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
    _frame(figure, picture)
    return figure


def _cell_shades(shares: np.ndarray) -> np.ndarray:
    """Say how strong each cell's hue is, from 0 to 1; one mistake among many examples stays visible."""
    # Most mistakes are small shares; their square roots can be told apart.
    spread = np.where(_diagonal(shares), shares, np.sqrt(shares))
    return np.where(shares > 0, 0.08 + 0.92 * spread, 0.0)


def _cell_colours(shares: np.ndarray) -> np.ndarray:
    """Blend from white to blue on the diagonal and to vermilion beside it."""
    strong = np.where(_diagonal(shares)[..., None], _colour(BLUE), _colour(VERMILION))
    return 1 - _cell_shades(shares)[..., None] * (1 - strong)


def _diagonal(matrix: np.ndarray) -> np.ndarray:
    rows, columns = matrix.shape
    return np.eye(rows, columns, dtype=np.bool_)


def _colour(code: str) -> np.ndarray:
    return np.array([int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)])


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
