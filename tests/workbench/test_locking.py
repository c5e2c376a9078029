"""One process at a time trains a run."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from striate.core.errors import ArgumentError, FileAccessError
from striate.workbench import locking
from striate.workbench.locking import holder_of, is_trained_now, locked, process_began, this_process


def silent(text):
    pass


def write_lock(folder, **changes):
    mine = this_process()
    content = {"pid": mine.pid, "host": mine.host, "began": mine.began, **changes}
    (folder / "lock").write_text(json.dumps(content))


def dead_process():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_it_is_held_for_a_while_and_names_this_process(tmp_path):
    with locked(tmp_path, silent):
        assert holder_of(tmp_path) == this_process()
        assert is_trained_now(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert holder_of(tmp_path) is None
    assert not is_trained_now(tmp_path)


def test_a_second_process_is_refused(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        write_lock(tmp_path, pid=other.pid, began=process_began(other.pid))
        message = f"is being trained already, by process {other.pid}. Wait until it has ended"
        with pytest.raises(ArgumentError, match=message), locked(tmp_path, silent):
            pass
        other.communicate(b"\n")
    assert json.loads((tmp_path / "lock").read_text())["pid"] == other.pid


def test_a_second_time_in_one_process_is_refused_and_leaves_the_lock(tmp_path):
    with locked(tmp_path, silent):
        with pytest.raises(ArgumentError, match=f"by process {os.getpid()}"), locked(tmp_path, silent):
            pass
        assert is_trained_now(tmp_path)


def test_the_lock_of_a_dead_process_is_taken_over_and_that_is_said(tmp_path):
    pid, said = dead_process(), []
    write_lock(tmp_path, pid=pid, began="long ago")
    assert not is_trained_now(tmp_path)
    with locked(tmp_path, said.append):
        assert holder_of(tmp_path) == this_process()
    assert said == [f"the lock of process {pid} that no longer runs is taken over"]
    assert list(tmp_path.iterdir()) == []


def test_another_process_with_the_same_number_is_not_the_holder(tmp_path):
    write_lock(tmp_path, began="before the machine was started again")
    assert not is_trained_now(tmp_path)
    with locked(tmp_path, silent):
        assert holder_of(tmp_path) == this_process()


def test_a_lock_that_was_never_finished_is_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "_PATIENCE", 0.0)
    (tmp_path / "lock").write_bytes(b"")
    said = []
    with locked(tmp_path, said.append):
        assert is_trained_now(tmp_path)
    assert said == ["the lock of a process that no longer runs is taken over"]


def test_whether_another_machine_still_trains_cannot_be_seen(tmp_path):
    write_lock(tmp_path, host="elsewhere", pid=1)
    assert is_trained_now(tmp_path)
    message = r"by process 1 on the machine 'elsewhere'\. Whether it still runs cannot be seen .* remove "
    with pytest.raises(ArgumentError, match=message), locked(tmp_path, silent):
        pass


def test_a_lock_that_was_taken_over_meanwhile_is_put_back(tmp_path):
    write_lock(tmp_path, host=socket.gethostname())
    assert not locking._put_aside(tmp_path, locking.Holder(1, "elsewhere", "then"))
    assert holder_of(tmp_path) == this_process()
    (tmp_path / "lock").unlink()
    assert not locking._put_aside(tmp_path, None)


def test_a_folder_that_is_gone_is_said(tmp_path):
    with (
        pytest.raises(FileAccessError, match=r"cannot write .*lock: No such file .*must be writable and"),
        locked(tmp_path / "no", silent),
    ):
        pass


def test_a_lock_that_came_with_a_copy_is_refused_and_says_whose_it_is(tmp_path):
    (tmp_path / "one").mkdir()
    with locked(tmp_path / "one", silent):
        shutil.copytree(tmp_path / "one", tmp_path / "copy")
        message = r"If this is a copy of .*one, it holds that run's lock: remove .*copy.lock\."
        with pytest.raises(ArgumentError, match=message), locked(tmp_path / "copy", silent):
            pass
        with pytest.raises(ArgumentError) as caught, locked(tmp_path / "one", silent):
            pass
        assert "copy" not in str(caught.value)


@pytest.mark.parametrize("content", ["{}", "[]", '"text"', "1", '{"pid": "x", "host": 1, "began": 2}'])
def test_a_lock_of_another_kind_is_taken_over(content, tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "_PATIENCE", 0.0)
    (tmp_path / "lock").write_text(content)
    with locked(tmp_path, silent):
        assert holder_of(tmp_path) == this_process()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no names that are no text")
def test_a_folder_whose_name_is_no_text_is_locked_too(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    with locked(folder, silent), pytest.raises(ArgumentError, match="by process"), locked(folder, silent):
        pass
    assert list(folder.iterdir()) == []


def test_a_lock_that_finds_no_room_is_not_left_half(tmp_path, monkeypatch):
    def full(descriptor, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    message = r"cannot write .*lock: No space left on device\."
    with pytest.raises(FileAccessError, match=message), locked(tmp_path, silent):
        pass
    assert list(tmp_path.iterdir()) == []
