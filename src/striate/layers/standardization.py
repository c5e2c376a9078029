"""The layer that brings values to mean 0 and variance 1 by statistics of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor, is_array
from striate.core.errors import ArgumentError, DataError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers.base import Layer

SMALLEST_DEVIATION = 1e-7


class Normalization(Layer):
    """Computes `(x - mean) / sqrt(variance)`, with statistics given or learned from data by `adapt`.

    There is one mean and variance for each place along `axis` (each channel, unless told
    otherwise); `axis=None` keeps one of each. `invert` goes the way back.

    Shape:
        in and out the same. Weights, if statistics are not given: mean, variance, each of the
        sizes of `axis`, and count, a whole number that Keras keeps for old files.

    Raises:
        ArgumentError: only one of mean and variance, or of different shapes; axes not in the input.
        ShapeError: an axis of unknown size, or data of other sizes than the layer was built for.
        DataError: no data to adapt to.

    >>> import numpy as np
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer([[5.0]]).tolist()
    [[3.0]]
    """

    mean: torch.Tensor
    variance: torch.Tensor

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **options: Any,
    ):
        super().__init__(**options)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if np.shape(mean) != np.shape(variance) or (mean is None) != (variance is None):
            raise ArgumentError(
                f"{self._label()}: mean and variance are given together and of one shape; "
                f"got mean={mean!r} and variance={variance!r}."
            )
        self.given_mean = None if mean is None else np.asarray(mean, dtype=np.float64)
        self.given_variance = None if variance is None else np.asarray(variance, dtype=np.float64)
        self.invert = bool(invert)

    def _axes(self, shape: Shape) -> list[int]:
        if any(not -len(shape) <= axis < len(shape) for axis in self.axis):
            raise ArgumentError(f"{self._label()}: axis {self.axis} is not in {format_shape(shape)}.")
        return sorted(axis % len(shape) for axis in self.axis)

    def _sizes(self, shape: Shape) -> tuple[int, ...]:
        sizes = [shape[axis] for axis in self._axes(shape)]
        known = tuple(size for size in sizes if size is not None)
        if len(known) < len(sizes):
            raise ShapeError(
                f"{self._label()} must know the sizes along axis {self.axis}; got {format_shape(shape)}."
            )
        return known

    def build(self, input_shape: Any) -> None:
        """Make room for the statistics, unless they were given."""
        sizes = self._sizes(input_shape)
        if self.given_mean is None:
            self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Set mean and variance to those of the data: an array, or an iterable of batches.

        Of a batch that is a pair, the first part counts.
        """
        empty = isinstance(data, (list, tuple)) and not data
        batches = [data] if not empty and (is_array(data) or isinstance(data, torch.Tensor)) else data
        count, mean, square = 0, np.zeros(()), np.zeros(())
        for batch in batches:
            values = as_tensor(batch[0] if isinstance(batch, tuple) else batch).detach().cpu().numpy()
            shape = tuple(values.shape)
            self._check_adaptable(shape)
            others = tuple(axis for axis in range(values.ndim) if axis not in self._axes(shape))
            number = int(np.prod([shape[axis] for axis in others]))
            if values.size == 0:
                continue
            values = values.astype(np.float64)
            # Chan, Golub and LeVeque, 1983: the parts' own deviations, and those of their means.
            part = values.mean(axis=others)
            shift = part - mean
            total = count + number
            square = square + ((values - values.mean(axis=others, keepdims=True)) ** 2).sum(axis=others)
            square = square + shift**2 * (count * number / total)
            mean, count = mean + shift * (number / total), total
        if count == 0:
            raise DataError(f"{self._label()} cannot adapt to no data: the array or the iterable is empty.")
        with torch.no_grad():
            self.mean.copy_(torch.from_numpy(np.asarray(mean)))
            self.variance.copy_(torch.from_numpy(np.asarray(square / count)))

    def _check_adaptable(self, shape: Shape) -> None:
        if self.given_mean is not None:
            raise ArgumentError(f"{self._label()} was given its mean and variance, so it does not adapt.")
        if not self.built:
            self.build(shape)
        self.compute_output_shape(shape)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Bring the values to mean 0 and variance 1, or back."""
        shape = self.compute_output_shape(tuple(inputs.shape))
        mean, variance = self._statistics(inputs, shape)
        deviation = variance.sqrt().clamp(min=SMALLEST_DEVIATION)
        return inputs * deviation + mean if self.invert else (inputs - mean) / deviation

    def _statistics(self, inputs: torch.Tensor, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance, with as many axes as the input."""
        kept = self._axes(shape)
        full = [int(size or 0) if axis in kept else 1 for axis, size in enumerate(shape)]
        if self.given_mean is None or self.given_variance is None:
            return self.mean.reshape(full), self.variance.reshape(full)
        sizes = tuple(size for axis, size in enumerate(full) if axis in kept)
        mean, variance = (
            torch.as_tensor(np.broadcast_to(values, sizes).copy(), dtype=inputs.dtype, device=inputs.device)
            for values in (self.given_mean, self.given_variance)
        )
        return mean.reshape(full), variance.reshape(full)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        sizes = self._sizes(input_shape)
        if self.given_mean is not None:
            wanted: tuple[int, ...] = self.given_mean.shape
            fits = len(wanted) <= len(sizes) and all(
                one in (1, size) for one, size in zip(reversed(wanted), reversed(sizes), strict=False)
            )
        else:
            wanted = tuple(self.mean.shape) if self.built else sizes
            fits = wanted == sizes
        if not fits:
            raise ShapeError(
                f"{self._label()} has statistics of shape {format_shape(wanted)} along axis {self.axis} "
                f"but got {format_shape(input_shape)}."
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {
            **super().get_config(),
            "axis": list(self.axis),
            "mean": None if self.given_mean is None else self.given_mean.tolist(),
            "variance": None if self.given_variance is None else self.given_variance.tolist(),
            "invert": self.invert,
        }
