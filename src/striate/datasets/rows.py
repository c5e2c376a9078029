"""Some rows of an array that memory need not hold: picked when they are read, never all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

# Rows read together where an array is passed over as a whole.
_CHUNK = 1024


class Rows:
    """The rows of `array` at `places`, read when they are asked for.

    It stands for an array in training, scoring and predicting: it has its shape and type, and
    slices and picks give NumPy arrays. `np.asarray` reads everything.

    Shape:
        array: (examples, ...), such as a `np.memmap`
        places: (picked,) whole numbers

    >>> Rows(np.arange(10.0), np.array([7, 2]))[:1].tolist()
    [7.0]
    """

    def __init__(self, array: np.ndarray, places: np.ndarray):
        self.array, self.places = array, np.asarray(places, dtype=np.int64)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all rows together."""
        return (len(self.places), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.asarray(self.array[self.places[key]])

    def __iter__(self) -> Iterator[np.ndarray]:
        for chunk in self.chunks():
            yield from chunk

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype, copy=False) if dtype is not None else self[:]

    def take(self, places: np.ndarray) -> Rows:
        """Pick among the rows, without reading any."""
        return Rows(self.array, self.places[places])

    def chunks(self) -> Iterator[np.ndarray]:
        """Go through the rows in order, a thousand at a time."""
        for start in range(0, len(self), _CHUNK):
            yield self[start : start + _CHUNK]


def pick(array: Any, places: np.ndarray) -> Any:
    """Pick rows: of what lies on the disk when they are read, of other arrays at once."""
    if isinstance(array, Rows):
        return array.take(places)
    return Rows(array, places) if isinstance(array, np.memmap) else array[places]
