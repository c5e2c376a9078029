"""Where batches come from: arrays held in memory, or anything that yields batches.

A `Batch` is inputs, targets and sample weights as tensors on the device. One pass over a
feed is one epoch's worth of examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from striate.core.arrays import as_tensor, is_array, tensors_from
from striate.core.errors import DataError
from striate.core.tree import leaves, map_leaves
from striate.datasets.loader import ArrayBatches
from striate.datasets.rows import Rows
from striate.training.checks import check_whole


@dataclass(frozen=True)
class Batch:
    """One mini-batch; `size` is its number of examples."""

    inputs: Any
    targets: Any
    weights: Any
    size: int

    def part(self, start: int, stop: int) -> Batch:
        """Cut out some of the examples."""

        def cut(tensor: Any) -> Any:
            return None if tensor is None else tensor[start:stop]

        inputs, targets, weights = (
            map_leaves(cut, structure) for structure in (self.inputs, self.targets, self.weights)
        )
        return Batch(inputs, targets, weights, min(stop, self.size) - start)


# From a batch's inputs, targets, the examples' numbers and the epoch to other inputs and targets.
Change = Callable[[Any, Any, np.ndarray, int], tuple[Any, Any]]


class ArrayFeed:
    """Batches cut from arrays, in a new order each pass if `shuffle`.

    `change` makes other inputs and targets of a batch, anew in each `epoch`, which whoever trains sets.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        weights: Any,
        batch_size: int,
        device: torch.device,
        shuffle: bool = False,
        generator: np.random.Generator | None = None,
        change: Change | None = None,
    ):
        self.x, self.y, self.weights = as_arrays(x), as_arrays(y), as_arrays(weights)
        self.examples = count_examples(self.x)
        for what, part in (("labels", self.y), ("sample weights", self.weights)):
            _check_count(part, self.examples, what)
        if self.examples == 0:
            raise DataError("there are no examples: the first axis of the data has length 0.")
        self.batch_size = batch_size
        self.device = device
        self.change, self.epoch = change, 0
        numbers = None if change is None else np.arange(self.examples)
        self._batches = ArrayBatches((self.x, self.y, self.weights, numbers), batch_size, shuffle, generator)

    @property
    def steps(self) -> int:
        """How many batches one pass gives."""
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        for *parts, numbers in self._batches:
            inputs, targets, weights = (_on_device(part, self.device) for part in parts)
            if self.change is not None:
                inputs, targets = self.change(inputs, targets, numbers.numpy(), self.epoch)
            yield Batch(inputs, targets, weights, next(leaves(inputs)).shape[0])


class IterableFeed:
    """Batches from anything that yields (x, y) or (x, y, sample_weight): a DataLoader, a generator.

    Things with a length can be passed over again; a generator is read on where it stopped.

    Raises:
        DataError: a torch data set of single examples.
    """

    def __init__(self, source: Any, device: torch.device, change: Change | None = None):
        if isinstance(source, Dataset) and not isinstance(source, IterableDataset):
            raise DataError(
                f"{type(source).__name__} holds single examples; training takes batches of them: "
                "torch.utils.data.DataLoader(dataset, batch_size=32)."
            )
        self.source = source
        self.device = device
        self.examples: int | None = None
        self.steps = _length_of(source)
        self.change, self.epoch = change, 0
        self._seen = 0

    def __iter__(self) -> Iterator[Batch]:
        for item in self._items():
            x, y, weights = unpack(item)
            inputs, targets, weights = (tensors_from(part, self.device) for part in (x, y, weights))
            size = next(leaves(inputs)).shape[0]
            if self.change is not None:
                # What yields batches does not number its examples; they are counted as they come.
                numbers = np.arange(self._seen, self._seen + size)
                inputs, targets = self.change(inputs, targets, numbers, self.epoch)
            self._seen += size
            yield Batch(inputs, targets, weights, size)

    def _items(self) -> Iterator[Any]:
        if hasattr(self.source, "__getitem__") and hasattr(self.source, "__len__"):
            # Keras's PyDataset and Sequence: batches by number, told when a pass has ended.
            for number in range(len(self.source)):
                yield self.source[number]
            if hasattr(self.source, "on_epoch_end"):
                self.source.on_epoch_end()
        else:
            yield from self.source


Feed = ArrayFeed | IterableFeed


def _length_of(source: Any) -> int | None:
    # A DataLoader over a stream has the method, but raises when it is called.
    try:
        return len(source)
    except TypeError:
        return None


def unpack(item: Any) -> tuple[Any, Any, Any]:
    """Take a yielded item apart into data, labels and weights, with None for what is not there."""
    if isinstance(item, (tuple, list)) and 1 <= len(item) <= 3:
        x, y, weights = (*item, None, None)[:3]
        return x, y, weights
    return item, None, None


def holds_arrays(x: Any) -> bool:
    """Whether data are arrays (one, or a list or dict of them) and not something that yields batches."""
    if isinstance(x, list) and x and all(_is_pair(item) for item in x):
        return False
    found = list(leaves(x))
    return bool(found) and all(
        hasattr(leaf, "shape") or hasattr(leaf, "__array__") or isinstance(leaf, (int, float))
        for leaf in found
    )


def _is_pair(item: Any) -> bool:
    """Whether this looks like (data, labels) of one batch; a network's inputs come in lists."""
    return (
        isinstance(item, tuple) and bool(item) and all(getattr(leaf, "ndim", 0) > 0 for leaf in leaves(item))
    )


def count_examples(x: Any) -> int:
    """How many examples arrays hold; the same in each.

    Raises:
        DataError: arrays of different length, or one without axes.
    """
    counts = []
    for leaf in leaves(x):
        if leaf is not None and leaf.ndim == 0:
            raise DataError("the data have no axes; the first axis counts the examples.")
        if leaf is not None:
            counts.append(int(leaf.shape[0]))
    if len(set(counts)) > 1:
        raise DataError(f"the inputs hold different numbers of examples: {counts}.")
    return counts[0] if counts else 0


def as_arrays(structure: Any) -> Any:
    """Make an array of each leaf: tensors stay, lists of numbers become NumPy arrays, None stays.

    Raises:
        DataError: lists of uneven length.
    """
    if structure is None or isinstance(structure, (torch.Tensor, np.ndarray, Rows)):
        return structure
    if is_array(structure):
        return as_tensor(structure)
    if isinstance(structure, Mapping):
        return {key: as_arrays(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [as_arrays(part) for part in structure]
    raise DataError(f"expected arrays; got {type(structure).__name__} {structure!r}.")


def take(structure: Any, start: int | None, stop: int | None) -> Any:
    """Cut a range of examples out of every array."""
    return map_leaves(lambda leaf: None if leaf is None else leaf[start:stop], structure)


def check_batch_size(batch_size: Any, otherwise: int = 32) -> int:
    """Hand back a batch size that can be used; None means `otherwise`.

    Raises:
        ArgumentError: one that is no whole number from 1 up.
    """
    return otherwise if batch_size is None else check_whole(batch_size, "batch_size")


def _check_count(structure: Any, examples: int, what: str) -> None:
    for leaf in leaves(structure):
        if leaf is not None and leaf.shape[:1] != (examples,):
            count = leaf.shape[0] if leaf.ndim else "one"
            raise DataError(f"there are {examples} examples but {count} {what}. Give one for each example.")


def _on_device(structure: Any, device: torch.device) -> Any:
    return map_leaves(lambda leaf: None if leaf is None else leaf.to(device, non_blocking=True), structure)
