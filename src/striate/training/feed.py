"""Where batches come from: arrays held in memory, or anything that yields batches.

A `Batch` is inputs, targets and sample weights as tensors on the device. One pass over a
feed is one epoch's worth of examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor, is_array
from striate.core.errors import DataError, StateError
from striate.core.processes import own_share
from striate.core.tree import leaves, map_leaves
from striate.datasets.loader import ArrayBatches
from striate.datasets.rows import Rows
from striate.training.batch import Batch, Change
from striate.training.checks import check_whole
from striate.training.iterable_feed import IterableFeed


class ArrayFeed:
    """Batches cut from arrays, in a new order each pass if `shuffle`.

    `change` makes other inputs and targets of a batch, anew in each `epoch`, which whoever trains sets.
    `share` says which of how many processes this is, each of which takes its part of every batch.
    """

    share: tuple[int, int] = (0, 1)

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
        if self.share != (0, 1):
            yield from self._own_parts()
            return
        for parts in self._batches:
            yield self._batch(parts)

    def _batch(self, parts: Any) -> Batch:
        *arrays, numbers = parts
        inputs, targets, weights = (_on_device(part, self.device) for part in arrays)
        if self.change is not None:
            inputs, targets = self.change(inputs, targets, numbers.numpy(), self.epoch)
        return Batch(inputs, targets, weights, next(leaves(inputs)).shape[0])

    def _own_parts(self) -> Iterator[Batch]:
        # Examples that are mixed find their partners in the whole batch.
        mixing = self.change is not None and getattr(self.change, "mixes", True)
        self._batches.share = (0, 1) if mixing else self.share
        for parts in self._batches:
            batch = self._batch(parts)
            if mixing:
                yield batch.share(*self.share)
                continue
            start = (self._batches.taken - 1) * self.batch_size
            whole = min(self.batch_size, self.examples - start)
            begin, end = own_share(whole, *self.share)
            yield replace(batch, whole=whole, first=begin if begin < end else 0, counts=begin < end)

    def whole_tensor(self) -> torch.Tensor | None:
        """All inputs as one tensor, where they are one array that torch can look at in place."""
        return self._batches.first_tensor() if isinstance(self.x, np.ndarray | torch.Tensor) else None

    def peek(self) -> Batch:
        """Show the first examples as they are; the pass does not go on by it."""
        first = iter(ArrayBatches((self.x, self.y, self.weights), self.batch_size))
        inputs, targets, weights = (_on_device(part, self.device) for part in next(first))
        return Batch(inputs, targets, weights, next(leaves(inputs)).shape[0])

    def last_examples(self) -> np.ndarray:
        """The numbers of the examples in the batch that was given last, of this process's part of it."""
        rows = self._batches.last_rows()
        begin, end = own_share(len(rows), *self.share)
        return rows[begin:end] if begin < end else rows[:1]

    def get_state(self) -> dict[str, Any]:
        """Say where the pass stands, over how many examples, and in which batches."""
        return {**self._batches.get_state(), "examples": self.examples, "batch_size": self.batch_size}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was asked.

        Raises:
            StateError: it told of other data or other batches.
        """
        here, there = ((one["examples"], one["batch_size"]) for one in (self.get_state(), state))
        if here != there:
            raise StateError(
                f"the checkpoint is of a training on {there[0]} examples in batches of {there[1]}; here are "
                f"{here[0]} in batches of {here[1]}. Give the same data and batch size, or remove the "
                "checkpoint to begin anew."
            )
        self._batches.set_state(state)


Feed = ArrayFeed | IterableFeed


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
