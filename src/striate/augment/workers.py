"""Threads that share the work on a batch; OpenCV lets Python's other threads run while it computes."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from striate.core.threads import choose_threads

# A pool for each process: threads do not come along into a forked one.
_pools: dict[int, ThreadPoolExecutor] = {}

# Parts of about this size stay in a core's own cache between the passes over them.
_PART_BYTES = 1 << 20

# What a thread keeps for the next batch is at most this much for each purpose.
_KEPT_BYTES = 1 << 24
_own = threading.local()


def scratch(purpose: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Hand out the thread's own memory for this purpose, with whatever was left in it.

    Fresh memory costs more than what is written into it here: the system gives it page by page.
    """
    needed = int(np.prod(shape)) * dtype.itemsize
    if needed > _KEPT_BYTES:
        return np.empty(shape, dtype)
    buffers = _own.__dict__.setdefault("buffers", {})
    if purpose not in buffers or buffers[purpose].nbytes < needed:
        buffers[purpose] = np.empty(needed, np.uint8)
    return buffers[purpose][:needed].view(dtype).reshape(shape)


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
