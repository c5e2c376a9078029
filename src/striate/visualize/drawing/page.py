"""What all drawings share: the sheet of paper, its colours, and the title and caption around a drawing."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.visualize.base import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 144

# Okabe and Ito's blue and vermilion: apart for all common kinds of colour blindness, and in grey.
BLUE, VERMILION, INK, FAINT = "#0072B2", "#D55E00", "#222222", "#8A8A8A"
# What a line stands for: its colour, dashes and marker.
ROLES = {
    "training": (BLUE, "-", "o"),
    "validation": (VERMILION, "--", "s"),
    "signal": (INK, "-", ""),
    "first": (BLUE, "-", ""),
    "second": (VERMILION, "--", ""),
    "third": ("#009E73", "-.", ""),
    "faint": ("#B5B5B5", "-", ""),
    "path": (VERMILION, "-", "o"),
}
MARKS = {"right": BLUE, "wrong": VERMILION, "": INK}

# Inches a letter of one point takes on average, for sizes that are set before drawing.
LETTER = 0.0083
TITLE_POINTS, CAPTION_POINTS = 13.0, 9.5


def new_figure(width: float, height: float) -> Figure:
    """Make a figure of so many inches, with a canvas of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def frame(figure: Figure, picture: Picture) -> None:
    """Put the title above and the caption below what has been drawn, wherever that ends."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    boxes = [box for axes in figure.axes if (box := axes.get_tightbbox()) is not None]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    boxes += [text.get_window_extent() for text in figure.texts]
    whole = Bbox.union(boxes).transformed(figure.dpi_scale_trans.inverted())
    width = max(whole.width, 4.5)
    # In shares of the figure: what is placed in inches would stay behind when the borders are cut.
    across, up = figure.get_size_inches()
    left, top, bottom = whole.x0 / across, (whole.y1 + 0.14) / up, (whole.y0 - 0.14) / up
    options: dict[str, Any] = {"color": INK, "parse_math": False}
    title = textwrap.fill(picture.title, max(int(width / (TITLE_POINTS * LETTER * 1.05)), 20))
    figure.text(left, top, title, fontsize=TITLE_POINTS, weight="bold", **options)
    caption = textwrap.fill(picture.caption, int(width / (CAPTION_POINTS * LETTER * 0.9)))
    figure.text(left, bottom, caption, fontsize=CAPTION_POINTS, va="top", linespacing=1.35, **options)


def rgb(code: str) -> np.ndarray:
    """Read a colour such as '#0072B2' as three numbers from 0 to 1."""
    return np.array([int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)])


def text_on(colour: np.ndarray) -> str:
    """Choose ink or white for text on a ground of this colour, whichever can be read."""
    return INK if float(np.dot(colour[:3], (0.299, 0.587, 0.114))) > 0.5 else "white"
