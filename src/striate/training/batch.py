"""A mini-batch, and what data that yield batches give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.core.processes import own_share
from striate.core.tree import map_leaves


@dataclass(frozen=True)
class Batch:
    """One mini-batch, or a part of one; `size` is its number of examples.

    A part begins at row `first` of a batch of `whole` examples (None: this is the whole). Where `counts`
    is False it stands in for no example at all: see `share`. `last` is the last part of its batch here.
    """

    inputs: Any
    targets: Any
    weights: Any
    size: int
    whole: int | None = None
    first: int = 0
    counts: bool = True
    last: bool = True

    def share(self, rank: int, size: int) -> Batch:
        """Cut out the part of one of so many processes; the first example, not counted, where it is empty."""
        begin, end = own_share(self.size, rank, size)
        if begin < end:
            return self.part(begin, end)
        return replace(self.part(0, 1), counts=False)

    def part(self, start: int, stop: int) -> Batch:
        """Cut out some of the examples."""

        def cut(tensor: Any) -> Any:
            return None if tensor is None else tensor[start:stop]

        inputs, targets, weights = (
            map_leaves(cut, structure) for structure in (self.inputs, self.targets, self.weights)
        )
        whole = self.size if self.whole is None else self.whole
        rows = min(stop, self.size) - start
        return Batch(inputs, targets, weights, rows, whole, self.first + start, self.counts)


# From a batch's inputs, targets, the examples' numbers and the epoch to other inputs and targets.
Change = Callable[[Any, Any, np.ndarray, int], tuple[Any, Any]]


def unpack(item: Any) -> tuple[Any, Any, Any]:
    """Take a yielded item apart into data, labels and weights, with None for what is not there."""
    if isinstance(item, (tuple, list)) and 1 <= len(item) <= 3:
        x, y, weights = (*item, None, None)[:3]
        return x, y, weights
    return item, None, None
