"""Kernels slid over an image or a signal by hand, with the results side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError
from striate.core.shapes import check_choice, format_shape, padding_amount, per_axis, window_extent
from striate.ops.convolution import convolve as slide
from striate.visualize.base import AnyPanel, HeatPanel, ImagePanel, Line, LinePanel, Sheet, TablePanel
from striate.visualize.kernels import Kernel, read_kernel
from striate.visualize.pooling import POOLINGS, pooled

PADDINGS = ("valid", "same", "edge", "reflect")
# Values beyond those of this share of all places have the full colour.
_FULL_COLOUR = 0.98
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
    chosen = [read_kernel(one, rank) for one in _several(kernels)]
    if not chosen:
        raise ArgumentError("convolve takes at least one kernel, such as 'edge'; got none.")
    step, gap = per_axis(strides, 1, "strides")[0], per_axis(dilation, 1, "dilation")[0]
    pool = None if pooling is None else (pooling, per_axis(pool_size, 1, "pool_size")[0])
    panels = _inputs(values, chosen[0], step, padding, gap, pool)
    for kernel in chosen:
        result = filter_values(values, kernel, step, padding, gap, flip)
        panels += _results(values, kernel, result, flip, _starts(values, kernel, step, padding, gap), pool)
    group = 2 if pool is None else 3
    return Sheet(
        title="Convolution by hand",
        caption=_caption(values, chosen, step, padding, gap, flip, pool),
        panels=tuple(panels),
        columns=group if rank == 1 else 2 * group,
    )


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
            ImagePanel(_as_pixels(values, values), "Original", _size_text(values)),
            ImagePanel(_as_pixels(padded, values), title, f"{note}; {_size_text(padded)}", box=box),
        ]
    if pool is not None:
        axis = ((pool[1] - 1) / 2, float(pool[1]))
        panels.append(_shown(values, pooled(values, *pool), f"Original, {pool[0]} {pool[1]}", "image", axis))
    return panels


def _results(
    values: np.ndarray,
    kernel: Kernel,
    result: np.ndarray,
    flip: bool,
    start: tuple[float, int],
    pool: tuple[str, int] | None,
) -> list[AnyPanel]:
    weights = np.flip(kernel.values) if flip else kernel.values
    total = 0.0 if kernel.statistic == "zones" else float(kernel.values.sum())
    kind = "positive" if kernel.statistic == "contrast" else "image" if abs(total - 1) < 1e-6 else "grey"
    kind = "signed" if abs(total) < 1e-6 else kind
    shown: list[AnyPanel] = [
        TablePanel(np.atleast_2d(weights), f"{kernel.name}, flipped" if flip else kernel.name),
        _shown(values, result, kernel.name, kind, start),
    ]
    if pool is not None:
        middle = start[0] + (pool[1] - 1) / 2 * start[1], start[1] * pool[1]
        title = f"{kernel.name}, {pool[0]} {pool[1]}"
        shown.append(_shown(values, pooled(result, *pool), title, kind, middle))
    return shown


def _shown(
    values: np.ndarray, result: np.ndarray, title: str, kind: str, start: tuple[float, float]
) -> AnyPanel:
    low, high = (float(np.round(end, 3)) for end in (result.min(), result.max()))
    note = f"{_size_text(result)}; {low:g} to {high:g}"
    if result.ndim == 2:
        x = start[0] + start[1] * np.arange(len(result))
        return LinePanel((Line("", "first", x, result[:, 0]),), title, note, x_label="step")
    if kind == "image" and result.shape[-1] in (1, 3):
        return ImagePanel(_as_pixels(result, values), title, note)
    shown = result.mean(axis=-1)
    if kind == "image":
        return HeatPanel(shown, title, note, scale="grey")
    # A few strong edges would leave all others nearly white.
    reach = float(np.quantile(np.abs(shown), _FULL_COLOUR)) or float(np.abs(shown).max()) or 1.0
    low = -reach if kind == "signed" else 0.0
    return HeatPanel(shown, title, note, scale=kind, low=low, high=reach)


def _as_pixels(values: np.ndarray, original: np.ndarray) -> np.ndarray:
    """Bring values to 0..1 on the scale of the original; what lies beyond is cut off."""
    low, high = min(float(original.min()), 0.0), float(original.max())
    high = (
        255.0 if 1.0 < high <= 255.0 and high > 127 else max(high, 1.0 if high > 0.5 and low >= 0 else high)
    )
    pixels = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    return pixels if pixels.shape[-1] in (1, 3) else pixels.mean(axis=-1)


def _size_text(values: np.ndarray) -> str:
    return "×".join(map(str, values.shape[:-1]))


def _caption(
    values: np.ndarray,
    kernels: list[Kernel],
    strides: int,
    padding: str,
    dilation: int,
    flip: bool,
    pool: tuple[str, int] | None,
) -> str:
    text = "Each value is the sum of a window times the kernel" + (", which is flipped first" if flip else "")
    text += f". The window moves by {strides}"
    text += f" and takes every {dilation}th value. " if dilation > 1 else ". "
    if padding == "valid":
        text += "Without padding the result is smaller than the input. "
    else:
        text += f"The input is surrounded by {_SAID[padding]}. "
    if any(abs(kernel.values.sum()) < 1e-6 or kernel.statistic == "zones" for kernel in kernels):
        text += "Around 0, blue is above and orange below. "
    if pool is not None:
        window = f"{pool[1]} values" if values.ndim == 2 else f"{pool[1]} by {pool[1]} values"
        text += f"Beside each result stands the {pool[0]} of each {window}. "
    return text.strip()
