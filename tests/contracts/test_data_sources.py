"""The contract of a data source, proved for each row of data_source_rows.py."""

import dataclasses

import numpy as np
import pytest

from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets import DataBundle, load_named, named
from tests.contracts.data_source_rows import EXCEPTED, ROWS, public_sources


def each(rows):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


EACH_ROW = each(ROWS)
EACH_ROW_WITH_FILES = each([row for row in ROWS if row.write])


@pytest.fixture(autouse=True)
def small_sets(monkeypatch, tmp_path):
    """Let the sets be as small as the files made here; nothing is sought outside this test's folder."""
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    for row in ROWS:
        for name in ("IDX_SET", "CIFAR_SET"):
            if hasattr(row.module, name):
                whole = getattr(row.module, name)
                monkeypatch.setattr(row.module, name, dataclasses.replace(whole, sizes=row.sizes))


@pytest.fixture
def folder(row, tmp_path):
    """A folder with the row's files."""
    place = tmp_path / "files"
    place.mkdir()
    if row.write:
        row.write(place)
    return place


def test_every_public_data_source_has_a_row():
    assert public_sources() - {row.name for row in ROWS} - EXCEPTED == set()
    assert set(named.NAMES) - {row.name for row in ROWS} == set()


@EACH_ROW
def test_the_bundle_is_what_was_promised(row, folder):
    bundle = row.load(folder)
    assert isinstance(bundle, DataBundle)
    parts = [data for _, data in bundle.parts()]
    assert [data.x.shape for data in parts] == [(size, *row.example) for size in row.sizes]
    assert [data.y.shape for data in parts] == [(size,) for size in row.sizes]
    assert {(data.x.dtype, data.y.dtype) for data in parts} == {(np.dtype(np.uint8), np.dtype(np.int64))}
    assert bundle.class_names == row.class_names
    assert (bundle.kind, bundle.pixel_range) == ("image", row.pixel_range)
    assert bundle.origin


@EACH_ROW
def test_labels_have_names_and_pixels_lie_within_their_range(row, folder):
    bundle = row.load(folder)
    low, high = bundle.pixel_range
    for _, data in bundle.parts():
        assert low <= data.x.min() < data.x.max() <= high
        assert 0 <= data.y.min() < data.y.max() < len(data.class_names)


@EACH_ROW
def test_the_same_files_give_the_same_examples_and_a_list_of_names_of_ones_own(row, folder):
    one, other = row.load(folder), row.load(folder)
    for (_, data), (_, again) in zip(one.parts(), other.parts(), strict=True):
        np.testing.assert_array_equal(data.x, again.x, strict=True)
        np.testing.assert_array_equal(data.y, again.y, strict=True)
    one.class_names[0] = "changed"
    assert row.load(folder).class_names == row.class_names != one.class_names


@each([row for row in ROWS if row.module])
def test_a_named_set_is_found_by_its_name(row, folder):
    found, bundle = load_named(row.name, folder), row.load(folder)
    assert found.name == bundle.name == row.name
    np.testing.assert_array_equal(found.train.x, bundle.train.x)


@EACH_ROW_WITH_FILES
def test_each_file_that_is_cut_off_is_refused_by_its_name(row, folder):
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2 + 1], b"", b"no such file"):
            path.write_bytes(damaged)
            with pytest.raises(FileFormatError, match=path.name):
                row.load(folder)
        path.write_bytes(whole)
    assert row.load(folder).class_names == row.class_names


@EACH_ROW_WITH_FILES
def test_a_file_that_is_missing_is_named_with_its_folder(row, folder):
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(FileAccessError, match=folder.name):
            row.load(folder)
        path.write_bytes(whole)
