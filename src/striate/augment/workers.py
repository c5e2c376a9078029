"""Threads that share the work on a batch; OpenCV lets Python's other threads run while it computes."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from striate.core.threads import choose_threads

# A pool for each process: threads do not come along into a forked one.
_pools: dict[int, ThreadPoolExecutor] = {}

# Parts of about this size stay in a core's own cache between the passes over them.
_PART_BYTES = 1 << 19


@functools.cache
def thread_count() -> int:
    """How many threads work on a batch: as many as PyTorch would take, or STRIATE_THREADS."""
    wanted, openmp = os.environ.get("STRIATE_THREADS"), os.environ.get("OMP_NUM_THREADS")
    return int(choose_threads(wanted, openmp).value)


def share_out(
    work: Callable[[int, int], None], examples: int, bytes_each: int, threads: int | None = None
) -> None:
    """Call `work(start, stop)` for parts that cover all examples, on as many threads as there are."""
    threads = thread_count() if threads is None else threads
    length = max(1, min(_PART_BYTES // max(bytes_each, 1), -(-examples // threads)))
    starts = range(0, examples, length)
    if threads == 1 or len(starts) < 2:
        for start in starts:
            work(start, min(start + length, examples))
        return
    pool = _pools.get(os.getpid())
    if pool is None:
        pool = _pools[os.getpid()] = ThreadPoolExecutor(threads, thread_name_prefix="striate-augment")
    for done in [pool.submit(work, start, min(start + length, examples)) for start in starts]:
        done.result()
