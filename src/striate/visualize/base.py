"""What a picture is before it is drawn: arrays, names and a caption, as data.

A visualisation computes a `Picture` and draws nothing; `drawing` draws every kind of them.
So the notebook, the report and the studio show the same numbers. A new picture is:

    visualize/<name>.py   a function that computes and returns one of the kinds below
    visualize/base.py     a new kind only where none of these can hold it, and its drawing in drawing/
"""

from __future__ import annotations

import base64
import html
import importlib
from dataclasses import dataclass
from typing import Any, final

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """The common part: a title of a few words, and a caption that says in sentences what is to be seen."""

    title: str
    caption: str

    def _repr_png_(self) -> bytes:
        """How a notebook shows a picture that stands at the end of a cell."""
        return encoded(self, "png")


def encoded(picture: Picture, kind: str) -> bytes:
    """Draw a picture into bytes."""
    # By text, because what draws pictures is made of this module.
    drawn: Any = importlib.import_module("striate.visualize.render")
    content: bytes = drawn.encode(picture, kind)
    return content


@final
@dataclass(frozen=True)
class Line:
    """One line of a panel, through the points (x, y); `role` chooses how it is drawn.

    It is 'training' or 'validation' in curves; else 'signal', 'first', 'second', 'third',
    'faint', or 'path' with a dot at every point.

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


SCALES = ("signed", "positive", "grey", "none")


@final
@dataclass(frozen=True, eq=False)
class ImagePanel:
    """Pixels as they are; `mark` 'right' or 'wrong' colours the title, `note` stands below.

    Shape:
        pixels: (height, width), (height, width, 1) or (height, width, 3); bytes, or 0 to 1
        box: (top, left, height, width) of a window to outline, in pixels
    """

    pixels: np.ndarray
    title: str = ""
    note: str = ""
    mark: str = ""
    box: tuple[int, int, int, int] | None = None


@final
@dataclass(frozen=True, eq=False)
class HeatPanel:
    """Numbers over a plane as colours: 'signed' around 0, 'positive' from 0, or 'grey' from low to high.

    `low` and `high` are the ends of the scale, by default those of the values. With `over`,
    pixels as in an ImagePanel, the image is seen through the colours. `bar` draws the scale.
    `path` is a way over the plane, as that of gradient descent.

    Shape:
        values: (height, width); path: (points, 2), each (row, column)
    """

    values: np.ndarray
    title: str = ""
    note: str = ""
    scale: str = "signed"
    low: float | None = None
    high: float | None = None
    over: np.ndarray | None = None
    bar: bool = False
    mark: str = ""
    box: tuple[int, int, int, int] | None = None
    path: np.ndarray | None = None


@final
@dataclass(frozen=True, eq=False)
class LinePanel:
    """Lines over a common axis, such as a signal's; `shade` colours the ground below, around 0.

    `y_limits` are the ends of the vertical axis, so that panels beside each other can be compared.

    Shape:
        lines: each with x and y (points,)
        shade: (points of the first line,), any range; positive and negative get a hue each
        points: (x, y, label) to point out
    """

    lines: tuple[Line, ...]
    title: str = ""
    note: str = ""
    x_label: str = ""
    y_label: str = ""
    shade: np.ndarray | None = None
    points: tuple[tuple[float, float, str], ...] = ()
    mark: str = ""
    y_limits: tuple[float, float] | None = None


@final
@dataclass(frozen=True, eq=False)
class TablePanel:
    """Numbers written into the cells of a grid, such as a kernel; colours as in a HeatPanel, or 'none'.

    A cell has room for so many `letters` at least, for tables that keep their size as they fill up.

    Shape:
        values: (rows, columns)
    """

    values: np.ndarray
    title: str = ""
    note: str = ""
    scale: str = "signed"
    low: float | None = None
    high: float | None = None
    letters: int = 1


@final
@dataclass(frozen=True, eq=False)
class BarPanel:
    """Bars side by side, one group a name.

    Shape:
        values: for each series its name and (names,) numbers
    """

    names: tuple[str, ...]
    values: tuple[tuple[str, np.ndarray], ...]
    title: str = ""
    note: str = ""
    x_label: str = ""
    y_label: str = ""
    # A line from (0, 0) to (last, 1), as a reliability diagram has it.
    diagonal: bool = False


AnyPanel = ImagePanel | HeatPanel | LinePanel | TablePanel | BarPanel


@final
@dataclass(frozen=True, eq=False)
class Sheet(Picture):
    """Panels in rows of `columns`; `operators` stand between the panels of a row, as × and =."""

    panels: tuple[AnyPanel, ...]
    columns: int | None = None
    operators: tuple[str, ...] = ()


@final
@dataclass(frozen=True, eq=False)
class Frames(Picture):
    """Pictures shown one after another: an animation, `seconds` each."""

    frames: tuple[Picture, ...]
    seconds: float = 0.4

    def _repr_html_(self) -> str:
        """How a notebook shows an animation: moving."""
        content = base64.b64encode(encoded(self, "gif")).decode("ascii")
        return f'<img src="data:image/gif;base64,{content}" alt="{html.escape(self.caption, quote=True)}">'


@final
@dataclass(frozen=True, eq=False)
class Block:
    """A layer in a drawing of a network: its name, its kind, its output's shape without the batch.

    `detail` is written below the name, line by line; the shape gives the box its size.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    detail: str = ""


@final
@dataclass(frozen=True, eq=False)
class Diagram(Picture):
    """Blocks and the arrows between them, each (from, to) by places in `blocks`."""

    blocks: tuple[Block, ...]
    arrows: tuple[tuple[int, int], ...]
    blocks_a_row: int = 9
