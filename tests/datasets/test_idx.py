"""IDX files are read strictly, and sets of them are found where they may be."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets import fashion_mnist, idx, mnist
from striate.datasets.idx import IdxSet, read_idx

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_bytes(array, code=8):
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}L", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    images = [generator.integers(0, 256, (count, 4, 4), dtype=np.uint8) for count in (6, 3)]
    labels = [np.array([0, 1, 2, 0, 1, 2], np.uint8), np.array([2, 1, 0], np.uint8)]
    return [images[0], labels[0], images[1], labels[1]]


@pytest.fixture
def folder(tmp_path, arrays):
    place = tmp_path / "files"
    place.mkdir()
    for name, array in zip(NAMES, arrays, strict=True):
        (place / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array), mtime=0))
    return place


@pytest.fixture
def toy(monkeypatch, tmp_path, folder):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    checksums = tuple(hashlib.sha256((folder / f"{name}.gz").read_bytes()).hexdigest() for name in NAMES)
    return IdxSet("toy", "Toy set", ("a", "b", "c"), ("http://127.0.0.1:9",), checksums, (), (6, 3), side=4)


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")]
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_kind_of_number_is_read_packed_or_not(tmp_path, code, dtype, pack):
    array = np.arange(-6, 6).astype(dtype).reshape(2, 3, 2)
    (tmp_path / "file").write_bytes(pack(idx_bytes(array, code)))
    read = read_idx(tmp_path / "file")
    assert read.dtype == np.dtype(dtype)
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


GOOD = idx_bytes(np.arange(6, dtype=np.uint8).reshape(2, 3))
PACKED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not an IDX file: it begins with nothing"),
        (b"PK\x03\x04", "it begins with 50 4b 03 04, where 00 00, a kind of number"),
        (b"\0\0\x07\x01", "is not an IDX file"),
        (b"\0\0\x08\x00", "is not an IDX file"),
        (b"\0\0\x08\x09", "is not an IDX file"),
        (GOOD[:9], "is cut off within its first lines"),
        (GOOD[:-1], r"says it holds \(2, 3\), 6 bytes, but there are only 5"),
        (GOOD + b"\0", "6 bytes, but there are more"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "more than Striate reads"),
        (PACKED[:-9], "is damaged: "),
        (PACKED[:-8] + bytes(8), "is damaged: CRC check failed"),
        (b"\x1f\x8b" + bytes(20), "is damaged: "),
        (PACKED[:10] + b"\xff" * 20, "is damaged: "),
    ],
)
def test_damaged_files_are_refused_with_the_reason(tmp_path, content, words):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FileFormatError, match=words):
        read_idx(tmp_path / "file")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*absent: No such file"):
        read_idx(tmp_path / "absent")


def test_a_set_is_read_from_the_folder_that_is_named(toy, folder, arrays):
    (x_train, y_train), (x_test, y_test) = toy.load_data(folder)
    for read, written in zip((x_train, y_train, x_test, y_test), arrays, strict=True):
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, written)


def test_unpacked_files_are_taken_too(toy, folder, arrays):
    for name in NAMES:
        packed = folder / f"{name}.gz"
        (folder / name).write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    np.testing.assert_array_equal(toy.load_data(folder)[0][0], arrays[0])


def test_the_bundle_has_a_channel_axis_and_class_names(toy, folder):
    bundle = toy.load_bundle(folder)
    assert bundle.train.x.shape == (6, 4, 4, 1)
    assert bundle.train.y.dtype == np.int64
    assert bundle.class_names == ["a", "b", "c"]
    assert bundle.origin == "Toy set: grey images of 4x4 pixels in 3 classes."


def test_the_systems_folder_comes_before_the_cache(toy, folder):
    assert len(dataclasses.replace(toy, system_folders=("/nowhere", str(folder))).load_data()[0][0]) == 6


def test_what_is_in_the_cache_is_not_fetched(toy, folder, tmp_path):
    (tmp_path / "cache" / "datasets").mkdir(parents=True)
    folder.rename(tmp_path / "cache" / "datasets" / "toy")
    assert len(toy.load_data()[0][0]) == 6


def test_else_the_files_are_fetched_into_the_cache(toy, folder, tmp_path, web):
    for path in folder.iterdir():
        (web.folder / path.name).write_bytes(path.read_bytes())
    served = dataclasses.replace(toy, addresses=("http://127.0.0.1:9", web.address))
    assert len(served.load_data()[0][0]) == 6
    assert sorted(path.name for path in (tmp_path / "cache/datasets/toy").iterdir()) == sorted(
        f"{name}.gz" for name in NAMES
    )


def test_without_files_or_network_it_is_said_how_to_get_them(toy, tmp_path):
    with pytest.raises(
        FileAccessError, match=r"train-images-idx3-ubyte\.gz could not be downloaded.*put it into .*toy"
    ):
        toy.load_data()


def test_a_folder_without_the_files_is_refused(toy, tmp_path):
    with pytest.raises(
        FileAccessError, match=r"does not hold Toy set: wanted are train-images-idx3-ubyte, .*\.gz"
    ):
        toy.load_data(tmp_path)


@pytest.mark.parametrize(
    ("number", "array", "words"),
    [
        (
            0,
            np.zeros((6, 5, 4), np.uint8),
            r"holds uint8 of shape \(6, 5, 4\); this file of Toy set holds uint8 of",
        ),
        (3, np.zeros(4, np.uint8), r"holds uint8 of shape \(4,\)"),
        (1, np.array([0, 1, 2, 3, 0, 0], np.uint8), "holds label 3; Toy set has 3 classes"),
    ],
)
def test_files_of_another_set_are_refused(toy, folder, number, array, words):
    (folder / f"{NAMES[number]}.gz").write_bytes(gzip.compress(idx_bytes(array)))
    with pytest.raises(FileFormatError, match=words):
        toy.load_data(folder)


@pytest.mark.parametrize("module", [fashion_mnist, mnist])
def test_the_named_sets_have_four_files_at_two_addresses_each(module):
    files = module.IDX_SET.remote_files()
    assert [file.name for file in files] == [f"{name}.gz" for name in NAMES]
    assert all(len(file.sha256) == 64 and len(file.addresses) == 2 for file in files)
    assert all(address.endswith("/" + file.name) for file in files for address in file.addresses)


@pytest.mark.parametrize("module", [fashion_mnist, mnist])
def test_the_named_sets_read_the_folder_that_is_named(module, folder, monkeypatch):
    monkeypatch.setattr(module, "IDX_SET", dataclasses.replace(module.IDX_SET, sizes=(6, 3), side=4))
    assert module.load_data(folder)[1][0].shape == (3, 4, 4)
    assert module.load_bundle(folder).class_names == module.CLASS_NAMES


def test_the_largest_size_is_kept_below_what_memory_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "_LARGEST", 5)
    (tmp_path / "file").write_bytes(GOOD)
    with pytest.raises(FileFormatError, match=r"says it holds \(2, 3\), 6\.00 B: more than Striate reads"):
        read_idx(tmp_path / "file")


DEBIAN = Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_fashion_mnist_of_the_system_is_the_set_that_everybody_knows():
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (y_train.dtype, x_train.dtype) == (np.uint8, np.uint8)
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10
    content = hashlib.sha256(idx_bytes(x_train)).hexdigest()
    assert content == "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    assert fashion_mnist.CLASS_NAMES[y_train[0]] == "Ankle boot"
