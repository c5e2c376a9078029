"""How much of a picture a network of this size can afford, so that a report stays quick to make.

Decided by counting operations, never by a clock: the same run gives the same report.
"""

from __future__ import annotations

from typing import Any

from striate.models.costs import costs_of

# A gradient takes about as much as two more calls.
GRADIENT = 3


def operations(model: Any) -> int:
    """Count the multiplications and additions of one call on one example; 0 where nobody knows."""
    graph = getattr(model, "graph", None)
    if graph is None:
        return 0
    return sum(cost.flops or 0 for cost in costs_of(graph).values())


def affordable(model: Any, budget: float, most: int, least: int, times: int = 1) -> int:
    """Say how many examples may be computed within so many operations, each of them `times` over."""
    each = operations(model) * times
    return most if not each else int(min(most, max(least, budget // each)))
