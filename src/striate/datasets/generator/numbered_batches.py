"""Batches that are asked for by their number: what the data objects of Keras's helpers have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError, DataError
from striate.core.runtime import fresh_numpy_generator


class NumberedBatches(ABC):
    """Batches by number; going through all of them is one epoch, and each epoch has its own order.

    Training takes them as they are: `model.fit(batches)`. The order of an epoch is drawn from `seed`
    (None draws one) and the epoch's number, so that the same seed gives the same epochs.

    Raises:
        ArgumentError: a batch size below 1, a seed that is no whole number from 0.
        DataError: no examples.
    """

    def __init__(self, count: int, batch_size: int, shuffle: bool, seed: int | None):
        if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__") or int(batch_size) < 1:
            raise ArgumentError(f"batch_size must be a whole number from 1; got {batch_size!r}.")
        if seed is not None and (isinstance(seed, bool) or not hasattr(seed, "__index__") or int(seed) < 0):
            raise ArgumentError(f"seed must be a whole number from 0, or None; got {seed!r}.")
        if count == 0:
            raise DataError("there are no examples to make batches of.")
        self.n = count
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self.seed = int(fresh_numpy_generator().integers(2**31)) if seed is None else int(seed)
        self.epoch = 0
        self._order = self._draw_order()

    def _draw_order(self) -> np.ndarray:
        if not self.shuffle:
            return np.arange(self.n)
        return np.random.default_rng([self.seed, self.epoch]).permutation(self.n)

    def file_names(self) -> list[str] | None:
        """The files of all examples; None where they come from elsewhere."""
        return None

    def files_of_batch(self, number: int) -> list[str] | None:
        """The files that make up a batch of this epoch; None where there are none."""
        names, start = self.file_names(), number % len(self) * self.batch_size
        order = self._order[start : start + self.batch_size]
        return None if names is None else [names[place] for place in order]

    @abstractmethod
    def examples(self, indices: np.ndarray) -> Any:
        """Make the batch of the examples with these numbers, as this epoch shows them."""

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, number: int) -> Any:
        if not -len(self) <= number < len(self):
            raise ArgumentError(f"there are {len(self)} batches, 0 to {len(self) - 1}; got number {number}.")
        start = number % len(self) * self.batch_size
        return self.examples(self._order[start : start + self.batch_size])

    def __iter__(self) -> Iterator[Any]:
        for number in range(len(self)):
            yield self[number]
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Begin the next epoch, with its own order."""
        self.epoch += 1
        self._order = self._draw_order()

    def get_state(self) -> dict[str, Any]:
        """Say which epoch this is, so that a training that is cut off can go on in it."""
        return {"seed": self.seed, "epoch": self.epoch}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go back to the epoch of which `get_state` told."""
        self.seed, self.epoch = int(state["seed"]), int(state["epoch"])
        self._order = self._draw_order()


class EndlessBatches(NumberedBatches):
    """Batches that are iterated without end, one epoch after the other, as the older generator's are."""

    def __init__(self, count: int, batch_size: int, shuffle: bool, seed: int | None):
        super().__init__(count, batch_size, shuffle, seed)
        self.batch_index = 0

    @property
    def samples(self) -> int:
        """How many examples there are."""
        return self.n

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        batch = self[self.batch_index]
        self.batch_index += 1
        if self.batch_index == len(self):
            self.batch_index = 0
            self.on_epoch_end()
        return batch

    def get_state(self) -> dict[str, Any]:
        """Say which epoch this is, and how many of its batches are gone."""
        return {**super().get_state(), "batch_index": self.batch_index}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go back to where `get_state` was asked."""
        super().set_state(state)
        self.batch_index = int(state["batch_index"])

    def next(self) -> Any:
        """Give the next batch."""
        return self.__next__()

    def reset(self) -> None:
        """Begin again with the first batch of this epoch."""
        self.batch_index = 0
