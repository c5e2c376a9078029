"""Turns pictures into files and bytes; how each kind is drawn stands in `drawing`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.artifacts.atomic import write_atomically
from striate.core.errors import ArgumentError
from striate.visualize.base import Curves, Diagram, Frames, Matrix, Picture, Sheet
from striate.visualize.drawing.curves import draw_curves
from striate.visualize.drawing.diagram import draw_diagram
from striate.visualize.drawing.frames import animate, draw_strip
from striate.visualize.drawing.matrix import draw_matrix
from striate.visualize.drawing.page import DOTS_PER_INCH
from striate.visualize.drawing.sheet import draw_sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {".png": "png", ".svg": "svg", ".gif": "gif"}


def save(picture: Picture, path: str | os.PathLike[str]) -> Path:
    """Draw a picture into a file, PNG or SVG by its suffix, and hand the path back; frames also as GIF.

    Raises:
        ArgumentError: another suffix, or something that is no picture.
        FileAccessError: the place cannot be written.
    """
    place = Path(path)
    kind = FORMATS.get(place.suffix.lower())
    if kind is None or (kind == "gif" and not isinstance(picture, Frames)):
        also = " or .gif" if isinstance(picture, Frames) else ""
        raise ArgumentError(f"pictures are written as .png or .svg{also}; got {os.fspath(path)!r}.")
    write_atomically(place, [encode(picture, kind)])
    return place


def encode(picture: Picture, kind: str = "png") -> bytes:
    """Draw a picture and hand back the bytes of a 'png' or an 'svg', of frames also of a 'gif'.

    Raises:
        ArgumentError: another kind of file, or something that is no picture.
    """
    if kind == "gif" and isinstance(picture, Frames):
        return animate(picture, draw)
    if kind not in ("png", "svg"):
        also = " or 'gif'" if isinstance(picture, Frames) else ""
        raise ArgumentError(f"a picture is drawn as 'png' or 'svg'{also}; got {kind!r}.")
    figure = draw(picture)
    content = io.BytesIO()
    # Without a date the same picture gives the same file.
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    figure.savefig(
        content, format=kind, dpi=DOTS_PER_INCH, bbox_inches="tight", pad_inches=0.2, metadata=metadata
    )
    return content.getvalue()


def draw(picture: Picture) -> Figure:
    """Draw a picture as a matplotlib figure with a canvas of its own; of frames, the first ones.

    Raises:
        ArgumentError: something that is no picture.
    """
    if isinstance(picture, Curves):
        return draw_curves(picture)
    if isinstance(picture, Matrix):
        return draw_matrix(picture)
    if isinstance(picture, Sheet):
        return draw_sheet(picture)
    if isinstance(picture, Diagram):
        return draw_diagram(picture)
    if isinstance(picture, Frames):
        return draw_strip(picture, draw)
    raise ArgumentError(f"expected a picture of striate.visualize to draw; got {type(picture).__name__}.")
