"""Draws curves: panels of lines over a common axis, with a place marked in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from striate.visualize.base import Curves, Panel
from striate.visualize.drawing.page import FAINT, INK, ROLES, frame, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Columns of panels, and how many points still get a dot each.
PANELS_A_ROW, DOTS_UP_TO = 2, 15


def draw_curves(picture: Curves) -> Figure:
    """Draw the panels, the legend they share and the marked place."""
    columns = min(len(picture.panels), PANELS_A_ROW)
    rows = -(-len(picture.panels) // columns)
    figure = new_figure(1.0 + 4.6 * columns, 0.9 + 3.2 * rows)
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
    frame(figure, picture)
    return figure


def is_share(panel: Panel) -> bool:
    """Whether a panel shows shares, which end at 1."""
    return panel.label.endswith(("accuracy", "share")) or panel.label == "acc"


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
    low, high = axes.get_ylim()
    if is_share(panel) and high > 1:
        axes.set_ylim(low, 1.0)
        for line in axes.lines:
            line.set_clip_on(False)
    axes.set_xlabel(picture.x_label, color=INK, parse_math=False)
    axes.set_ylabel(panel.label, color=INK, parse_math=False)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
