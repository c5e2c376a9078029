"""A sheet of augmented copies beside the original, for people to look at."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from striate.core.errors import ArgumentError, ShapeError

_GAP = 8
_SMALLEST_SIDE = 96
_SIGNAL_SIZE = (240, 140)
_COLOURS = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40))


def check(example: np.ndarray, copies: int) -> None:
    """Refuse what no sheet can be drawn of.

    Raises:
        ArgumentError: fewer than one copy.
        ShapeError: something that is neither an image nor a signal.
    """
    if copies < 1:
        raise ArgumentError(f"preview takes a number of copies from 1 up; got {copies!r}.")
    if example.ndim not in (2, 3):
        raise ShapeError(
            "preview takes one image (height, width, channels) or one signal (steps, channels); "
            f"got shape {example.shape}."
        )


def draw_sheet(original: np.ndarray, changed: np.ndarray, limits: tuple[float, float] | None) -> Image.Image:
    """Draw the original in a frame, then its copies, row by row.

    `limits` are the values shown black and white; None finds them in what is shown. Small images
    are enlarged by a whole number, so that their pixels can be seen.
    """
    if limits is None:
        both = np.concatenate([original.ravel(), changed.ravel()]).astype(np.float64)
        limits = (float(both.min()), float(both.max()))
    draw_one = _draw_image if original.ndim == 3 else _draw_signal
    tiles = [draw_one(each, *limits) for each in (original, *changed)]
    columns = math.ceil(math.sqrt(len(tiles)))
    width, height = (max(tile.size[axis] for tile in tiles) for axis in (0, 1))
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP), "white")
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        sheet.paste(tile, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    # The first one is the original: a frame says so without words.
    frame = (_GAP - 3, _GAP - 3, _GAP + width + 2, _GAP + height + 2)
    ImageDraw.Draw(sheet).rectangle(frame, outline="black", width=2)
    return sheet


def _draw_image(image: np.ndarray, low: float, high: float) -> Image.Image:
    levels = np.clip((image.astype(np.float64) - low) / max(high - low, 1e-12) * 255, 0, 255)
    # Two channels or more than three cannot be shown as colours: the first one is.
    shown = levels[..., :3] if image.shape[-1] in (3, 4) else np.repeat(levels[..., :1], 3, axis=2)
    picture = Image.fromarray(np.rint(shown).astype(np.uint8), "RGB")
    times = max(1, _SMALLEST_SIDE // max(picture.size))
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def _draw_signal(signal: np.ndarray, low: float, high: float) -> Image.Image:
    width, height = _SIGNAL_SIZE
    tile = Image.new("RGB", _SIGNAL_SIZE, (246, 246, 246))
    pen = ImageDraw.Draw(tile)
    x = np.linspace(4, width - 5, len(signal))
    y = height - 5 - (signal.astype(np.float64) - low) / max(high - low, 1e-12) * (height - 10)
    for channel in range(min(signal.shape[1], len(_COLOURS))):
        points = list(zip(x.tolist(), y[:, channel].tolist(), strict=True))
        pen.line(points * 2 if len(points) == 1 else points, fill=_COLOURS[channel], width=2)
    return tile
