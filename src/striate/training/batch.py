"""A mini-batch, and what data that yield batches give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.core.tree import map_leaves


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


def unpack(item: Any) -> tuple[Any, Any, Any]:
    """Take a yielded item apart into data, labels and weights, with None for what is not there."""
    if isinstance(item, (tuple, list)) and 1 <= len(item) <= 3:
        x, y, weights = (*item, None, None)[:3]
        return x, y, weights
    return item, None, None
