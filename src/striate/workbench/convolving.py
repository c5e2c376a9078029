"""Kernels on a person's own image or signal, from files to a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from striate.core.errors import ArgumentError, DataError, FileAccessError
from striate.datasets.decoding.images import read_image
from striate.datasets.options import SourceOptions
from striate.datasets.tables.table import load_signals
from striate.datasets.tables.table_roles import NO_LABEL
from striate.visualize.base import Picture
from striate.visualize.convolution import convolve
from striate.visualize.pooling import compare_pooling
from striate.visualize.render import save
from striate.visualize.shown_image import SHOWN_KERNELS
from striate.visualize.sliding_window import slide
from striate.workbench.preparation import TABLE_SUFFIXES

PictureOf = TypeVar("PictureOf", bound=Picture)

# Larger images hold more than a picture of several panels can show.
_SHOWN_SIDE = 320
# An animation shows single pixels: so many along the shorter side, and twice as many along the other.
_SLID_SIDE = 8


@dataclass(frozen=True)
class Sliding:
    """How a kernel is slid: as in `striate.visualize.convolve`."""

    strides: int = 1
    padding: str = "valid"
    dilation: int = 1
    flip: bool = False
    pooling: str | None = None
    pool_size: int = 2


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture and the file that it was written to."""

    picture: Picture
    file: Path


def draw_convolution(
    path: str,
    kernels: Sequence[str] = (),
    sliding: Sliding | None = None,
    *,
    animate: bool = False,
    grey: bool = False,
    row: int = 1,
    out: str | Path | None = None,
) -> Drawn:
    """Draw an image or a row of a table beside what kernels make of it.

    `animate` writes a GIF in which the window of the first kernel slides over a small copy. `row`
    chooses among the signals of a table, counted from 1.

    Raises:
        StriateError: a file, kernel or option that cannot be used, in words.
    """
    chosen = sliding or Sliding()
    values, scaled = _read(path, grey, row, animate)
    names = list(kernels) or list(SHOWN_KERNELS if values.ndim == 3 else ("edge", "blur"))
    if animate:
        if chosen.pooling is not None:
            raise ArgumentError("an animation shows the window of one kernel; leave pooling out.")
        moving = slide(
            names[0],
            values,
            strides=chosen.strides,
            padding=chosen.padding,
            dilation=chosen.dilation,
            flip=chosen.flip,
        )
        moving = _with_note(moving, scaled)
        return Drawn(moving, save(moving, out or "convolved.gif"))
    picture = _with_note(convolve(values, names, **vars(chosen)), scaled)
    return Drawn(picture, save(picture, out or "convolved.png"))


def draw_poolings(path: str, pool_size: int = 2, out: str | Path = "pooled.png") -> Drawn:
    """Draw an image beside its maximum, average and sum pooling.

    Raises:
        StriateError: a file or size that cannot be used, in words.
    """
    values, scaled = _read(path, False, 1)
    picture = _with_note(compare_pooling(values, pool_size), scaled)
    return Drawn(picture, save(picture, out))


def _with_note(picture: PictureOf, note: str) -> PictureOf:
    return replace(picture, caption=f"{picture.caption} {note}") if note else picture


def _read(path: str, grey: bool, row: int, tiny: bool = False) -> tuple[np.ndarray, str]:
    """The numbers to work on, and what to say where they are a smaller copy of an image."""
    if Path(path).suffix.lower() in TABLE_SUFFIXES:
        return _read_row(path, row), ""
    if not Path(path).is_file():
        raise FileAccessError(f"there is no image or table {path} (seen from {Path.cwd()}).")
    channels = 1 if grey else 3
    pixels = read_image(path, channels=channels)
    height, width = pixels.shape[:2]
    share = _SLID_SIDE / min(height, width) if tiny else _SHOWN_SIDE / max(height, width)
    note = ""
    if share < 1:
        size = (max(round(height * share), 1), max(round(width * share), 1))
        pixels = read_image(path, size, channels, interpolation="area")
        note = f"The image was scaled down first: shown at {size[0]} × {size[1]} of {height} × {width} pixels"
    if tiny and max(pixels.shape[:2]) > 2 * _SLID_SIDE:
        pixels = pixels[: 2 * _SLID_SIDE, : 2 * _SLID_SIDE]
        note += ", of which the first {} × {} are taken".format(*pixels.shape[:2])
    return pixels, f"{note}." if note else ""


def _read_row(path: str, row: int) -> np.ndarray:
    signals = load_signals(path, SourceOptions(kind="signal", label=NO_LABEL)).train.x
    if not 1 <= row <= len(signals):
        raise DataError(f"{path} holds {len(signals)} signals, counted from 1; got row {row}.")
    return np.asarray(signals[row - 1, :, 0])
