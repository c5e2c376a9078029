from __future__ import annotations

import threading

import numpy as np
import pytest

from striate.augment import workers


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(
    ("examples", "bytes_each"), [(0, 10), (1, 10), (7, 1 << 18), (100, 1 << 17), (100, 1)]
)
def test_every_example_is_worked_on_once(threads, examples, bytes_each, monkeypatch):
    monkeypatch.setattr(workers, "_pools", {})
    seen, lock = [], threading.Lock()

    def work(start, stop):
        with lock:
            seen.extend(range(start, stop))

    workers.share_out(work, examples, bytes_each, threads)
    assert sorted(seen) == list(range(examples))


def test_parts_are_small_and_spread_over_the_threads(monkeypatch):
    monkeypatch.setattr(workers, "_pools", {})
    sizes, names = [], set()
    both = threading.Barrier(2, timeout=30)

    def work(start, stop):
        sizes.append(stop - start)
        if start in (0, 16):
            both.wait()
        names.add(threading.current_thread().name)

    workers.share_out(work, 100, 1 << 16, 2)
    assert max(sizes) == 16
    assert len(names) == 2


def test_a_mistake_in_a_thread_is_raised_here(monkeypatch):
    monkeypatch.setattr(workers, "_pools", {})

    def work(start, stop):
        if start:
            raise KeyError("late")

    with pytest.raises(KeyError, match="late"):
        workers.share_out(work, 10, 1, 2)


def test_scratch_memory_is_the_threads_own_and_grows():
    first = workers.scratch("test", (2, 3), np.dtype(np.float32))
    assert (first.shape, first.dtype) == ((2, 3), np.float32)
    first[:] = 7
    np.testing.assert_array_equal(workers.scratch("test", (6,), np.dtype(np.float32)), 7)
    larger = workers.scratch("test", (100, 100), np.dtype(np.uint8))
    assert larger.shape == (100, 100)
    assert not np.shares_memory(larger, workers.scratch("other", (100, 100), np.dtype(np.uint8)))
    huge = [workers.scratch("test", (1 << 25,), np.dtype(np.uint8)) for _ in range(2)]
    assert not np.shares_memory(*huge)
    others = []
    thread = threading.Thread(target=lambda: others.append(workers.scratch("test", (4,), np.dtype(np.uint8))))
    thread.start()
    thread.join()
    assert not np.shares_memory(larger, others[0])


def test_the_number_of_threads_is_that_of_the_rest():
    assert workers.thread_count() >= 1
