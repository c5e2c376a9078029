"""The three poolings on the same input, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError
from striate.core.shapes import format_shape, per_axis
from striate.ops.pooling import average_pool, max_pool, sum_pool
from striate.visualize.base import AnyPanel, HeatPanel, Line, LinePanel, Sheet

_POOLS = {"max": max_pool, "average": average_pool, "sum": sum_pool}
POOLINGS = tuple(_POOLS)


def pooled(values: np.ndarray, pooling: str, pool_size: int, strides: int | None = None) -> np.ndarray:
    """Pool each channel by itself; windows stand side by side unless strides say otherwise.

    Shape:
        values (*axes, channels), out (*new axes, channels)

    Raises:
        ArgumentError: a window larger than the input.
    """
    rank = values.ndim - 1
    if pool_size > min(values.shape[:-1]):
        raise ArgumentError(
            f"a pooling window of {pool_size} does not fit into {format_shape(values.shape[:-1])}."
        )
    window, steps = (pool_size,) * rank, (strides or pool_size,) * rank
    return _POOLS[pooling](torch.from_numpy(values[None].copy()), window, steps)[0].numpy()


def compare_pooling(image: Any, pool_size: int = 2, strides: int | None = None) -> Sheet:
    """Show what max, average and sum pooling make of the same image or signal.

    Shape:
        image: (height, width), (height, width, channels), of which the mean is taken, or a
        signal of shape (steps,) or (steps, 1).

    Raises:
        ArgumentError: a window larger than the input, or a size below 1.
        DataError: something that is neither image nor signal.

    >>> sheet = compare_pooling([[1, 2], [3, 6]])
    >>> [float(panel.values[0, 0]) for panel in sheet.panels[1:]]
    [6.0, 3.0, 12.0]
    """
    values = np.asarray(image.detach().cpu() if isinstance(image, torch.Tensor) else image)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2, 3) or values.size == 0:
        raise DataError(
            "pooling takes one image or one signal of numbers; "
            f"got {values.dtype} of shape {format_shape(values.shape)}."
        )
    size = per_axis(pool_size, 1, "pool_size")[0]
    step = size if strides is None else per_axis(strides, 1, "strides")[0]
    is_signal = values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1)
    plane = values.astype(np.float64).reshape(len(values), -1, values.shape[-1] if values.ndim == 3 else 1)
    plane = plane[:, :, 0] if is_signal else plane.mean(axis=-1, keepdims=True)
    panels = [_panel(plane, "Original", (0.0, 1.0))]
    for name in POOLINGS:
        result = pooled(plane, name, size, step)
        panels.append(_panel(result, f"{name.capitalize()} of {size}", ((size - 1) / 2, float(step))))
    window = f"{size} values" if is_signal else f"{size} by {size} values"
    return Sheet(
        "Three poolings of the same input",
        f"Each value stands for {window}; the window moves by {step}. The largest keeps what stands out, "
        "the mean smooths, and the sum is the mean times the number of values. Each panel has its own scale.",
        tuple(panels),
        columns=2,
    )


def _panel(values: np.ndarray, title: str, axis: tuple[float, float]) -> AnyPanel:
    size = "×".join(map(str, values.shape[:-1]))
    note = f"{size}; {float(np.round(values.min(), 3)):g} to {float(np.round(values.max(), 3)):g}"
    if values.ndim == 2:
        x = axis[0] + axis[1] * np.arange(len(values))
        return LinePanel((Line("", "signal", x, values[:, 0]),), title, note, x_label="step")
    return HeatPanel(values[..., 0], title, note, scale="grey", bar=True)
