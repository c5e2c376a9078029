"""A batch cut into parts: those that fit into memory, in each of the processes that share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from striate.training.batch import Batch


def cut(batch: Batch, size: int, processes: int = 1) -> Iterator[tuple[Batch, float]]:
    """Cut what a process has of a batch into parts of `size` at most, each with its share of the whole batch.

    All processes get the same number of parts, since they act together in each; one that has no examples
    left goes through the motions with a row that does not count.
    """
    whole = batch.size if batch.whole is None else batch.whole
    longest = -(-whole // processes)
    count = -(-longest // size)
    for number in range(count):
        start, last = number * size, number + 1 == count
        if batch.counts and start < batch.size:
            part = batch.part(start, start + size) if size < batch.size else batch
            yield replace(part, last=last), part.size / whole
        else:
            yield replace(batch.part(0, 1), counts=False, last=last), 1.0
