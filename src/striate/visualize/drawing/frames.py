"""Draws pictures one after another: as an animation, or as a strip of the first ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from striate.visualize.base import Frames, ImagePanel, Picture, Sheet
from striate.visualize.drawing.sheet import draw_sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A strip shows so many frames; an animation has fewer dots than a print.
STRIP, STRIP_COLUMNS = 6, 2
DOTS_PER_INCH = 88
# The last place in an animation's table of colours.
_WHITE = 255


def draw_strip(picture: Frames, draw: Callable[[Picture], Figure]) -> Figure:
    """Draw the first frames beside each other, with the title and the caption of the whole."""
    shown = paint(picture.frames[:STRIP], draw, 160)
    panels = tuple(ImagePanel(pixels) for pixels in shown)
    caption = picture.caption
    more = len(picture.frames) - len(panels)
    if more:
        following = "1 more frame follows" if more == 1 else f"{more} more frames follow"
        caption = f"{caption} {following} in the animation."
    return draw_sheet(Sheet(picture.title, caption, panels, columns=min(STRIP_COLUMNS, len(panels))))


def animate(picture: Frames, draw: Callable[[Picture], Figure]) -> bytes:
    """Draw every frame on a canvas of one size, and put them together as a GIF that goes round."""
    pictures = [Image.fromarray(pixels) for pixels in paint(picture.frames, draw, DOTS_PER_INCH)]
    # One table of colours for all, taken from a sheet of them, so that nothing flickers.
    sample = Image.new("RGB", (pictures[0].width, pictures[0].height * min(len(pictures), 8)))
    chosen = np.linspace(0, len(pictures) - 1, min(len(pictures), 8)).astype(int)
    for place, number in enumerate(chosen):
        sample.paste(pictures[number], (0, place * pictures[0].height))
    table = sample.quantize(_WHITE)
    reduced = [_reduced(one, table) for one in pictures]
    content = io.BytesIO()
    reduced[0].save(
        content,
        format="GIF",
        save_all=True,
        append_images=reduced[1:],
        duration=max(round(picture.seconds * 1000), 20),
        loop=0,
        optimize=False,
    )
    return content.getvalue()


def _reduced(picture: Image.Image, table: Image.Image) -> Image.Image:
    """Give a picture the colours of the table; paper stays white, whatever comes nearest to it there."""
    numbers = np.asarray(picture.quantize(palette=table, dither=Image.Dither.NONE)).copy()
    numbers[(np.asarray(picture) == 255).all(axis=-1)] = _WHITE
    colours = list(table.getpalette() or [])[: 3 * _WHITE]
    result = Image.fromarray(numbers)
    result.putpalette(bytes(colours + [255] * (3 * (_WHITE + 1) - len(colours))))
    return result


def paint(pictures: tuple[Picture, ...], draw: Callable[[Picture], Figure], dots: int) -> list[np.ndarray]:
    """Draw pictures as pixels, all on white paper of the size of the largest."""
    painted = []
    for picture in pictures:
        content = io.BytesIO()
        draw(picture).savefig(content, format="png", dpi=dots, bbox_inches="tight", pad_inches=0.15)
        with Image.open(content) as image:
            painted.append(np.asarray(image.convert("RGB")))
    height, width = (max(pixels.shape[axis] for pixels in painted) for axis in (0, 1))
    canvases = []
    for pixels in painted:
        canvas = np.full((height, width, 3), 255, np.uint8)
        canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
        canvases.append(canvas)
    return canvases
