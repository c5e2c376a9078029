"""JSON is written in one way and read with the place of a mistake."""

from __future__ import annotations

import numpy as np
import pytest

from striate.artifacts.json_file import json_bytes, parse_json, read_json, write_json
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError

DATA = {"b": [1, 2.5, -0.0, 1e300, None, True], "a": {"text": "Äpfel \ud800"}, "empty": []}


def test_what_is_written_comes_back(tmp_path):
    write_json(tmp_path / "file.json", DATA)
    assert read_json(tmp_path / "file.json") == DATA


def test_the_file_is_readable_and_sorted(tmp_path):
    write_json(tmp_path / "file.json", {"b": 1, "a": [2]})
    assert (tmp_path / "file.json").read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'


def test_the_order_of_keys_does_not_change_the_bytes():
    assert json_bytes({"b": 1, "a": (2, 3)}) == json_bytes({"a": [2, 3], "b": 1}) == b'{"a":[2,3],"b":1}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": [0, float("nan")]}, r"data\['a'\]\[1\] is nan, which JSON cannot hold"),
        ({"a": float("inf")}, r"data\['a'\] is inf"),
        ({"a": {1: 2}}, r"data\['a'\] has the key 1; keys in JSON are text\. Use '1'"),
        ({"a": np.float32(1)}, r"data\['a'\] is a float32, which JSON cannot hold"),
        ([{1, 2}], r"data\[0\] is a set"),
        ([10**5000], "a whole number too long for JSON"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(data, words):
    with pytest.raises(ArgumentError, match=words):
        json_bytes(data)


def test_a_list_that_holds_itself_is_refused():
    data = []
    data.append(data)
    with pytest.raises(ArgumentError, match="is nested more than 100 deep, or holds itself"):
        json_bytes(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1,\n}', r"here is not JSON: line 2, column 1"),
        (b"", "line 1, column 1"),
        (b'{"a": NaN}', "NaN is not a number in JSON"),
        (b'{"a": 1, "b": 2, "a": 3}', "the name 'a' stands twice"),
        (b"\xff\xfe", "byte 0 is no UTF-8 text"),
        (b"[" * 200_000, "it is nested more than 100 deep"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "it is nested more than 100 deep"),
        (b"1" * 5000, "Exceeds the limit"),
    ],
)
def test_what_is_not_json_is_refused_with_the_place(content, words):
    with pytest.raises(FileFormatError, match=words):
        parse_json(content, "here")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "run.json").write_bytes(b"{")
    with pytest.raises(FileFormatError, match=r"run\.json is not JSON: line 1"):
        read_json(tmp_path / "run.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no JSON file .*run\.json"):
        read_json(tmp_path / "run.json")


def test_brackets_in_texts_are_not_levels():
    deep_only_in_words = json_bytes(["[" * 500, '\\"' + "{" * 500, {"[[[": 1}])
    assert parse_json(deep_only_in_words, "here") == ["[" * 500, '\\"' + "{" * 500, {"[[[": 1}]
    assert len(parse_json(b"[" * 100 + b"]" * 100, "here")) == 1
