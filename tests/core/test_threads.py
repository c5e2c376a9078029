import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from striate.core import threads
from striate.core.errors import ArgumentError


def test_the_variable_of_striate_goes_first():
    choice = threads.choose_threads("3", "2", quota=1)
    assert (choice.value, choice.reason) == (3, "STRIATE_THREADS=3")


@pytest.mark.parametrize("text", ["0", "two", "-1"])
def test_a_number_of_threads_that_cannot_be_is_refused(text):
    with pytest.raises(ArgumentError, match=f"whole number from 1 up; got '{text}'"):
        threads.choose_threads(text, None)


def test_openmp_s_own_variable_is_left_to_mean_what_it_means():
    assert threads.choose_threads(None, "7").value == torch.get_num_threads()


def test_a_container_s_share_bounds_the_threads():
    choice = threads.choose_threads(None, None, quota=0.5)
    assert choice.value == 1
    assert "0.5 processors" in choice.reason


def test_without_a_bound_pytorch_chooses():
    assert threads.choose_threads(None, None, quota=512).value == torch.get_num_threads()


@pytest.mark.parametrize(("text", "share"), [("150000 100000\n", 1.5), ("max 100000\n", None)])
def test_the_control_group_s_file_is_read(tmp_path, text, share):
    limit = tmp_path / "cpu.max"
    limit.write_text(text)
    assert threads.container_share(limit) == share


def test_no_control_group_means_no_bound(tmp_path):
    assert threads.container_share(tmp_path / "none") is None


def test_the_choice_is_made_once(monkeypatch):
    monkeypatch.setattr(threads, "_decision", [])
    monkeypatch.setenv("STRIATE_THREADS", str(torch.get_num_threads()))
    first = threads.settle_threads()
    monkeypatch.setenv("STRIATE_THREADS", "99")
    assert threads.settle_threads() is first


def test_pytorch_rests_for_a_while_and_the_number_of_threads_that_compute_stays(monkeypatch):
    held = [3]
    monkeypatch.setattr(torch, "get_num_threads", lambda: held[-1])
    monkeypatch.setattr(torch, "set_num_threads", held.append)
    assert threads.thread_count() == 3
    with threads.pytorch_resting():
        assert (held[-1], threads.thread_count()) == (1, 3)
        with threads.pytorch_resting():
            assert (held[-1], threads.thread_count()) == (1, 3)
    assert (held[-1], threads.thread_count()) == (3, 3)


def test_two_threads_that_let_pytorch_rest_leave_its_number_as_it_was():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    inside, outside = threading.Event(), threading.Event()
    seen = []

    def other():
        with threads.pytorch_resting():
            seen.append(threads.thread_count())
            inside.set()
            outside.wait(60)
        seen.append(torch.get_num_threads())

    try:
        with ThreadPoolExecutor(1) as workers:
            with threads.pytorch_resting():
                ended = workers.submit(other)
                assert inside.wait(60)
            assert torch.get_num_threads() == 3
            assert threads.thread_count() == 3
            outside.set()
            ended.result()
            # A Python thread that begins now begins with the number of before.
            seen.append(ThreadPoolExecutor(1).submit(torch.get_num_threads).result())
        assert seen == [3, 3, 3]
    finally:
        torch.set_num_threads(before)
