from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from striate.core.errors import ArgumentError, FileAccessError, FileFormatError
from striate.workbench.run import (
    Run,
    check_free,
    check_name,
    create_run,
    find_run,
    list_runs,
    no_such_run,
)


@contextlib.contextmanager
def as_nobody():
    """Give up the rights of root, who may write everywhere, for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def make(root: Path, name: str, content: str = '{"schema_version": 1}') -> None:
    (root / "runs" / name).mkdir(parents=True)
    (root / "runs" / name / "run.json").write_text(content, encoding="utf-8")


def test_runs_without_a_name_are_counted_up(tmp_path):
    names = [create_run(None, "digits", tmp_path).name for _ in range(3)]
    assert names == ["digits", "digits-2", "digits-3"]


def test_a_name_made_of_data_has_only_what_folders_can_have(tmp_path):
    assert create_run(None, "my data: ä!", tmp_path).name == "my-data"
    assert create_run(None, "...", tmp_path).name == "run"


def test_a_name_that_is_taken_is_refused(tmp_path):
    make(tmp_path, "mine")
    with pytest.raises(ArgumentError, match=r"there is a run called 'mine' already, in runs/mine\. Choose"):
        check_free("mine", tmp_path)
    with pytest.raises(ArgumentError, match="there is a run called 'mine' already"):
        create_run("mine", "digits", tmp_path)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "-x", "con", "NUL.txt", "dot.", "a b"])
def test_a_name_that_is_no_folder_everywhere_is_refused(name):
    with pytest.raises(ArgumentError, match=r"a run cannot be called .* its name is that of a folder"):
        check_name(name)


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    tmp_path.chmod(0o555)
    with as_nobody(), pytest.raises(FileAccessError, match=r"cannot make the folder .*go to a folder that"):
        create_run(None, "digits", tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_run_is_found_by_name_by_folder_and_by_a_file_in_it(tmp_path):
    make(tmp_path, "one")
    (tmp_path / "runs" / "one" / "model.striate").write_bytes(b"")
    for text in ("one", "runs/one", "runs/one/model.striate", str(tmp_path / "runs" / "one")):
        assert find_run(text, tmp_path).name == "one"
    assert find_run("two", tmp_path) is None


def test_a_run_that_is_not_there_is_answered_with_those_that_are(tmp_path):
    make(tmp_path, "digits")
    make(tmp_path, "digits-2")
    assert list_runs(tmp_path) == ["digits", "digits-2"]
    message = str(no_such_run("digit", tmp_path))
    assert "no run, folder of a run or model file 'digit'. Did you mean 'digits'" in message
    assert "Runs here: digits, digits-2." in message


def test_where_there_are_no_runs_the_way_to_the_first_is_said(tmp_path):
    message = str(no_such_run("digits", tmp_path))
    assert "There are no runs in runs/ here yet." in message
    assert message.endswith("striate train digits")


def test_a_record_comes_back_with_its_version(tmp_path):
    Run(tmp_path).write({"status": "running"})
    assert Run(tmp_path).read() == {"status": "running", "schema_version": 1}


def test_a_record_of_a_newer_version_is_refused(tmp_path):
    make(tmp_path, "new", '{"schema_version": 2}')
    with pytest.raises(
        FileFormatError, match=r"schema_version 2, written by a newer Striate.* Update Striate"
    ):
        Run(tmp_path / "runs" / "new").read()


@pytest.mark.parametrize("content", ["[]", "{}", '{"schema_version": true}', '{"schema_version": "1"}'])
def test_a_file_that_is_no_record_is_refused(tmp_path, content):
    make(tmp_path, "odd", content)
    with pytest.raises(FileFormatError, match="is not the record of a run: it has no schema_version"):
        Run(tmp_path / "runs" / "odd").read()
