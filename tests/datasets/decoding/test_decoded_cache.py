"""What lies in the cache counts only if it is whole."""

from __future__ import annotations

import json

import numpy as np
import pytest

from striate.core.errors import FileAccessError
from striate.datasets.decoding.decoded_cache import (
    About,
    PixelWriter,
    good_rows,
    open_pixels,
    read_about,
)

ROWS = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2, 1)
ABOUT = About("five images", (3, 2, 2, 1), ((1, "is empty"), (3, "is cut off")), "ab" * 32)


@pytest.fixture
def folder(tmp_path):
    """A folder with three rows of five."""
    with PixelWriter(tmp_path / "set", (2, 2, 1)) as writer:
        for row in (4, 0, 2):
            writer.put(row, ROWS[row])
        writer.finish(good_rows(5, ABOUT.bad), ABOUT)
    return tmp_path / "set"


def test_what_was_written_is_read_with_the_gaps_closed(folder):
    about = read_about(folder)
    assert about == ABOUT
    np.testing.assert_array_equal(open_pixels(folder, about), ROWS[[0, 2, 4]])
    assert sorted(path.name for path in folder.iterdir()) == [ABOUT.file_name, "about.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "about.json").unlink(),
        lambda folder: (folder / "about.json").write_text("{"),
        lambda folder: (folder / "about.json").write_text("[]"),
        lambda folder: (folder / "about.json").write_text("{}"),
        lambda folder: (folder / ABOUT.file_name).unlink(),
        lambda folder: (folder / ABOUT.file_name).write_bytes(b"short"),
        lambda folder: change(folder, "schema", 99),
        lambda folder: change(folder, "bytes", 11),
        lambda folder: change(folder, "shape", [4, 2, 2, 1]),
        lambda folder: change(folder, "bad", [3]),
    ],
)
def test_what_is_not_whole_does_not_count(folder, damage):
    damage(folder)
    assert read_about(folder) is None


def change(folder, key, value):
    table = json.loads((folder / "about.json").read_text())
    (folder / "about.json").write_text(json.dumps({**table, key: value}))


def test_pixels_that_are_gone_by_the_time_they_are_opened_are_none(folder):
    (folder / ABOUT.file_name).unlink()
    assert open_pixels(folder, ABOUT) is None


def test_a_writer_that_did_not_finish_leaves_nothing(tmp_path):
    with PixelWriter(tmp_path, (2, 2, 1)) as writer:
        writer.put(0, ROWS[0])
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    assert not list(tmp_path.iterdir())


def test_a_file_that_another_run_finished_first_is_kept(folder):
    before = (folder / ABOUT.file_name).stat().st_ino
    with PixelWriter(folder, (2, 2, 1)) as writer:
        for row in (0, 2, 4):
            writer.put(row, ROWS[row])
        writer.finish(good_rows(5, ABOUT.bad), ABOUT)
    assert (folder / ABOUT.file_name).stat().st_ino == before
    assert read_about(folder) == ABOUT


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileAccessError, match="they cannot be written: Not a directory"):
        PixelWriter(tmp_path / "file" / "set", (2, 2, 1))
