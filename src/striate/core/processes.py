"""Which of several processes that train together this is, as the launcher said in the environment.

`torchrun` starts each process with RANK, WORLD_SIZE and LOCAL_RANK; without them this is the only one.
One process writes files and speaks to the person: the first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from torch import distributed

from striate.core.errors import ArgumentError


@dataclass(frozen=True)
class Place:
    """A process among `size`, numbered from 0; `local` is its number on its machine."""

    rank: int = 0
    size: int = 1
    local: int = 0


_alone: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Do something in this process that the others do not take part in."""
    before = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(before)


def together() -> bool:
    """Whether what is done now is done by several processes together."""
    return not _alone.get() and place().size > 1


def own_share(count: int, rank: int, size: int) -> tuple[int, int]:
    """Say which rows of so many a process takes: a range, as long as its neighbour's or one longer.

    >>> [own_share(5, rank, 3) for rank in range(3)]
    [(0, 2), (2, 4), (4, 5)]
    """
    each, over = divmod(count, size)
    begin = rank * each + min(rank, over)
    return begin, begin + each + (1 if rank < over else 0)


def place() -> Place:
    """Say which process this is: by torch's process group where there is one, else by the environment.

    Raises:
        ArgumentError: a variable that is no number, or a rank that is not among the processes.
    """
    local = _number("LOCAL_RANK", 0)
    if distributed.is_available() and distributed.is_initialized():
        return Place(distributed.get_rank(), distributed.get_world_size(), local)
    # A job scheduler may set one of them for purposes of its own; torchrun sets them all.
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= os.environ.keys():
        return Place()
    found = Place(_number("RANK", 0), _number("WORLD_SIZE", 1), local)
    if not 0 <= found.rank < found.size:
        raise ArgumentError(
            f"RANK={found.rank} is not one of WORLD_SIZE={found.size} processes, numbered from 0. Start them "
            "by torchrun, which sets both."
        )
    return found


def is_first() -> bool:
    """Whether this process writes files and speaks: the first of those that train together."""
    return place().rank == 0


def restarts() -> int:
    """How many times torchrun has started these processes again after one of them died."""
    return _number("TORCHELASTIC_RESTART_COUNT", 0)


def _number(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return otherwise
    if not text.isdecimal():
        raise ArgumentError(f"{name}={text!r} is no whole number; torchrun sets it. Unset it otherwise.")
    return int(text)
