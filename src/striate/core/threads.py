"""How many threads compute.

PyTorch takes one for each processor that the process may run on. In a container that may use
less time than that, threads would wait for each other's turns, and a step takes several times
as long; so the container's share of time is the upper bound here. `STRIATE_THREADS=4` sets
another number; `OMP_NUM_THREADS` is left to mean what it always means.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from striate.core.errors import ArgumentError
from striate.core.runtime import Choice

_decision: list[Choice] = []


class _Resting:
    """How many with-blocks hold PyTorch to one thread now, and how many threads compute meanwhile."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.holders, self.threads = 0, 1


class _Own(threading.local):
    """In how many of these blocks this Python thread is."""

    depth = 0


_resting, _own = _Resting(), _Own()


def settle_threads() -> Choice:
    """Set the number of threads, once a process; called when Striate first trains or predicts.

    Returns the number, and the reason for it.

    Raises:
        ArgumentError: STRIATE_THREADS is no whole number from 1 up.
    """
    if not _decision:
        choice = choose_threads(os.environ.get("STRIATE_THREADS"), os.environ.get("OMP_NUM_THREADS"))
        if choice.value != torch.get_num_threads():
            torch.set_num_threads(choice.value)
        _decision.append(choice)
    return _decision[0]


def thread_count() -> int:
    """How many threads compute, also while PyTorch is held to one of them."""
    with _resting.lock:
        return _resting.threads if _resting.holders else torch.get_num_threads()


@contextmanager
def pytorch_resting() -> Iterator[None]:
    """Hold PyTorch to one thread inside the with-block, where kernels with threads of their own do the work.

    OpenMP's threads wait for their next turn by spinning, for milliseconds, on the processors that the
    kernels' threads need: net C, batch 500, took 33 ms a step beside them and 24 without.

    PyTorch's number is one for each Python thread, and the one that new Python threads begin with. So
    what comes back afterwards is what the first of all that are inside at the same time found.
    """
    # Counted in before the try: what was not counted in must not be counted out.
    with _resting.lock:
        if not _resting.holders:
            _resting.threads = torch.get_num_threads()
        _resting.holders += 1
    _own.depth += 1
    try:
        torch.set_num_threads(1)
        yield
    finally:
        _own.depth -= 1
        with _resting.lock:
            _resting.holders -= 1
            threads = _resting.threads
        if not _own.depth:
            torch.set_num_threads(threads)


def choose_threads(wanted: str | None, openmp: str | None, quota: float | None = None) -> Choice:
    """Choose the number of threads from the two variables and the container's share of processors.

    Raises:
        ArgumentError: a wanted number that is no whole number from 1 up.
    """
    if wanted:
        if not wanted.isdecimal() or int(wanted) < 1:
            raise ArgumentError(f"STRIATE_THREADS is a whole number from 1 up; got {wanted!r}.")
        return Choice(int(wanted), f"STRIATE_THREADS={wanted}")
    now = torch.get_num_threads()
    if openmp:
        return Choice(now, f"OMP_NUM_THREADS={openmp}")
    share = container_share() if quota is None else quota
    if share is not None and share < now:
        return Choice(max(int(share), 1), f"this container may use {share:g} processors at a time")
    return Choice(now, "PyTorch's own choice: one a processor")


def container_share(limit: Path = Path("/sys/fs/cgroup/cpu.max")) -> float | None:
    """How many processors' time the control group allows; None where it sets no bound."""
    if not limit.exists():
        return None
    quota, _, period = limit.read_text().strip().partition(" ")
    if quota == "max" or not period:
        return None
    return int(quota) / int(period)
