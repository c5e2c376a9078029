"""How an image becomes what a network takes: decided once, kept with the model, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

FITS = ("crop", "pad", "stretch")


@dataclass(frozen=True)
class ImageInput:
    """Size, fit, channels, interpolation and range of values that every image is brought to.

    `fit` is what happens to another shape than height by width: 'crop' cuts the longer side
    evenly, 'pad' fills up the shorter with `background`, 'stretch' changes the proportions.
    `value_range` is what in a file becomes 0 and 255; None means bytes as they are, and the
    top of the file's own type otherwise.
    """

    height: int
    width: int
    channels: int
    fit: str = "crop"
    interpolation: str = "bilinear"
    background: int = 255
    value_range: tuple[float, float] | None = None
