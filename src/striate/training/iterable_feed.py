"""Batches from anything that yields them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, DistributedSampler, IterableDataset

from striate.core.arrays import tensors_from
from striate.core.errors import DataError
from striate.core.tree import leaves
from striate.training.batch import Batch, Change, unpack
from striate.training.chance import random_state, set_random_state, set_source_state, source_state


class IterableFeed:
    """Batches from anything that yields (x, y) or (x, y, sample_weight): a DataLoader, a generator.

    Things with a length can be passed over again; a generator is read on where it stopped.
    Where several processes train together, each must be given the same stream of whole batches, of
    which it takes its `share`.

    Raises:
        DataError: a torch data set of single examples.
    """

    share: tuple[int, int] = (0, 1)

    def __init__(self, source: Any, device: torch.device, change: Change | None = None):
        if isinstance(source, Dataset) and not isinstance(source, IterableDataset):
            raise DataError(
                f"{type(source).__name__} holds single examples; training takes batches of them: "
                "torch.utils.data.DataLoader(dataset, batch_size=32)."
            )
        if isinstance(getattr(source, "sampler", None), DistributedSampler):
            raise DataError(
                "the DataLoader's DistributedSampler parts the data between the processes already, and so "
                "does training: give the same DataLoader without it to each process."
            )
        self.source = source
        self.device = device
        self.examples: int | None = None
        self.steps = _length_of(source)
        self.change, self.epoch = change, 0
        self._seen = self._taken = self._skipped = 0
        # What has no second pass is read on and on; batches by number are found without the others.
        self._by_number = hasattr(source, "__getitem__") and hasattr(source, "__len__")
        self._read_once = isinstance(source, Iterator) and not self._by_number
        self._before: tuple[Any, Any] = (None, None)
        self._held: list[Any] = []

    def __iter__(self) -> Iterator[Batch]:
        skipped, self._skipped = self._skipped, 0
        if not skipped:
            self._before = (source_state(self.source), random_state(self.device))
        self._taken = skipped or (self._taken if self._read_once else 0)
        for item in self._items(skipped):
            self._taken += 1
            x, y, weights = unpack(item)
            inputs, targets, weights = (tensors_from(part, self.device) for part in (x, y, weights))
            size = next(leaves(inputs)).shape[0]
            numbers = np.arange(self._seen, self._seen + size)
            self._seen += size
            yield self._own_part(Batch(inputs, targets, weights, size), numbers)
        self._taken = self._taken if self._read_once else 0

    def _own_part(self, batch: Batch, numbers: np.ndarray) -> Batch:
        # What yields batches does not number its examples; they are counted as they come.
        mixing = self.change is not None and getattr(self.change, "mixes", True)
        if self.share != (0, 1) and not mixing:
            batch = batch.share(*self.share)
            numbers = numbers[batch.first : batch.first + batch.size]
        if self.change is not None:
            inputs, targets = self.change(batch.inputs, batch.targets, numbers, self.epoch)
            batch = replace(batch, inputs=inputs, targets=targets)
        return batch.share(*self.share) if self.share != (0, 1) and mixing else batch

    def _items(self, skipped: int) -> Iterator[Any]:
        if self._by_number:
            # Keras's PyDataset and Sequence: batches by number, told when a pass has ended.
            for number in range(skipped, len(self.source)):
                yield self.source[number]
            if hasattr(self.source, "on_epoch_end"):
                self.source.on_epoch_end()
            return
        held, self._held = self._held, []
        if skipped:
            skipped, held = skipped - len(held), []
        yield from held
        yield from self._source_behind(skipped) if skipped > 0 else self.source

    def _source_behind(self, skipped: int) -> Iterator[Any]:
        """Read on behind what an earlier training took; chance stands as it stood then, and now again."""
        now = random_state(self.device)
        set_random_state(self._before[1], self.device)
        items = iter(self.source)
        for _ in islice(items, skipped):
            pass
        set_random_state(now, self.device)
        return items

    def peek(self) -> Batch:
        """Show the next batch as it comes; the pass does not go on by it."""
        if self._by_number:
            item = self.source[0]
        else:
            item = self._held[0] if self._held else next(iter(self.source))
        if self._read_once:
            self._held = [item]
        inputs, targets, weights = (tensors_from(part, self.device) for part in unpack(item))
        return Batch(inputs, targets, weights, next(leaves(inputs)).shape[0])

    def last_examples(self) -> list[str] | None:
        """The files of the batch that was given last, where the source reads files and knows them."""
        if not hasattr(self.source, "files_of_batch"):
            return None
        found: list[str] | None = self.source.files_of_batch(self._taken - 1)
        return found

    def get_state(self) -> dict[str, Any]:
        """Say how much of a pass was read, and what it had begun with."""
        running = self._taken > 0
        before = self._before if running else (source_state(self.source), None)
        return {"taken": self._taken, "seen": self._seen, "source": before[0], "random": before[1]}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was asked."""
        self._skipped, self._seen = int(state["taken"]), int(state["seen"])
        self._before = (state["source"], state["random"])
        set_source_state(self.source, state["source"])


def _length_of(source: Any) -> int | None:
    # A DataLoader over a stream has the method, but raises when it is called.
    try:
        return len(source)
    except TypeError:
        return None
