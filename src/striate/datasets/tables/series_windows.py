"""Windows that slide over a series, in batches, in the words of Keras's `timeseries_dataset_from_array`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, DataError
from striate.datasets.generator.numbered_batches import NumberedBatches


class SeriesWindows(NumberedBatches):
    """Batches of windows of a series, with the targets of their first steps if there are any.

    `starts` are the first steps of the windows, `steps` the distances of their steps from the first.
    """

    def __init__(
        self,
        data: torch.Tensor,
        targets: torch.Tensor | None,
        starts: np.ndarray,
        steps: np.ndarray,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
    ):
        super().__init__(len(starts), batch_size, shuffle, seed)
        self._data, self._targets, self._starts, self._steps = data, targets, starts, steps

    def examples(self, indices: np.ndarray) -> Any:
        """Cut the windows with these numbers out."""
        starts = self._starts[indices]
        windows = self._data[torch.from_numpy(starts[:, None] + self._steps)]
        if self._targets is None:
            return windows
        return windows, self._targets[torch.from_numpy(starts)]


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> SeriesWindows:
    """Cut a series into windows of `sequence_length` steps and hand them out in batches.

    Windows begin `sequence_stride` steps apart and take every `sampling_rate`-th step. The target of
    a window is that of its first step; to foretell the step after a window, hand `targets` over
    from there on (`data[length:]`). `start_index` and `end_index` cut a part out of both first.

    Shape:
        data (steps, ...), targets (steps, ...); a batch (windows, sequence_length, ...) and
        (windows, ...).

    Raises:
        ArgumentError: lengths and indices that are not whole numbers in range.
        DataError: the series is shorter than a window.

    >>> windows = timeseries_dataset_from_array(np.arange(5), np.arange(3, 5), sequence_length=3)
    >>> [(x.tolist(), y.tolist()) for x, y in windows]
    [([[0, 1, 2], [1, 2, 3]], [3, 4])]
    """
    series = as_tensor(data)
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        _check_index(name, value, 1, len(series))
    first = _check_index("start_index", start_index or 0, 0, len(series) - 1)
    last = len(series) if end_index is None else _check_index("end_index", end_index, first + 1, len(series))
    series = series[first:last]
    answers = None if targets is None else as_tensor(targets)[first:last]
    count = len(series) - (sequence_length - 1) * sampling_rate
    if answers is not None:
        count = min(count, len(answers))
    if count < 1:
        raise DataError(
            f"a window of {sequence_length} steps, {sampling_rate} apart, spans "
            f"{(sequence_length - 1) * sampling_rate + 1}, but the series has {len(series)} steps"
            + ("." if answers is None else f" and {len(answers)} targets.")
        )
    starts = np.arange(0, count, sequence_stride)
    steps = np.arange(sequence_length) * sampling_rate
    return SeriesWindows(series, answers, starts, steps, batch_size, shuffle, seed)


def _check_index(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= int(value) <= most:
        raise ArgumentError(f"{name} is a whole number from {least} to {most}; got {value!r}.")
    return int(value)
