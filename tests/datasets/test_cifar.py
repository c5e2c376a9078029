"""CIFAR's files are read in both versions, and nothing in them is run."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

from striate.core.errors import ArgumentError, FileAccessError, FileFormatError
from striate.datasets import cifar, cifar10, cifar100
from striate.datasets.cifar import read_plain_pickle

ROWS = 4


def made_rows(number):
    generator = np.random.default_rng(number)
    return generator.integers(0, 256, (ROWS, 3072), np.uint8), generator.integers(0, 10, ROWS, np.uint8)


def files_of_cifar10(version):
    names = cifar10.CIFAR_SET.binary_files if version == "binary" else cifar10.CIFAR_SET.python_files
    contents = {}
    for number, name in enumerate(names):
        pixels, labels = made_rows(number)
        if version == "binary":
            contents[name] = np.concatenate([labels[:, None], pixels], 1).tobytes()
        else:
            contents[name] = pickle.dumps(
                {b"data": pixels, b"labels": labels.tolist(), b"batch_label": b"x"}, 2
            )
    return contents


def pack(path, contents):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    return dataclasses.replace(cifar10.CIFAR_SET, sizes=(5 * ROWS, ROWS))


def check_toy(loaded):
    (x_train, y_train), (x_test, y_test) = loaded
    assert (x_train.shape, y_train.shape) == ((5 * ROWS, 32, 32, 3), (5 * ROWS, 1))
    assert (x_test.shape, y_test.shape) == ((ROWS, 32, 32, 3), (ROWS, 1))
    assert {part.dtype for part in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    for number in range(5):
        pixels, labels = made_rows(number)
        first = number * ROWS
        np.testing.assert_array_equal(y_train[first : first + ROWS, 0], labels)
        for channel in range(3):
            plane = pixels[0, channel * 1024 : (channel + 1) * 1024].reshape(32, 32)
            np.testing.assert_array_equal(x_train[first, :, :, channel], plane)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_a_packed_archive_is_read(toy, tmp_path, version):
    pack(tmp_path / f"cifar-10-{version}.tar.gz", files_of_cifar10(version))
    check_toy(toy.load_data(tmp_path))


@pytest.mark.parametrize("version", ["binary", "python"])
@pytest.mark.parametrize("named", ["the folder of the files", "the folder above"])
def test_an_unpacked_archive_is_read(toy, tmp_path, version, named):
    for name, content in files_of_cifar10(version).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    check_toy(toy.load_data(tmp_path if named == "the folder above" else path.parent))


def test_the_archive_is_fetched_once_into_the_cache(toy, tmp_path, web):
    pack(web.folder / "cifar-10-binary.tar.gz", files_of_cifar10("binary"))
    content = (web.folder / "cifar-10-binary.tar.gz").read_bytes()
    served = dataclasses.replace(
        toy.archive,
        sha256=hashlib.sha256(content).hexdigest(),
        addresses=(f"{web.address}/cifar-10-binary.tar.gz",),
    )
    for _ in range(2):
        check_toy(dataclasses.replace(toy, archive=served).load_data())
    assert len(web.asked) == 1


def test_the_bundle_has_flat_labels_and_class_names(toy, tmp_path, monkeypatch):
    pack(tmp_path / "cifar-10-binary.tar.gz", files_of_cifar10("binary"))
    monkeypatch.setattr(cifar10, "CIFAR_SET", toy)
    assert cifar10.load_data(tmp_path)[0][1].shape == (5 * ROWS, 1)
    bundle = cifar10.load_bundle(tmp_path)
    assert bundle.train.y.shape == (5 * ROWS,)
    assert bundle.class_names[3] == "cat"
    assert bundle.origin == "CIFAR-10: colour images of 32x32 pixels in 10 classes."


def test_fine_and_coarse_labels_are_told_apart(tmp_path, monkeypatch):
    for name in ("CIFAR_SET", "COARSE_CIFAR_SET"):
        monkeypatch.setattr(cifar100, name, dataclasses.replace(getattr(cifar100, name), sizes=(2, 1)))
    row = bytes([7, 90]) + bytes(3072)
    pack(
        tmp_path / "cifar-100-binary.tar.gz",
        {"cifar-100-binary/train.bin": row * 2, "cifar-100-binary/test.bin": row},
    )
    assert cifar100.load_data(data_dir=tmp_path)[0][1].tolist() == [[90], [90]]
    assert cifar100.load_data("coarse", tmp_path)[1][1].tolist() == [[7]]
    assert cifar100.load_bundle(tmp_path).class_names[90] == "train"
    assert (len(cifar100.CLASS_NAMES), len(cifar100.COARSE_CLASS_NAMES)) == (100, 20)
    with pytest.raises(ArgumentError, match="label_mode must be one of 'fine', 'coarse'; got 'rough'"):
        cifar100.load_data("rough")


def test_a_folder_without_the_set_is_refused(toy, tmp_path):
    with pytest.raises(
        FileAccessError, match=r"does not hold CIFAR-10: wanted is cifar-10-binary\.tar\.gz or"
    ):
        toy.load_data(tmp_path)


def test_another_count_of_images_is_refused(tmp_path):
    pack(tmp_path / "cifar-10-binary.tar.gz", files_of_cifar10("binary"))
    with pytest.raises(
        FileFormatError, match=r"CIFAR-10 has 50,000 images in 10 classes here; the files hold 20"
    ):
        cifar10.load_data(tmp_path)


def test_a_label_outside_the_classes_is_refused(toy, tmp_path):
    contents = files_of_cifar10("binary")
    contents["cifar-10-batches-bin/test_batch.bin"] = (bytes([10]) + bytes(3072)) * ROWS
    pack(tmp_path / "cifar-10-binary.tar.gz", contents)
    with pytest.raises(FileFormatError, match=r"the files hold 4, with labels up to 10"):
        toy.load_data(tmp_path)


@pytest.mark.parametrize("content", [b"", bytes(3072)])
def test_rows_that_are_cut_off_are_refused(toy, tmp_path, content):
    pack(tmp_path / "cifar-10-binary.tar.gz", dict.fromkeys(toy.binary_files, content))
    with pytest.raises(
        FileFormatError, match=r"data_batch_1\.bin has .* bytes, which is no number of rows of 3,073"
    ):
        toy.load_data(tmp_path)


def test_an_archive_of_something_else_is_refused(toy, tmp_path):
    pack(tmp_path / "cifar-10-binary.tar.gz", {"letter.txt": b"hello"})
    with pytest.raises(
        FileFormatError, match=r"lacks cifar-10-batches-bin/data_batch_1\.bin, .*Is it the archive of"
    ):
        toy.load_data(tmp_path)


def test_damaged_archives_are_refused(toy, tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    pack(path, files_of_cifar10("binary"))
    whole = path.read_bytes()
    for damaged in (
        b"",
        b"hello",
        whole[: len(whole) // 2],
        gzip.compress(b"hello"),
        whole[:20] + b"\xff" * 500,
    ):
        path.write_bytes(damaged)
        with pytest.raises(FileFormatError, match=r"is damaged: .*Get another copy|lacks cifar"):
            toy.load_data(tmp_path)


def test_a_file_larger_than_any_of_the_set_is_refused(toy, tmp_path, monkeypatch):
    for name, content in files_of_cifar10("binary").items():
        (tmp_path / name.rpartition("/")[2]).write_bytes(content)
    monkeypatch.setattr(cifar, "_MOST_BYTES", 1000)
    with pytest.raises(FileFormatError, match=r"data_batch_1\.bin is larger than any file of this set"):
        toy.load_data(tmp_path)


@pytest.mark.parametrize(
    "batch",
    [
        [],
        {b"data": np.zeros((2, 3072), np.uint8)},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 300]},
        {b"data": np.zeros((2, 5), np.uint8), b"labels": [1, 1]},
        {b"data": np.zeros((2, 3072), np.float32), b"labels": [1, 1]},
        {b"data": [1, 2], b"labels": [1, 1]},
    ],
)
def test_a_python_batch_of_something_else_is_refused(toy, tmp_path, batch):
    pack(tmp_path / "cifar-10-python.tar.gz", dict.fromkeys(toy.python_files, pickle.dumps(batch, 2)))
    with pytest.raises(FileFormatError, match=r"does not hold rows of 3,072 pixels with as many labels"):
        toy.load_data(tmp_path)


def test_an_array_stored_by_columns_is_read(toy, tmp_path):
    pixels, labels = made_rows(0)
    batch = pickle.dumps({b"data": np.asfortranarray(pixels), b"labels": labels.tolist()}, 2)
    pack(tmp_path / "cifar-10-python.tar.gz", dict.fromkeys(toy.python_files, batch))
    (x_train, _), _ = toy.load_data(tmp_path)
    np.testing.assert_array_equal(x_train[1, :, :, 2], pixels[1, 2048:].reshape(32, 32))


def test_a_batch_written_by_python_2_is_read(toy, tmp_path):
    # As the published files are: short texts where Python 3 has bytes.
    pixels, _ = made_rows(0)
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = b"T" + struct.pack("<i", ROWS * 3072) + pixels.tobytes()
    state = b"(K\x01K" + bytes([ROWS]) + b"M\x00\x0c\x86" + dtype + b"\x89" + content + b"tb"
    labels = b"(lK\x03aK\x01aK\x04aK\x01a"
    batch = b"\x80\x02}(U\x04data" + array + state + b"U\x06labels" + labels + b"u."
    pack(tmp_path / "cifar-10-python.tar.gz", dict.fromkeys(toy.python_files, batch))
    _, (x_test, y_test) = toy.load_data(tmp_path)
    assert y_test.tolist() == [[3], [1], [4], [1]]
    np.testing.assert_array_equal(x_test[2, :, :, 1], pixels[2, 1024:2048].reshape(32, 32))


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("made_by_a_pickle",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Hostile()),
        b"cbuiltins\neval\n(S'1+1'\ntR.",
        b"cnumpy\nload\n.",
        b"",
        b"hello",
        b"\x80\x02]q\x00(K\x01",
        b"cnumpy\ndtype\n(tR}(S'name'\nI1\nu\x85b.",
        b"c_codecs\nencode\n}(S'a'\nI1\nub.",
        b"c_codecs\nencode\nN}(S'__new__'\nI1\nu\x86b.",
        b"c_codecs\nencode\n(S'a'\ntR.",
        b"\x8c\x04abcd\x93.",
        b"\x80\x02U\xff.",
    ],
)
def test_a_pickle_that_asks_for_more_than_data_is_refused_and_not_run(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {
        name: vars(getattr(cifar, name)).copy() for name in ("_BytesAsText", "_DtypeName", "_ArrayOfBytes")
    }
    if content.startswith(b"cnumpy\ndtype"):
        read_plain_pickle(content, "batch")
    else:
        with pytest.raises(FileFormatError, match=r"batch is not a pickle of plain data: "):
            read_plain_pickle(content, "batch")
    assert list(tmp_path.iterdir()) == []
    assert {name: vars(getattr(cifar, name)).copy() for name in before} == before


@pytest.mark.parametrize("shape", [(-1, -3072), (0, 3072), (2, 3072)])
def test_an_array_that_tells_of_another_size_than_it_has_is_refused(toy, tmp_path, shape):
    array = np.zeros((1, 3072), np.uint8)
    content = pickle.dumps({b"data": array, b"labels": [1]}, 2)
    size = struct.pack("<H", 3072)
    old = b"K\x01M" + size
    assert content.count(old) == 1
    new = b"".join(b"J" + struct.pack("<i", length) for length in shape)
    pack(tmp_path / "cifar-10-python.tar.gz", dict.fromkeys(toy.python_files, content.replace(old, new)))
    with pytest.raises(FileFormatError, match="does not hold rows of 3,072 pixels"):
        toy.load_data(tmp_path)
