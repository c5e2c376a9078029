"""Formats have versions: newer files are refused, older ones are brought up to date."""

from __future__ import annotations

import pytest

from striate.artifacts.canonical_zip import write_canonical_zip
from striate.artifacts.format import FileFormat, Migration, read_json_entry
from striate.artifacts.json_file import json_bytes
from striate.core.errors import ArgumentError, FileFormatError

OLD = FileFormat("toy", 1, ("text.json",), "toy file")
# Version 2 renamed the entry, version 3 put its content into a list.
NEW = FileFormat(
    "toy",
    3,
    ("words.json",),
    "toy file",
    {
        1: Migration(("text.json",), lambda old: {"words.json": old["text.json"]}),
        2: Migration(("words.json",), lambda old: {"words.json": b"[" + old["words.json"] + b"]"}),
    },
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def write_with_manifest(path, manifest, **entries):
    write_canonical_zip(path, {"manifest.json": manifest, **{f"{name}.json": b"1" for name in entries}})


def test_what_is_written_comes_back_with_format_and_version(path):
    OLD.write(path, {"made_by": "me"}, {"text.json": b'"hi"'})
    manifest, contents = OLD.read(path)
    assert manifest == {"made_by": "me", "format": "toy", "version": 1}
    assert contents == {"text.json": b'"hi"'}


def test_what_was_read_can_be_written_again(path):
    OLD.write(path, {}, {"text.json": b"1"})
    first = path.read_bytes()
    OLD.write(path, *OLD.read(path))
    assert path.read_bytes() == first


def test_an_old_file_is_brought_up_to_date_one_version_at_a_time(path):
    OLD.write(path, {}, {"text.json": b'"hi"'})
    manifest, contents = NEW.read(path)
    assert manifest["version"] == 3
    assert contents == {"words.json": b'["hi"]'}


def test_a_newer_file_is_refused_with_what_to_do(path):
    NEW.write(path, {}, {"words.json": b"[]"})
    with pytest.raises(
        FileFormatError, match=r"toy file of version 3; this Striate reads up to version 1.*update"
    ):
        OLD.read(path)


def test_a_file_too_old_for_any_migration_is_refused(path):
    OLD.write(path, {}, {"text.json": b"1"})
    young = FileFormat("toy", 3, ("words.json",), "toy file", {2: NEW.migrations[2]})
    with pytest.raises(
        FileFormatError, match=r"of version 1; this Striate reads versions 2 to 3\. Open and save"
    ):
        young.read(path)


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_a_version_that_is_none_is_refused(path, version):
    write_with_manifest(path, json_bytes({"format": "toy", "version": version}), text=1)
    with pytest.raises(FileFormatError, match=r"has version .*, which is no version of a toy file"):
        OLD.read(path)


@pytest.mark.parametrize("manifest", [{"format": "other", "version": 1}, {}, []])
def test_a_file_of_another_format_is_refused(path, manifest):
    write_with_manifest(path, json_bytes(manifest), text=1)
    with pytest.raises(FileFormatError, match=r"is not a toy file: its format is ('other'|None), not 'toy'"):
        OLD.read(path)


@pytest.mark.parametrize("entries", [{}, {"other": 1}, {"text": 1, "other": 1}, {"other": 1, "text": 1}])
def test_other_entries_or_another_order_are_refused(path, entries):
    write_with_manifest(path, json_bytes({"format": "toy", "version": 1}), **entries)
    with pytest.raises(
        FileFormatError, match=r"should hold manifest\.json, text\.json but holds manifest\.json"
    ):
        OLD.read(path)


def test_a_manifest_written_with_free_spaces_is_refused(path):
    write_with_manifest(path, b'{"format": "toy", "version": 1}', text=1)
    with pytest.raises(FileFormatError, match=r"manifest\.json in .* is not as Striate writes it\.$"):
        OLD.read(path)


def test_entries_that_are_missing_or_too_many_are_not_written(path):
    with pytest.raises(ArgumentError, match=r"a toy file takes the entries text\.json; got none"):
        OLD.write(path, {}, {})


def test_a_manifest_of_another_version_is_not_written(path):
    with pytest.raises(ArgumentError, match=r"the manifest of a toy file has version 1; got 2"):
        OLD.write(path, {"version": 2}, {"text.json": b""})


def test_a_json_entry_that_is_missing_is_named():
    with pytest.raises(FileFormatError, match=r"here has no graph\.json"):
        read_json_entry({}, "graph.json", "here")


def test_a_json_entry_nested_deeper_than_any_written_is_refused():
    with pytest.raises(
        FileFormatError,
        match=r"graph\.json in here is not JSON that Striate takes: it is nested more than 100 deep",
    ):
        read_json_entry({"graph.json": b"[" * 150 + b"]" * 150}, "graph.json", "here")


def test_a_json_entry_without_end_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr("striate.artifacts.format._JSON_LIMIT", 3)
    with pytest.raises(FileFormatError, match=r"takes more than 3\.00 B, so Striate did not"):
        read_json_entry({"graph.json": b"[1,2]"}, "graph.json", "here")


def test_json_of_more_values_than_any_network_has_is_neither_read_nor_written(tmp_path, monkeypatch):
    monkeypatch.setattr("striate.artifacts.format._MOST_VALUES", 3)
    with pytest.raises(
        FileFormatError, match=r"in here holds more than 3 values, so Striate did not write it"
    ):
        read_json_entry({"graph.json": b"[1,[2],{}]"}, "graph.json", "here")
    assert read_json_entry({"graph.json": b"[1,[2]]"}, "graph.json", "here") == [1, [2]]
    with pytest.raises(
        ArgumentError, match=r"text\.json of a toy file holds more than 3 values\. Keep large"
    ):
        OLD.write(tmp_path / "file", {}, {"text.json": b"[1,[2],{}]"})
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_says_of_itself_is_shown_up_to_a_length(path):
    write_with_manifest(path, json_bytes({"format": "x" * 1000, "version": 1}), text=1)
    with pytest.raises(FileFormatError, match=r"its format is 'x{299}\.\.\., not 'toy'"):
        OLD.read(path)


def test_a_number_beyond_all_floats_is_refused(path):
    write_with_manifest(path, b'{"format":"toy","version":1e999}', text=1)
    with pytest.raises(
        FileFormatError, match=r"manifest\.json in .* is not as Striate writes it: data.* is inf"
    ):
        OLD.read(path)
