"""Recipes are TOML, in the order in which they were written."""

from __future__ import annotations

import pytest

from striate.artifacts.toml_file import read_toml, toml_text, write_toml
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError

RECIPE = {
    "seed": 1,
    "data": {"name": "digits", "range": [0.0, 16.0]},
    "layers": [{"units": 10}, {"rate": 0.5}],
}


def test_what_is_written_comes_back_with_its_order_inside_a_table(tmp_path):
    write_toml(tmp_path / "recipe.toml", RECIPE)
    assert read_toml(tmp_path / "recipe.toml") == RECIPE
    assert list(read_toml(tmp_path / "recipe.toml")["data"]) == ["name", "range"]


def test_a_file_with_the_mark_that_windows_editors_put_in_front_is_read(tmp_path):
    (tmp_path / "recipe.toml").write_bytes(b"\xef\xbb\xbfseed = 1\n")
    assert read_toml(tmp_path / "recipe.toml") == {"seed": 1}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": {"b": None}}, r"a\.b is None, which TOML cannot hold\. Leave the key out"),
        (None, "the table is None"),
        ({"a": {1: 2}}, r"a has the key 1; keys in TOML are text"),
        ({1: 2}, r"the table has the key 1"),
        ({"a": object()}, r"TOML cannot hold this: .*Use text, numbers"),
        ({"a": [None]}, "TOML cannot hold this"),
        ({"a": "\ud800"}, "TOML cannot hold this"),
    ],
)
def test_what_toml_cannot_hold_is_refused(data, words):
    with pytest.raises(ArgumentError, match=words):
        toml_text(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"seed = \n", r"recipe\.toml is not TOML: .*line 1"),
        (b"seed = 1\nseed = 2\n", r"is not TOML: .*line 2"),
        (b"name = '\xff'", r"byte 8 is no UTF-8 text\. Save it as UTF-8"),
        (b"a = " + b"[" * 100_000, "it is nested too deep"),
    ],
)
def test_what_is_not_toml_is_refused_with_the_place(tmp_path, content, words):
    (tmp_path / "recipe.toml").write_bytes(content)
    with pytest.raises(FileFormatError, match=words):
        read_toml(tmp_path / "recipe.toml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no TOML file .*recipe\.toml"):
        read_toml(tmp_path / "recipe.toml")
