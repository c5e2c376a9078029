"""What a killed process left half written goes at the next save, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from striate.artifacts import part_files
from striate.artifacts.part_files import part_name, sweep_parts
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.models.saving import load


@pytest.fixture(scope="module")
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(process):
    return part_name().replace(f"-{os.getpid()}-", f"-{process}-")


def network():
    return Sequential([Input((3,)), Dense(2)])


def test_a_save_removes_what_a_killed_one_left(tmp_path, dead):
    (tmp_path / left_by(dead)).write_bytes(b"half")
    network().save(tmp_path / "net.striate")
    assert [path.name for path in tmp_path.iterdir()] == ["net.striate"]
    assert load(tmp_path / "net.striate").count_params() == 8


def test_saving_weights_does_as_well(tmp_path, dead):
    (tmp_path / left_by(dead)).write_bytes(b"half")
    network().save_weights(tmp_path / "net.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


def test_a_link_to_the_file_sweeps_where_the_file_is(tmp_path, dead):
    (tmp_path / "far").mkdir()
    network().save(tmp_path / "far" / "net.striate")
    (tmp_path / "net.striate").symlink_to(tmp_path / "far" / "net.striate")
    (tmp_path / "far" / left_by(dead)).write_bytes(b"half")
    network().save(tmp_path / "net.striate")
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["net.striate"]


def test_what_runs_comes_from_elsewhere_or_is_called_otherwise_stays(tmp_path, dead, monkeypatch):
    kept = [part_name(), left_by(1), left_by(dead)[:-5], "a.part", ".striate-0123.part", f"x{left_by(dead)}"]
    with monkeypatch.context() as patch:
        patch.setattr(part_files, "_place", lambda: "00000000")
        kept.append(left_by(dead))
    for name in kept:
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / left_by(dead)).mkdir()
    (tmp_path / left_by(dead)).symlink_to(tmp_path / "a.part")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert sweep_parts(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_listed_is_no_mistake(tmp_path):
    assert sweep_parts(tmp_path / "none") == []


def test_every_name_is_another_and_is_known_again():
    names = {part_name() for _ in range(100)}
    assert len(names) == 100
    assert all(part_files._NAME.fullmatch(name)[2] == str(os.getpid()) for name in names)
