"""The pictures of a report, each kept once: pixels turned into the smallest files that show them well."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from striate.report.blocks import Raster
from striate.visualize.base import HeatPanel, ImagePanel
from striate.visualize.drawing.panels import FAINTEST, colour_map, over_colours, pixels_to_rgb, scale_ends

# The longest side of a picture, and up to which side every pixel is kept exactly.
LONGEST, EXACT = 128, 64
QUALITY = 80


class Album:
    """Collects pictures; equal ones get one number.

    A picture's content is written into the page where it is first shown, so that the page needs
    no script to show it; whatever shows it again finds it there.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._contents: list[bytes] = []
        self._written: set[int] = set()

    def add(
        self,
        pixels: np.ndarray,
        alt: str,
        longest: int = LONGEST,
        box: tuple[int, int, int, int] | None = None,
    ) -> Raster:
        """Keep a picture, no side longer than `longest`; `box` is (top, left, height, width) in its pixels.

        Shape:
            pixels: (height, width), (height, width, 1) or (height, width, 3); bytes, or 0 to 1
        """
        levels = (pixels_to_rgb(pixels) * 255).round().astype(np.uint8)
        height, width = levels.shape[:2]
        image = Image.fromarray(levels)
        if max(height, width) > longest:
            image.thumbnail((longest, longest), Image.Resampling.BOX, reducing_gap=None)
        content = io.BytesIO()
        exact = max(height, width) <= EXACT
        image.save(content, "WEBP", lossless=exact, quality=QUALITY, method=4)
        data = content.getvalue()
        number = self._numbers.setdefault(data, len(self._contents))
        if number == len(self._contents):
            self._contents.append(data)
        outlined = None if box is None else (box[1], box[0], box[3], box[2])
        return Raster(number, width, height, alt, outlined)

    def add_panel(self, panel: ImagePanel | HeatPanel, alt: str, longest: int = LONGEST) -> Raster:
        """Keep the pixels of a panel; those of numbers in the colours of their scale."""
        pixels = panel.pixels if isinstance(panel, ImagePanel) else heat_to_rgb(panel)
        return self.add(pixels, alt, longest, panel.box)

    def size_of(self, number: int) -> int:
        """How many bytes a picture takes in the page."""
        return len(self._contents[number]) * 4 // 3

    def source(self, number: int) -> str | None:
        """The address that holds a picture's content; None where the page has it already."""
        if number in self._written:
            return None
        self._written.add(number)
        return address(self._contents[number])

    def left(self, numbers: set[int]) -> dict[str, str]:
        """The addresses of those of these pictures that the page does not have yet."""
        return {str(number): address(self._contents[number]) for number in sorted(numbers - self._written)}


def address(content: bytes) -> str:
    """Write a picture as an address that holds it."""
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")


def heat_to_rgb(panel: HeatPanel) -> np.ndarray:
    """Turn a panel of numbers into colours, over its image where it has one.

    Shape:
        out (height, width, 3), 0 to 1
    """
    low, high = scale_ends(panel)
    over = panel.over
    colours: Any = over_colours() if over is not None and panel.scale == "positive" else None
    colours = colours or colour_map(panel.scale)
    values = panel.values
    if over is not None:
        grey = 0.2 + 0.8 * pixels_to_rgb(over).mean(axis=-1)
        values = _enlarged(np.nan_to_num(values), grey.shape)
    shares = np.ma.masked_invalid((values - low) / (high - low))
    found: np.ndarray = np.asarray(colours(np.clip(shares, 0, 1)))[..., :3]
    if over is None:
        return found
    strength = np.clip(np.abs(values) / max(abs(low), abs(high)), 0, 1)
    strength = 0.85 * np.clip((strength - FAINTEST) / (1 - FAINTEST), 0, 1)
    return found * strength[..., None] + grey[..., None] * (1 - strength[..., None])


def _enlarged(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if values.shape == shape:
        return values
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
