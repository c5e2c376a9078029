"""Mini-batches out of arrays that are already in memory (or mapped into it)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import methodcaller
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError
from striate.core.processes import own_share
from striate.core.runtime import fresh_numpy_generator
from striate.core.tree import leaves
from striate.datasets.rows import Rows

# torch computes little with these; a batch of them is widened to the next signed kind.
_WIDENED = {"uint16": np.int32, "uint32": np.int64, "uint64": np.int64}
_IN_PLACE = ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64")
_KNOWN = (*_IN_PLACE, "complex64", "complex128", *_WIDENED)


class ArrayBatches:
    """Cuts arrays into mini-batches, along the first axis, as tensors on the arrays' own device.

    `arrays` is one array or a tuple, list or dict of such, NumPy's or torch's; None in it stays
    None. Each batch has the same form. Iterating again gives the next epoch: with `shuffle`
    a new order, drawn from `generator`.

    `share` says which of how many processes this is: each reads its own rows of every batch only. One that
    has none in a small batch gets the batch's first row, so that it does what the others do.

    No array is copied as a whole. Without shuffling a batch is a view where torch can make one,
    so it must not be changed in place.

    Raises:
        ArgumentError: a batch size below 1.
        DataError: no examples, lengths that differ, or contents that are not numbers.

    >>> images, labels = np.zeros((5, 8, 8, 1), np.uint8), np.arange(5)
    >>> [tuple(y.tolist()) for x, y in ArrayBatches((images, labels), 2)]
    [(0, 1), (2, 3), (4,)]
    """

    def __init__(
        self,
        arrays: Any,
        batch_size: int,
        shuffle: bool = False,
        generator: np.random.Generator | None = None,
        drop_last: bool = False,
        share: tuple[int, int] = (0, 1),
    ):
        if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__") or int(batch_size) < 1:
            raise ArgumentError(f"batch_size must be a whole number from 1; got {batch_size!r}.")
        self._readers = _map_tree(arrays, _reader)
        self.count = _common_length(self._readers)
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.share = share
        self._generator = generator or (fresh_numpy_generator() if shuffle else None)
        self._taken = self._skipped = 0
        self._before_order: Any = None
        self._order: torch.Tensor | None = None

    def __len__(self) -> int:
        whole, rest = divmod(self.count, self.batch_size)
        return whole + (1 if rest and not self.drop_last else 0)

    def __iter__(self) -> Iterator[Any]:
        skipped, self._skipped = self._skipped, 0
        self._before_order, self._taken = self._chance(), skipped
        order: torch.Tensor | None = None
        if self.shuffle and self._generator is not None:
            order = torch.from_numpy(self._generator.permutation(self.count))
        self._order = order
        for start in range(skipped * self.batch_size, len(self) * self.batch_size, self.batch_size):
            self._taken += 1
            stop = min(start + self.batch_size, self.count)
            start, stop = self._own(start, stop)
            if order is None:
                yield _map_tree(self._readers, methodcaller("slice", start, stop))
            else:
                yield _map_tree(self._readers, methodcaller("rows", order[start:stop]))
        self._taken = 0

    def last_rows(self) -> np.ndarray:
        """The places in the arrays of the examples in the batch that was given last."""
        stop = min(self._taken * self.batch_size, self.count)
        places = np.arange((self._taken - 1) * self.batch_size, stop)
        return places if self._order is None else self._order.numpy()[places]

    def first_tensor(self) -> torch.Tensor | None:
        """The first array as a tensor that shares its memory; None where torch cannot look at it in place."""
        source = next(leaves(self._readers), None)
        return source.tensor if isinstance(source, _TensorReader) else None

    def _own(self, start: int, stop: int) -> tuple[int, int]:
        if self.share == (0, 1):
            return start, stop
        begin, end = own_share(stop - start, *self.share)
        return (start + begin, start + end) if begin < end else (start, start + 1)

    def _chance(self) -> Any:
        return None if self._generator is None else self._generator.bit_generator.state

    @property
    def taken(self) -> int:
        """How many batches of the pass were given."""
        return self._taken

    def get_state(self) -> dict[str, Any]:
        """Say where the pass stands: what its order was drawn from, and how many batches it gave."""
        return {"chance": self._before_order if self._taken else self._chance(), "taken": self._taken}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was asked: the next pass has that order and begins behind those batches."""
        if self._generator is not None:
            self._generator.bit_generator.state = state["chance"]
        self._skipped = int(state["taken"])


class _TensorReader:
    """Rows of a tensor, or of an array that torch can look at in place."""

    def __init__(self, tensor: torch.Tensor):
        self.tensor = tensor
        self.length = len(tensor)

    def slice(self, start: int, stop: int) -> torch.Tensor:
        return self.tensor[start:stop]

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        return torch.index_select(self.tensor, 0, indices.to(self.tensor.device))


class _ArrayReader:
    """Rows of an array that torch cannot look at: read-only, reversed, foreign byte order, unsigned."""

    def __init__(self, array: np.ndarray | Rows):
        self.array = array
        self.length = len(array)
        native = array.dtype.newbyteorder("=")
        self.dtype = np.dtype(_WIDENED.get(native.name, native))

    def slice(self, start: int, stop: int) -> torch.Tensor:
        return torch.from_numpy(np.array(self.array[start:stop], dtype=self.dtype, order="C"))

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.array[indices.numpy()].astype(self.dtype, order="C", copy=False))


_Reader = _TensorReader | _ArrayReader


def _reader(source: Any) -> _Reader:
    if isinstance(source, torch.Tensor):
        _check_rows(source.ndim)
        return _TensorReader(source)
    if isinstance(source, Rows):
        return _ArrayReader(source)
    array = np.asarray(source)
    _check_rows(array.ndim)
    if array.dtype.name not in _KNOWN:
        raise DataError(f"a batch holds numbers; got an array of dtype {array.dtype}.")
    plain = array.flags.writeable and array.dtype.isnative and array.dtype.name in _IN_PLACE
    in_steps = all(stride >= 0 and stride % array.dtype.itemsize == 0 for stride in array.strides)
    return _TensorReader(torch.from_numpy(array)) if plain and in_steps else _ArrayReader(array)


def _check_rows(axes: int) -> None:
    if axes == 0:
        raise DataError("a batch is cut along the first axis, but a single number came.")


def _map_tree(tree: Any, change: Callable[[Any], Any]) -> Any:
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: _map_tree(value, change) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        changed = [_map_tree(value, change) for value in tree]
        return tuple(changed) if isinstance(tree, tuple) else changed
    return change(tree)


def _common_length(readers: Any) -> int:
    lengths: list[int] = []
    _map_tree(readers, lambda reader: lengths.append(reader.length))
    if not lengths or min(lengths) == 0:
        raise DataError("there are no examples to make batches of.")
    if len(set(lengths)) > 1:
        raise DataError(
            f"all arrays must have the same number of examples; got {', '.join(map(str, lengths))}."
        )
    return lengths[0]
