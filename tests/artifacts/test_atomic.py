"""A file is either the old one or the whole new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from striate.artifacts.atomic import open_for_reading, read_bytes, reading, write_atomically
from striate.core.errors import FileAccessError


def test_the_pieces_are_written_one_after_another(tmp_path):
    write_atomically(tmp_path / "file", [b"one, ", b"two"])
    assert (tmp_path / "file").read_bytes() == b"one, two"


def test_nothing_but_the_file_is_left(tmp_path):
    write_atomically(tmp_path / "file", [b"old"])
    write_atomically(tmp_path / "file", [b"new"])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_says_what_is_needed_and_free(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_atomically(path, [b"old"])

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    words = (
        r"cannot write .*file: No space left on device \(needs 2\.00 KB; [0-9.]+ .B free in .*\)\. Nothing"
    )
    with pytest.raises(FileAccessError, match=words):
        write_atomically(path, [b"x" * 2048])
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_an_interrupt_leaves_no_temporary_file(tmp_path, monkeypatch):
    def interrupted(number):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", [b"new"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_flushed_does_not_make_a_written_file_a_failure(tmp_path, monkeypatch):
    opened = os.open

    def refused(path, flags, *rest, **names):
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, flags, *rest, **names)

    monkeypatch.setattr(os, "open", refused)
    write_atomically(tmp_path / "file", [b"new"])
    assert (tmp_path / "file").read_bytes() == b"new"


def test_where_folders_cannot_be_flushed_the_file_is_written_all_the_same(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_DIRECTORY")
    write_atomically(tmp_path / "file", [b"new"])
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", [b"new"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_the_umask_decides_who_may_read(tmp_path):
    write_atomically(tmp_path / "file", [b"new"])
    (tmp_path / "plain").write_bytes(b"new")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"no folder .*missing\. Create it first"):
        write_atomically(tmp_path / "missing" / "file", [b""])


def test_a_folder_is_not_overwritten(tmp_path):
    with pytest.raises(FileAccessError, match=r"this is a folder\. Give the name of a file"):
        write_atomically(tmp_path, [b""])


def test_a_file_that_is_not_there_is_named_with_the_place_it_was_sought_from(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no recipe .*absent \(seen from /"):
        open_for_reading(tmp_path / "absent", "recipe")


def test_a_folder_is_not_read_as_a_file(tmp_path):
    with pytest.raises(FileAccessError, match=r"expected a recipe but .* is a folder"):
        open_for_reading(tmp_path, "recipe")


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")

    def refused(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(FileAccessError, match=r"cannot read the recipe .*file: Permission denied\."):
        open_for_reading(tmp_path / "file", "recipe")


def test_a_file_above_its_limit_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bytes(tmp_path / "file", "recipe", limit=5) == b"12345"
    with pytest.raises(FileAccessError, match=r"larger than a recipe can be \(4\.00 B\)"):
        read_bytes(tmp_path / "file", "recipe", limit=4)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        FileAccessError, match=r"expected a recipe but .*pipe is a pipe or a device, not a file"
    ):
        open_for_reading(tmp_path / "pipe", "recipe")


@pytest.mark.parametrize(
    ("name", "words"), [("x" * 300, "File name too long"), ("nul\0", "embedded null byte")]
)
def test_a_name_that_cannot_be_one_is_said_in_words(tmp_path, name, words):
    with pytest.raises(FileAccessError, match=rf"cannot read the recipe .*: {words}"):
        open_for_reading(tmp_path / name, "recipe")
    with pytest.raises(FileAccessError, match=rf"cannot write .*: {words}"):
        write_atomically(tmp_path / name, [b"new"])


def test_a_link_to_itself_is_not_followed_for_ever(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileAccessError, match=r"cannot write .*loop: (Symlink loop|.*symbolic links)"):
        write_atomically(tmp_path / "loop", [b"new"])


def test_a_disk_that_fails_while_a_file_is_read_is_said_in_words(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    with (
        pytest.raises(FileAccessError, match=r"^cannot read the recipe .*file: Input/output error\.$"),
        reading(tmp_path / "file", "recipe"),
    ):
        raise OSError(errno.EIO, "Input/output error")
    with (
        pytest.raises(FileAccessError, match=r"^told already$"),
        reading(tmp_path / "file", "recipe"),
    ):
        raise FileAccessError("told already")


def test_where_nothing_is_known_of_the_disk_the_reason_is_told_all_the_same(tmp_path, monkeypatch):
    def broken(*arguments, **names):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    monkeypatch.setattr("shutil.disk_usage", broken)
    monkeypatch.setattr(Path, "unlink", broken)
    with pytest.raises(
        FileAccessError, match=r"Input/output error \(needs 3\.00 B; an unknown amount free in"
    ):
        write_atomically(tmp_path / "file", [b"new"])


def test_a_working_folder_that_was_deleted_is_said_so(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(
        FileAccessError, match=r"there is no recipe absent \(seen from a folder that was deleted"
    ):
        open_for_reading("absent", "recipe")
