"""A write that fails leaves the last good file and nothing else, and says path, space needed and free."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from striate.artifacts import write_json
from striate.core.errors import FileAccessError
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.harness import Outcome, count, counted, disturbed, in_child

NOBODY = 65534
WORDS = re.compile(
    r"cannot write (?P<path>.+): (?P<reason>[^(]+) \(needs (?P<needs>[\d.]+ (B|KB|MB)); "
    r"(?P<free>[\d.]+ (B|KB|MB|GB|TB)) free in .+\)\. "
    r"Nothing was changed\. Make room, or choose another place\."
)


def network(units: int) -> Sequential:
    return Sequential([Input((50,)), Dense(units)])


@pytest.fixture
def small_disk():
    """A disk of 4 MB of its own; the test is skipped where none can be mounted."""
    folder = Path(tempfile.mkdtemp())
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "striate-test", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        folder.rmdir()
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode(errors='replace').strip()[-200:]}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)
        folder.rmdir()


def begin(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    network(3).save(folder / "net.striate")


def check_nothing_happened(folder: Path, told: str, reason: str, others: tuple[str, ...] = ()) -> None:
    """The old file opens, there is no other, and the message has all that it should."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(("net.striate", *others))
    assert load(folder / "net.striate").count_params() == 153
    found = WORDS.search(told)
    assert found, told
    assert found["path"].endswith(str(folder / "net.striate"))
    assert reason in found["reason"]


def fill(path: Path, left: int) -> None:
    """Leave this many bytes free on a small disk."""
    free = os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_bsize
    path.write_bytes(bytes(max(free - left, 0)))


@pytest.mark.parametrize("case", range(count(12, 60)))
def test_a_full_disk_changes_nothing(case, small_disk):
    begin(small_disk)
    draw = np.random.default_rng(case)
    new = network(int(draw.integers(1_000, 15_000)))
    needed = new.count_params() * 4
    fill(small_disk / "filling", int(draw.integers(0, needed)))
    with pytest.raises(FileAccessError, match=r"No space left on device \(needs") as caught:
        new.save(small_disk / "net.striate")
    check_nothing_happened(small_disk, str(caught.value), "No space left on device", ("filling",))
    (small_disk / "filling").unlink()
    new.save(small_disk / "net.striate")
    assert load(small_disk / "net.striate").count_params() == new.count_params()


@pytest.mark.parametrize("case", range(count(6, 30)))
def test_a_file_that_may_not_grow_so_far_changes_nothing(case, tmp_path):
    begin(tmp_path)
    draw = np.random.default_rng(case)
    new = network(int(draw.integers(100, 2_000)))
    most = int(draw.integers(0, new.count_params() * 4))

    def save() -> None:
        # As a quota does; Python is told by an error where the signal is ignored.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        new.save(tmp_path / "net.striate")

    check_nothing_happened(tmp_path, told_by(save), "File too large")


def told_by(save) -> str:
    """The words of a save that fails in a child; the watch sees its writing, which is allowed here."""
    status, told = disturbed_by_nothing(save)
    assert os.WIFEXITED(status), status
    assert told.startswith("FileAccessError: "), told
    return told


def disturbed_by_nothing(save) -> tuple[int, str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        told = "done"
        try:
            save()
        except FileAccessError as error:
            told = f"FileAccessError: {error}"
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return status, told


FAILURES = [
    *[("write", "error=ENOSPC", "No space left on device"), ("write", "error=EIO", "Input/output error")],
    *[("write", "error=EDQUOT", "Disk quota exceeded"), ("fsync", "error=EIO", "Input/output error")],
    *[("fsync", "error=ENOSPC", "No space left on device"), ("rename", "error=EIO", "Input/output error")],
    *[("rename", "error=EACCES", "Permission denied"), ("rename", "error=EROFS", "Read-only file system")],
]


@pytest.mark.parametrize(("call", "what", "reason"), FAILURES, ids=lambda one: str(one))
def test_a_call_that_fails_changes_nothing(call, what, reason, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    sizes = count([40], [1, 40, 400, 4000, 20_000])
    for units in sizes:
        save = partial(network(units).save, folder / "net.striate")
        begin(folder)
        times = counted(save, (call,), tmp_path / "log")[call]
        # The last fsync is that of the folder, when the file is whole already.
        for when in range(1, times + (call != "fsync")):
            begin(folder)
            status, told = disturbed(save, call, what, when)
            assert os.WIFEXITED(status), status
            check_nothing_happened(folder, told, reason)


def test_a_folder_that_cannot_be_flushed_is_no_failure_of_the_file(tmp_path):
    begin(tmp_path)
    new = network(40)
    _, told = disturbed(lambda: new.save(tmp_path / "net.striate"), "fsync", "error=EIO", 2)
    assert told == "done"
    assert load(tmp_path / "net.striate").count_params() == new.count_params()


def test_a_disk_that_fails_while_a_file_is_read_is_said_in_words(tmp_path):
    begin(tmp_path)
    times = counted(lambda: load(tmp_path / "net.striate"), ("read",), tmp_path / "log")["read"]
    assert times > 2
    for when in range(1, times + 1):
        _, told = disturbed(lambda: load(tmp_path / "net.striate"), "read", "error=EIO", when)
        assert re.match(
            r"FileAccessError: cannot read the model file .*net\.striate: Input/output error\.", told
        )


def as_nobody(work):
    """Do something as a user who owns nothing: root is told of no permission errors."""

    def drop_and_work():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        work()

    return drop_and_work


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder():
    """A folder that everybody may pass to, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@needs_root
@pytest.mark.parametrize("mode", [0o555, 0o711, 0o500, 0o000])
def test_a_folder_that_may_not_be_written_keeps_its_file(mode, open_folder):
    folder = open_folder / "files"
    folder.mkdir()
    begin(folder)
    folder.chmod(mode)
    told = told_by(as_nobody(lambda: network(5).save(folder / "net.striate")))
    folder.chmod(0o755)
    assert "Permission denied" in told
    assert str(folder / "net.striate") in told
    assert [path.name for path in folder.iterdir()] == ["net.striate"]
    assert load(folder / "net.striate").count_params() == 153


@needs_root
def test_a_file_that_may_not_be_read_is_said_in_words(open_folder):
    begin(open_folder)
    path = open_folder / "net.striate"
    path.chmod(0o600)
    outcome: Outcome = in_child(as_nobody(lambda: load(path)))
    assert outcome.kind == "refused"
    assert f"cannot read the model file {path}: Permission denied" in outcome.words


def test_other_files_are_written_as_safely(small_disk):
    write_json(small_disk / "run.json", {"epoch": 1})
    fill(small_disk / "filling", 4096)
    with pytest.raises(FileAccessError, match=r"cannot write .*run\.json: No space left on device \(needs"):
        write_json(small_disk / "run.json", {"epochs": list(range(5000))})
    assert sorted(path.name for path in small_disk.iterdir()) == ["filling", "run.json"]
    assert (small_disk / "run.json").read_text() == '{\n  "epoch": 1\n}\n'
