"""What a checkpoint holds comes back as it was, and a folder of them never stands without a good one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from striate.artifacts.checkpoint import (
    CHECKPOINT_FORMAT,
    CheckpointFolder,
    read_checkpoint,
    write_checkpoint,
)
from striate.artifacts.json_file import json_bytes
from striate.artifacts.tensors import tensor_bytes
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_everything_comes_back_as_it_was(tmp_path):
    content = {
        "numbers": [1, 2.5, 2**127, True, None, "text"],
        "odd": [math.inf, -math.inf],
        "$array": {"$$number": 1, "plain": (3, 4)},
        "arrays": {"weights": [np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(())]},
        "bytes": np.arange(3, dtype=np.uint8),
    }
    write_checkpoint(tmp_path / "one.checkpoint", content)
    found = read_checkpoint(tmp_path / "one.checkpoint")
    assert found["numbers"] == content["numbers"]
    assert found["odd"] == content["odd"]
    assert found["$array"] == {"$$number": 1, "plain": [3, 4]}
    for one, other in zip(found["arrays"]["weights"], content["arrays"]["weights"], strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert found["bytes"].dtype == np.uint8


def test_nan_comes_back_as_nan(tmp_path):
    write_checkpoint(tmp_path / "one.checkpoint", {"loss": float("nan")})
    assert math.isnan(read_checkpoint(tmp_path / "one.checkpoint")["loss"])


def test_the_same_content_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_checkpoint(tmp_path / name, {"a": [1.5], "w": np.ones(3)})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_no_checkpoint_holds_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"data\['thing'\] is a object, which JSON cannot hold"):
        write_checkpoint(tmp_path / "one.checkpoint", {"thing": object()})
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("state", "message"),
    [([1], "holds no state of a training"), ({"w": {"$array": "000007"}}, "lacks the array '000007'")],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, state, message):
    path = tmp_path / "one.checkpoint"
    CHECKPOINT_FORMAT.write(
        path, {}, {"state.json": json_bytes(state), "arrays.safetensors": tensor_bytes({})}
    )
    with pytest.raises(FileFormatError, match=message):
        read_checkpoint(path)


def test_the_last_ones_and_the_best_are_kept(tmp_path):
    files = CheckpointFolder(tmp_path, keep=2)
    for steps in range(1, 7):
        files.write({"steps": steps}, steps, best=steps in (1, 3))
    assert names(tmp_path) == [
        "000000000003-best.checkpoint",
        "000000000005.checkpoint",
        "000000000006.checkpoint",
    ]
    assert files.read_last()[0] == {"steps": 6}
    files.clear(keep=1)
    assert names(tmp_path) == ["000000000006.checkpoint"]
    files.clear()
    assert names(tmp_path) == []


@pytest.mark.parametrize("keep", [1, 2])
def test_only_so_many_stay(tmp_path, keep):
    for steps in range(5):
        CheckpointFolder(tmp_path, keep).write({}, steps)
    assert len(names(tmp_path)) == keep


def test_a_damaged_last_one_leaves_the_one_before(tmp_path):
    files = CheckpointFolder(tmp_path, keep=2)
    files.write({"steps": 1}, 1)
    last = files.write({"steps": 2}, 2)
    last.write_bytes(last.read_bytes()[:-1])
    content, path, reasons = files.read_last()
    assert (content, path.name) == ({"steps": 1}, "000000000001.checkpoint")
    assert len(reasons) == 1
    assert "000000000002.checkpoint is damaged" in reasons[0]


def test_a_folder_where_none_opens_is_refused_and_an_empty_one_is_none(tmp_path):
    files = CheckpointFolder(tmp_path / "none")
    assert files.read_last() is None
    files.write({}, 1).write_bytes(b"PK\x03\x04")
    wanted = r"no checkpoint in .*none can be opened: .*000000000001.*remove that folder\."
    with pytest.raises(FileFormatError, match=wanted):
        files.read_last()


def test_a_write_that_fails_leaves_the_last_good_one(tmp_path, monkeypatch):
    files = CheckpointFolder(tmp_path)
    files.write({"steps": 1}, 1)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileAccessError, match=r"No space left on device \(needs "):
        files.write({"steps": 2}, 2)
    assert names(tmp_path) == ["000000000001.checkpoint"]
    assert files.read_last()[0] == {"steps": 1}


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileAccessError, match=r"cannot make the folder .*file.* for checkpoints"):
        CheckpointFolder(tmp_path / "file" / "inside").write({}, 1)


def test_what_a_killed_process_left_is_swept_away(tmp_path):
    files = CheckpointFolder(tmp_path)
    files.write({}, 1)
    (tmp_path / ".striate-0123.part").write_bytes(b"half")
    (tmp_path / "mine.txt").write_bytes(b"kept")
    files.sweep()
    assert names(tmp_path) == ["000000000001.checkpoint", "mine.txt"]


def test_a_folder_that_cannot_be_read_is_said_in_words(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    wanted = r"cannot read the folder .* of checkpoints: Permission denied\."
    with pytest.raises(FileAccessError, match=wanted):
        CheckpointFolder(tmp_path).files()
