"""The arithmetic behind the tables: work in flops, medians, ratios with their spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.speed.layers import Conv, Dense, shape_after
from benchmarks.speed.nets import Net


def products(net: Net) -> list[int]:
    """Count the multiply-adds of one example in each convolution and dense layer, forward."""
    found, shape = [], net.shape
    for row in net.rows:
        after = shape_after(row, shape)
        if isinstance(row, Conv):
            found.append(math.prod(after) * shape[-1] * row.kernel ** (len(shape) - 1))
        elif isinstance(row, Dense):
            found.append(math.prod(after) * shape[-1])
        shape = after
    return found


def flops(net: Net, task: str) -> int:
    """Count the operations one example needs, two for a multiply-add.

    Training is the forward pass and the gradients by the weights and by the data, except by
    the data of the first layer, which nobody needs.
    """
    layers = products(net)
    if task == "predict":
        return 2 * sum(layers)
    return 2 * (3 * sum(layers) - layers[0])


@dataclass(frozen=True)
class Ratio:
    """How many times as fast: of the medians, with the lowest and the highest of the rounds."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Divide their seconds by ours; round by round for the spread."""
    pairs = [their / our for our, their in zip(ours, theirs, strict=True)]
    return Ratio(statistics.median(theirs) / statistics.median(ours), min(pairs), max(pairs))


def share(rates: Sequence[float], limits: Sequence[float]) -> Ratio:
    """Divide what was reached by what the machine can do, both in operations a second."""
    pairs = [rate / limit for rate, limit in zip(rates, limits, strict=True)]
    return Ratio(statistics.median(rates) / statistics.median(limits), min(pairs), max(pairs))


def fastest(seconds: dict[str, list[float]]) -> str:
    """Name the side with the lowest median; empty where there is none."""
    return min(seconds, key=lambda name: statistics.median(seconds[name]), default="")
