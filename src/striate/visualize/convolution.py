"""Kernels slid over an image or a signal by hand, with the results side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError
from striate.core.shapes import check_choice, format_shape, padding_amount, per_axis, window_extent
from striate.ops.convolution import convolve as slide
from striate.visualize.base import AnyPanel, ImagePanel, Line, LinePanel, Sheet
from striate.visualize.filter_result import (
    as_pixels,
    colour_words,
    kernel_panel,
    kind_of,
    padded_pixels,
    result_panel,
    size_text,
    title_of,
)
from striate.visualize.kernels import Kernel, read_kernel
from striate.visualize.pooling import POOLINGS, pooled

PADDINGS = ("valid", "same", "edge", "reflect")
# How NumPy calls what is put around an image.
_MODES = {"same": "constant", "edge": "edge", "reflect": "reflect"}
_SAID = {"same": "zeros", "edge": "the values of its edge", "reflect": "its own mirror image"}


def convolve(
    image: Any,
    kernels: Any,
    strides: int = 1,
    padding: str = "valid",
    dilation: int = 1,
    flip: bool = False,
    pooling: str | None = None,
    pool_size: int = 2,
) -> Sheet:
    """Slide kernels over an image or a signal, and show what comes out, each kernel beside its result.

    As in deep learning the kernel is not flipped; `flip` turns it round by both axes first, as
    the convolution of mathematics and of signal processing has it. Colours are convolved each by
    themselves; where the kernel's numbers add up to 0, so that it answers to differences, the
    mean over the colours is shown around 0. 'same' puts zeros around the image, 'edge' the values
    of its edge, 'reflect' its mirror image.

    Shape:
        image: (height, width), (height, width, channels), or a signal of shape (steps,) or
        (steps, 1); bytes or any numbers. `kernels`: names, rows of numbers as text, arrays, or
        a list of these.

    Raises:
        ArgumentError: a kernel, padding or pooling that is not known; a kernel that does not fit.
        DataError: something that is neither image nor signal.

    >>> sheet = convolve([[0, 1, 2], [3, 4, 5], [6, 7, 8]], "[[0,1],[2,3]]")
    >>> sheet.panels[-1].values
    array([[19., 25.],
           [37., 43.]])
    """
    values = read_values(image)
    rank = values.ndim - 1
    padding = check_choice(padding, PADDINGS, "padding")
    if pooling is not None:
        pooling = check_choice(pooling, POOLINGS, "pooling")
    chosen = _numbered([read_kernel(one, rank) for one in _several(kernels)])
    if not chosen:
        raise ArgumentError("convolve takes at least one kernel, such as 'edge'; got none.")
    step, gap = per_axis(strides, 1, "strides")[0], per_axis(dilation, 1, "dilation")[0]
    pool = None if pooling is None else (pooling, per_axis(pool_size, 1, "pool_size")[0])
    panels = _inputs(values, chosen[0], step, padding, gap, pool)
    kinds = []
    for kernel in chosen:
        result = filter_values(values, kernel, step, padding, gap, flip)
        kinds.append(kind_of(kernel, result, values))
        start = _starts(values, kernel, step, padding, gap)
        panels += [kernel_panel(kernel, flip), *_results(values, kernel, result, kinds[-1], start, pool)]
    words = [_sum_words(chosen, rank, flip), _window_words(step, padding, gap)]
    words += colour_words(kinds, rank) + _pool_words(pool, rank)
    group = 2 if pool is None else 3
    # A few kernels one below the other; many two in a row, or the sheet would be too long to see.
    columns = group if rank == 1 or len(chosen) in (2, 3) else 2 * group
    return Sheet("Convolution by hand", " ".join(words), tuple(panels), columns)


def read_values(image: Any) -> np.ndarray:
    """Turn an image or signal into numbers with a channel axis.

    Shape:
        out (height, width, channels) or (steps, channels), float64

    Raises:
        DataError: no numbers, or another number of axes.
    """
    values = np.asarray(image.detach().cpu() if isinstance(image, torch.Tensor) else image)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2, 3) or values.size == 0:
        raise DataError(
            "expected one image of shape (height, width) or (height, width, channels), or one signal of "
            f"shape (steps,) or (steps, 1); got {values.dtype} of shape {format_shape(values.shape)}."
        )
    values = values.astype(np.float64)
    if values.ndim == 1 or (values.ndim == 2 and values.shape[1] > 1):
        return values[..., None]
    return values


def _numbered(kernels: list[Kernel]) -> list[Kernel]:
    """Tell several kernels apart that were given as numbers and have no name of their own."""
    if sum(kernel.name == "kernel" for kernel in kernels) < 2:
        return kernels
    counted = enumerate(kernels, 1)
    return [
        replace(kernel, name=f"kernel {number}") if kernel.name == "kernel" else kernel
        for number, kernel in counted
    ]


def _several(kernels: Any) -> list[Any]:
    single = isinstance(kernels, (str, Kernel, np.ndarray, torch.Tensor))
    if not single and isinstance(kernels, Iterable):
        kernels = list(kernels)
        is_rows = bool(kernels) and not isinstance(kernels[0], (str, Kernel, np.ndarray, torch.Tensor))
        return [kernels] if is_rows else kernels
    return [kernels]


def filter_values(
    values: np.ndarray, kernel: Kernel, strides: int, padding: str, dilation: int, flip: bool = False
) -> np.ndarray:
    """Slide one kernel over each channel by itself, in double precision.

    Shape:
        values (*axes, channels), out (*new axes, channels)

    Raises:
        ArgumentError: a kernel larger than the input, or a mirror image wider than it.
    """
    weights = np.flip(kernel.values) if flip else kernel.values
    padded, _ = pad_values(values, kernel, strides, padding, dilation)
    extents = [window_extent(size, dilation) for size in weights.shape]
    if any(extent > length for extent, length in zip(extents, padded.shape, strict=False)):
        raise ArgumentError(
            f"the kernel {kernel.name!r} spans {format_shape(extents)} and does not fit into "
            f"{format_shape(padded.shape[:-1])}. Use padding='same', a smaller kernel or a larger input."
        )
    mean = _slide(padded, weights, strides, dilation)
    if kernel.statistic == "contrast":
        # Around the mean of all: the difference of two large squares would lose digits.
        centre = values.mean()
        square = _slide((padded - centre) ** 2, weights, strides, dilation)
        return np.sqrt(np.maximum(square - (mean - centre) ** 2, 0.0))
    return mean - values.mean(axis=tuple(range(values.ndim - 1))) if kernel.statistic == "zones" else mean


def _slide(padded: np.ndarray, weights: np.ndarray, strides: int, dilation: int) -> np.ndarray:
    rank = weights.ndim
    # Each channel is an example of its own with one channel.
    inputs = torch.from_numpy(np.moveaxis(padded, -1, 0)[..., None].copy())
    kernel = torch.from_numpy(np.ascontiguousarray(weights))[None, None]
    steps, gaps = (strides,) * rank, (dilation,) * rank
    result = slide(inputs, kernel, strides=steps, padding="valid", dilation=gaps)
    return np.moveaxis(result[..., 0].numpy(), 0, -1)


def pad_values(
    values: np.ndarray, kernel: Kernel, strides: int, padding: str, dilation: int
) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """Put around an input what the padding says; also how much was put before and after each axis."""
    word = "valid" if padding == "valid" else "same"
    amounts = tuple(
        padding_amount(length, size, strides, word, dilation)
        for length, size in zip(values.shape, kernel.values.shape, strict=False)
    )
    if padding == "valid":
        return values, amounts
    if padding == "reflect" and any(
        max(pair) >= length for pair, length in zip(amounts, values.shape, strict=False)
    ):
        raise ArgumentError(
            f"a mirror image of {max(map(max, amounts))} cannot be put around an input of "
            f"{format_shape(values.shape[:-1])}: use padding='edge', or a smaller kernel."
        )
    return np.pad(values, (*amounts, (0, 0)), mode=_MODES[padding]), amounts  # type: ignore[call-overload]


def _starts(
    values: np.ndarray, kernel: Kernel, strides: int, padding: str, dilation: int
) -> tuple[float, int]:
    """Where on the input's first axis the middle of the first window stands, and how far it moves."""
    before = pad_values(values, kernel, strides, padding, dilation)[1][0][0]
    return (window_extent(kernel.values.shape[0], dilation) - 1) / 2 - before, strides


def _inputs(
    values: np.ndarray, kernel: Kernel, strides: int, padding: str, gap: int, pool: tuple[str, int] | None
) -> list[AnyPanel]:
    """The original, and the same with its padding and the window's first place."""
    padded, amounts = pad_values(values, kernel, strides, padding, gap)
    extents = [window_extent(size, gap) for size in kernel.values.shape]
    size = "×".join(map(str, extents))
    note = f"stride {strides}" + (f", dilation {gap}" if gap > 1 else "")
    title = f"First window {size}"
    if values.ndim == 2:
        x = np.arange(len(padded)) - amounts[0][0]
        inside = np.where(np.arange(len(padded)) < extents[0], 1.0, 0.0)
        lines = (Line("", "signal", x, padded[:, 0]),)
        panels: list[AnyPanel] = [
            LinePanel(
                (Line("", "signal", np.arange(len(values)), values[:, 0]),), "Original", x_label="step"
            ),
            LinePanel(lines, title, note, x_label="step", shade=inside),
        ]
    else:
        box = (0, 0, extents[0], extents[1])
        panels = [
            ImagePanel(as_pixels(values, values), "Original", size_text(values)),
            ImagePanel(
                padded_pixels(padded, values, amounts, padding == "same"),
                title,
                f"{note}; {size_text(padded)}" + ("" if padding == "valid" else ", padding in grey"),
                box=box,
            ),
        ]
    if pool is not None:
        axis = ((pool[1] - 1) / 2, float(pool[1]))
        title, times = f"Original, {pool[0]} {pool[1]}", _added_up(pool, values)
        panels.append(result_panel(values, pooled(values, *pool), title, "image", axis, times))
    return panels


def _added_up(pool: tuple[str, int], values: np.ndarray) -> int:
    """How many values a pooling adds up in each of its own; 1 where it stays on their scale."""
    return int(pool[1] ** (values.ndim - 1)) if pool[0] == "sum" else 1


def _results(
    values: np.ndarray,
    kernel: Kernel,
    result: np.ndarray,
    kind: str,
    start: tuple[float, int],
    pool: tuple[str, int] | None,
) -> list[AnyPanel]:
    shown = [result_panel(values, result, title_of(kernel), kind, start)]
    if pool is not None:
        middle = start[0] + (pool[1] - 1) / 2 * start[1], start[1] * pool[1]
        title, times = f"{title_of(kernel)}, {pool[0]} {pool[1]}", _added_up(pool, values)
        shown.append(result_panel(values, pooled(result, *pool), title, kind, middle, times))
    return shown


def _sum_words(kernels: list[Kernel], rank: int, flip: bool) -> str:
    found = {kernel.statistic for kernel in kernels}
    whole = "image" if rank == 2 else "signal"
    flipped = ", which is flipped first" if flip else ""
    said = {
        "": f"Each value is the sum of a window times the kernel{flipped}.",
        "contrast": "Contrast is the standard deviation in a window.",
        "zones": f"Zones are the mean of a window minus the {whole}'s mean.",
    }
    return " ".join(text for statistic, text in said.items() if statistic in found)


def _window_words(strides: int, padding: str, dilation: int) -> str:
    text = f"The window moves by {strides}"
    text += f", and the values that it takes lie {dilation} apart. " if dilation > 1 else ". "
    if padding == "valid":
        return text + "Without padding the result is smaller than the input."
    return text + f"The input is surrounded by {_SAID[padding]}."


def _pool_words(pool: tuple[str, int] | None, rank: int) -> list[str]:
    if pool is None:
        return []
    window = f"{pool[1]} values" if rank == 1 else f"{pool[1]} by {pool[1]} values"
    return [f"Beside each result stands the {pool[0]} of each {window}."]
