"""Files that cannot be used are counted, listed, and copied aside, never deleted."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from striate.core.errors import ArgumentError, DataError, FileAccessError
from striate.datasets.rejects import BadFile, check_rejects, quarantine

TWELVE = [BadFile(f"cat/{number}.jpg", "is cut off") for number in range(12)]


def test_a_few_bad_files_are_let_pass():
    check_rejects(TWELVE, 240, labels=np.array([0, 1, 1]), class_names=["cat", "dog"])
    check_rejects([], 0, "error")


def test_the_policy_error_lists_the_first_ten():
    with pytest.raises(
        DataError, match=r"12 of 1,000 files cannot be used:\n  cat/0\.jpg: is cut off"
    ) as info:
        check_rejects(TWELVE, 1000, "error")
    assert "cat/9.jpg" in str(info.value)
    assert "cat/10.jpg" not in str(info.value)
    assert "... and 2 more" in str(info.value)


def test_more_than_one_in_twenty_is_refused():
    with pytest.raises(DataError, match="12 of 239 files cannot be used, more than 5%"):
        check_rejects(TWELVE, 239)


def test_a_class_of_which_nothing_is_left_is_refused():
    with pytest.raises(DataError, match=r"no file of the class 'dog' can be used; 12 of 999"):
        check_rejects(TWELVE, 999, "quarantine", np.array([0, 0]), ["cat", "dog"])


def test_a_policy_that_there_is_not_is_refused():
    with pytest.raises(ArgumentError, match="bad_files must be one of 'skip', 'error', 'quarantine'"):
        check_rejects(TWELVE, 999, "delete")


def test_quarantine_copies_and_lists_and_leaves_the_files_where_they_are(tmp_path):
    files = [tmp_path / "cat" / "a b.jpg", tmp_path / "dog" / "a b.jpg"]
    for file in files:
        file.parent.mkdir()
        file.write_bytes(file.parent.name.encode())
    bad = [BadFile(file.name, f"reason, {place}", file) for place, file in enumerate(files)]
    table = quarantine(
        [*bad, BadFile("in/a.zip", "is empty"), BadFile("gone", "x", tmp_path / "gone")], tmp_path / "q"
    )
    rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["copy", "file", "reason"]
    assert rows[1:3] == [
        ["0001-a b.jpg", "a b.jpg", "reason, 0"],
        ["0002-a b.jpg", "a b.jpg", "reason, 1"],
    ]
    assert [row[0] for row in rows[3:]] == ["", ""]
    assert (tmp_path / "q" / "0002-a b.jpg").read_bytes() == b"dog"
    assert all(file.exists() for file in files)


def test_a_file_that_may_not_be_read_is_only_listed(tmp_path, monkeypatch):
    def refused(source, copy):
        raise PermissionError

    monkeypatch.setattr("striate.datasets.rejects.shutil.copyfile", refused)
    file = tmp_path / "a.jpg"
    file.write_bytes(b"")
    table = quarantine([BadFile("a.jpg", "is empty", file)], tmp_path / "q")
    assert table.read_text(encoding="utf-8").splitlines()[1] == ",a.jpg,is empty"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "q").write_bytes(b"")
    with pytest.raises(FileAccessError, match=r"cannot write the list of bad files into .*q: "):
        quarantine(TWELVE, tmp_path / "q")


def test_rows_are_called_rows_and_one_is_one():
    with pytest.raises(DataError, match="1 of 1 row cannot be used, more than 5%"):
        check_rejects(TWELVE[:1], 1, noun="row")
    with pytest.raises(
        DataError, match=r"no row of the class 'dog' can be used; 12 of 999 rows cannot be used"
    ) as info:
        check_rejects(TWELVE, 999, "skip", np.array([0, 0]), ["cat", "dog"], "row")
    assert str(info.value).endswith("Add rows to the class, or remove it.")
