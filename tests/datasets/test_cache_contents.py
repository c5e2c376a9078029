"""What lies in the cache is listed by kind, and removed when asked."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import FileAccessError, UnknownNameError
from striate.datasets.cache_contents import empty_cache, list_cache
from striate.datasets.decoding.decoded import decode_all
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.folders.places import FilePlace


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def filled(cache, tmp_path):
    """A downloaded set, one image decoded, and a link out of the cache."""
    (cache / "datasets" / "mnist").mkdir(parents=True)
    (cache / "datasets" / "mnist" / "a.gz").write_bytes(bytes(100))
    (tmp_path / "pets" / "cats").mkdir(parents=True)
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "pets" / "cats" / "a.png")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_bytes(b"kept")
    (cache / "datasets" / "link").symlink_to(tmp_path / "outside")
    return decode_all([FilePlace("cats/a.png", tmp_path / "pets" / "cats" / "a.png")], ImageInput(4, 4, 1))


def test_an_absent_cache_is_empty():
    assert list_cache() == []
    assert empty_cache() == 0


def test_things_are_listed_with_kind_name_size_and_last_use(filled, cache):
    os.utime(next((cache / "decoded").rglob("about.json")), (5, 5))
    entries = {entry.name: entry for entry in list_cache()}
    assert [entry.kind for entry in list_cache()] == ["datasets", "datasets", "decoded"]
    assert entries["mnist"].bytes == 100
    images = entries["pets: 1 image of 4 x 4 x 1"]
    assert images.bytes > 16
    assert images.used.timestamp() == 5


def test_reading_decoded_images_counts_as_use(filled, cache, tmp_path):
    about = next((cache / "decoded").rglob("about.json"))
    os.utime(about, (5, 5))
    decode_all([FilePlace("cats/a.png", tmp_path / "pets" / "cats" / "a.png")], ImageInput(4, 4, 1))
    assert about.stat().st_mtime > 5


def test_one_kind_or_all_is_removed_and_nothing_outside(filled, tmp_path):
    sizes = {entry.kind: entry.bytes for entry in list_cache() if entry.bytes > 16}
    assert empty_cache("decoded") == sizes["decoded"]
    assert {entry.kind for entry in list_cache()} == {"datasets"}
    assert empty_cache() >= 100
    assert list_cache() == []
    assert (tmp_path / "outside" / "kept").read_bytes() == b"kept"


def test_a_kind_that_is_not_there_is_refused(filled):
    with pytest.raises(
        UnknownNameError, match=r"no kind of thing in the cache called 'decode'\. Did you mean"
    ):
        empty_cache("decode")


def test_what_cannot_be_removed_or_read_is_named(filled, monkeypatch):
    def refused(*arguments):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refused)
        with pytest.raises(FileAccessError, match=r"cannot remove .* from the cache: Permission denied"):
            empty_cache("decoded")
    monkeypatch.setattr("pathlib.Path.iterdir", refused)
    with pytest.raises(FileAccessError, match=r"cannot read the cache .*: Permission denied"):
        list_cache()
