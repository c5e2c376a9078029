"""What a picture is before it is drawn: arrays, names and a caption, as data.

A visualisation computes a `Picture` and draws nothing; `render.py` draws every kind of them.
So the notebook, the report and the studio show the same numbers. A new picture is:

    visualize/<name>.py   a function that computes and returns one of the kinds below
    visualize/base.py     a new kind only where none of these can hold it, and its drawing in render.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """The common part: a title of a few words, and a caption that says in sentences what is to be seen."""

    title: str
    caption: str


@final
@dataclass(frozen=True)
class Line:
    """One line of a panel, through the points (x, y); `role` is 'training' or 'validation'.

    Shape:
        x and y: (points,); y may hold NaN, which leaves a gap.
    """

    name: str
    role: str
    x: np.ndarray
    y: np.ndarray


@final
@dataclass(frozen=True)
class Panel:
    """Lines on common axes, and the name of what the vertical axis counts."""

    label: str
    lines: tuple[Line, ...]


@final
@dataclass(frozen=True, eq=False)
class Curves(Picture):
    """Panels side by side over the same horizontal axis; `marked` is the place on it to point out."""

    x_label: str
    panels: tuple[Panel, ...]
    marked: float | None = None
    mark_label: str = ""


@final
@dataclass(frozen=True, eq=False)
class Matrix(Picture):
    """Counts in rows and columns; the diagonal, where the two agree, has a hue of its own.

    Shape:
        counts: (rows, columns) whole numbers, written into the cells
        shares: (rows, columns) from 0 to 1, the shade of the cells
    """

    counts: np.ndarray
    shares: np.ndarray
    row_label: str
    column_label: str
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
