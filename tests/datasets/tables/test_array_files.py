"""Arrays are found by their path: NumPy's, MATLAB's, IDX and CIFAR's files, with their labels and parts."""

from __future__ import annotations

import dataclasses
import gzip
import pickle

import numpy as np
import pytest
from scipy.io import savemat

from striate.core.errors import DataError, FileAccessError, FileFormatError
from striate.datasets import cifar10
from striate.datasets.options import SourceOptions
from striate.datasets.tables.array_files import load_array_file
from tests.datasets.test_cifar import ROWS, check_toy, files_of_cifar10, pack
from tests.datasets.test_idx import NAMES, idx_bytes

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (6, 5, 4, 3), np.uint8)
SERIES = RANDOM.normal(size=(6, 64, 100)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def check(bundle, x, labels=LABELS, **parts):
    np.testing.assert_array_equal(bundle.train.x, x)
    assert bundle.train.y.tolist() == list(labels)
    assert {name: len(data) for name, data in bundle.parts()} == {"train": len(x), **parts}


@pytest.mark.parametrize(
    ("x_name", "y_name"),
    [
        ("x", "y"),
        ("X", "y"),
        ("X", "Y"),
        ("features", "features_labels"),
        ("features", "labels"),
        ("scan", "scan_y"),
        ("my_images", "my_labels"),
        ("spectra", "targets"),
    ],
)
def test_an_array_finds_its_labels_beside_it(tmp_path, x_name, y_name):
    np.save(tmp_path / f"{x_name}.npy", SERIES)
    np.save(tmp_path / f"{y_name}.npy", LABELS)
    bundle = load_array_file(tmp_path / f"{x_name}.npy")
    check(bundle, SERIES)
    assert (bundle.kind, bundle.train.x.shape[1:], bundle.name) == ("signal", (64, 100), x_name)
    assert bundle.train.names[:2] == ["x[0]", "x[1]"]


@pytest.mark.parametrize("named", ["x_train.npy", "y_train.npy", "x_test.npy", ""])
def test_arrays_of_all_parts_are_found_beside_each_other(tmp_path, named):
    for part, count in (("train", 6), ("test", 3), ("val", 2)):
        np.save(tmp_path / f"x_{part}.npy", IMAGES[:count])
        np.save(tmp_path / f"y_{part}.npy", LABELS[:count])
    np.save(tmp_path / "class_names.npy", np.array(["a", "b", "c"]))
    bundle = load_array_file(tmp_path / named)
    check(bundle, IMAGES, validation=2, test=3)
    assert (bundle.kind, bundle.class_names) == ("image", ["a", "b", "c"])
    assert bundle.test.names == ["x_test[0]", "x_test[1]", "x_test[2]"]


@pytest.mark.parametrize("named", ["train_images.npy", "val_labels.npy"])
def test_medmnists_names_are_found_as_files_too(tmp_path, named):
    for part, count in (("train", 6), ("val", 2)):
        np.save(tmp_path / f"{part}_images.npy", IMAGES[:count])
        np.save(tmp_path / f"{part}_labels.npy", LABELS[:count, None])
    check(load_array_file(tmp_path / named), IMAGES, validation=2)


def test_class_names_may_lie_beside_an_array(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    np.save(tmp_path / "y.npy", LABELS)
    np.save(tmp_path / "class_names.npy", np.array(["a", "b", "c"]))
    assert load_array_file(tmp_path / "x.npy").class_names == ["a", "b", "c"]


def test_fifty_steps_of_one_channel_arrive(tmp_path):
    for shape in ((6, 50), (6, 50, 1)):
        np.savez(tmp_path / "s.npz", x=np.ones(shape, np.float32), y=LABELS)
        assert load_array_file(tmp_path / "s.npz").train.x.shape == (6, 50, 1)


def test_the_only_archive_in_a_folder_is_taken(tmp_path):
    np.savez(tmp_path / "s.npz", x=IMAGES, y=LABELS)
    check(load_array_file(tmp_path), IMAGES)


def test_rows_that_hold_nan_go_by_the_policy(tmp_path):
    x = np.ones((40, 8), np.float32)
    x[7, 3] = np.nan
    np.savez(tmp_path / "s.npz", x=x, y=np.arange(40) % 2)
    bundle = load_array_file(tmp_path / "s.npz")
    assert len(bundle.train) == 39
    assert bundle.train.names[6:8] == ["x[6]", "x[8]"]
    assert bundle.train.y[6:8].tolist() == [0, 0]
    assert [(bad.name, bad.reason) for bad in bundle.bad_files] == [("x[7]", "holds NaN")]
    with pytest.raises(DataError, match=r"x\[7\]: holds NaN"):
        load_array_file(tmp_path / "s.npz", SourceOptions(bad_files="error"))
    x[:5] = np.inf
    np.savez(tmp_path / "s.npz", x=x, y=np.arange(40) % 2)
    with pytest.raises(DataError, match=r"more than 5%.*\n  x\[0\]: holds infinity"):
        load_array_file(tmp_path / "s.npz")


def test_a_limit_takes_so_many_of_each_class(tmp_path):
    np.savez(tmp_path / "s.npz", x=IMAGES, y=LABELS)
    assert np.bincount(load_array_file(tmp_path / "s.npz", SourceOptions(limit=1)).train.y).tolist() == [
        1,
        1,
        1,
    ]


def test_an_array_without_labels_is_refused(tmp_path):
    np.save(tmp_path / "scan.npy", IMAGES)
    with pytest.raises(FileAccessError, match=r"wanted is scan_labels\.npy or y\.npy beside it"):
        load_array_file(tmp_path / "scan.npy")


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "damaged or no .npy"), (b"\x93NUMPY\x01\x00v", "damaged")]
)
def test_damaged_arrays_are_refused(tmp_path, content, words):
    np.save(tmp_path / "y.npy", LABELS)
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(FileFormatError, match=f"x.npy is {words}"):
        load_array_file(tmp_path / "x.npy")


def test_an_array_of_objects_is_refused(tmp_path):
    np.save(tmp_path / "y.npy", LABELS)
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + b"F\x00" + (
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n"
    ) + pickle.dumps([1]))  # fmt: skip
    with pytest.raises(FileFormatError, match="holds Python objects"):
        load_array_file(tmp_path / "x.npy")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileAccessError, match="no file or folder of arrays"):
        load_array_file(tmp_path / "x.npz")
    (tmp_path / "x.npy").mkdir()
    with pytest.raises(FileAccessError, match=r"cannot read .*x\.npy"):
        load_array_file(tmp_path)
    (tmp_path / "x.npy").rmdir()
    (tmp_path / "letter.doc").write_text("hello")
    with pytest.raises(DataError, match=r"holds letter\.doc, and no arrays with labels"):
        load_array_file(tmp_path)


# --- MATLAB -------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("labels", [LABELS[:, None] + 1.0, LABELS[None] + 1.0])
def test_a_matlab_file_of_spectra_is_read(tmp_path, labels, packed):
    spectra = RANDOM.normal(size=(6, 50))
    others = {
        "remark": "mine",
        "cells": np.array([1, "a"], object),
        "nothing": np.zeros((0, 0)),
        "waves": np.array([1 + 2j]),
        "person": {"name": "me"},
        "truth": np.array([True]),
    }
    savemat(tmp_path / "s.mat", {"X": spectra, "y": labels, **others}, do_compression=packed)
    bundle = load_array_file(tmp_path / "s.mat")
    check(bundle, spectra[..., None])
    assert (bundle.class_names, bundle.kind) == (["1", "2", "3"], "signal")


def test_words_of_matlab_are_labels(tmp_path):
    cells = np.empty((6, 1), object)
    cells[:, 0] = ["oak", "elm", "oak", "elm", "oak", "elm"]
    savemat(tmp_path / "cells.mat", {"X": SERIES, "Y": cells})
    savemat(tmp_path / "chars.mat", {"data": SERIES, "labels": np.array(["oak", "elm ", "yew"] * 2)})
    check(load_array_file(tmp_path / "cells.mat"), SERIES, [1, 0] * 3)
    assert load_array_file(tmp_path / "chars.mat").class_names == ["elm", "oak", "yew"]


def svhn(count):
    x = RANDOM.integers(0, 256, (32, 32, 3, count), np.uint8)
    return {"X": x, "y": (np.arange(count) % 10 + 1).astype(np.uint8)[:, None]}


@pytest.mark.parametrize("named", ["train_32x32.mat", "test_32x32.mat", ""])
def test_svhn_arrives_with_zero_for_ten(tmp_path, named):
    parts = {"train": svhn(20), "test": svhn(11)}
    for part, arrays in parts.items():
        savemat(tmp_path / f"{part}_32x32.mat", arrays)
    bundle = load_array_file(tmp_path / named)
    check(bundle, np.moveaxis(parts["train"]["X"], 3, 0), [*range(1, 10), 0] * 2, test=11)
    assert bundle.class_names == [str(digit) for digit in range(10)]
    assert bundle.test.y.tolist() == [*range(1, 10), 0, 1]
    assert (bundle.kind, bundle.pixel_range) == ("image", (0, 255))
    assert "train_32x32.mat, test_32x32.mat" in bundle.origin


def test_matlab_files_that_only_look_like_parts_stay_alone(tmp_path):
    arrays = {"x_train": SERIES, "y_train": LABELS}
    for name in ("leaf_train", "leaf_test"):
        savemat(tmp_path / f"{name}.mat", arrays)
    check(load_array_file(tmp_path / "leaf_test.mat"), SERIES)


def test_matlab_files_that_cannot_be_read_are_refused(tmp_path):
    path = tmp_path / "s.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(FileFormatError, match=r"version 7\.3.*save\('s\.mat', '-v7'\).*h5py"):
        load_array_file(path)
    savemat(path, {"X": SERIES, "y": LABELS})
    whole = path.read_bytes()
    for content in (b"", b"no such file", whole[:200], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(
            FileFormatError, match=r"s\.mat is damaged or no MATLAB file of version 5 to 7\.2"
        ):
            load_array_file(path)
    with pytest.raises(FileAccessError, match="no file or folder of arrays"):
        load_array_file(tmp_path / "t.mat")


# --- IDX and CIFAR ------------------------------------------------------------------------------


def write_idx(folder, names=NAMES, label=0):
    for number, name in enumerate(names):
        count = 6 if number < 2 else 3
        array = (LABELS[:count] + label).astype(np.uint8) if number % 2 else IMAGES[:count, ..., 0]
        content = idx_bytes(array)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (NAMES, ""),
        (NAMES, NAMES[0]),
        (NAMES, NAMES[3]),
        ([f"{name}.gz" for name in NAMES], ""),
        ([name.replace("-idx", ".idx") for name in NAMES], "train-images.idx3-ubyte"),
        ([f"emnist-letters-{name}".replace("t10k", "test") + ".gz" for name in NAMES], ""),
    ],
)
def test_idx_files_of_any_name_arrive(tmp_path, names, named):
    write_idx(tmp_path, names)
    bundle = load_array_file(tmp_path / named)
    check(bundle, IMAGES[..., :1], test=3)
    assert bundle.pixel_range == (0, 255)
    assert bundle.test.y.tolist() == [0, 1, 2]


def test_one_pair_of_idx_files_is_all_the_data(tmp_path):
    write_idx(tmp_path, NAMES[2:])
    (tmp_path / NAMES[3]).write_bytes(idx_bytes((LABELS + 1).astype(np.uint8)))
    bundle = load_array_file(tmp_path / NAMES[2])
    check(bundle, IMAGES[..., :1])
    assert bundle.class_names == ["1", "2", "3"]
    for name in NAMES[2:]:
        (tmp_path / name).rename(tmp_path / name.replace("t10k", "mine"))
    check(load_array_file(tmp_path), IMAGES[..., :1])


def test_idx_files_that_do_not_belong_together_are_refused(tmp_path):
    write_idx(tmp_path, NAMES)
    (tmp_path / NAMES[1]).write_bytes(idx_bytes(IMAGES[..., 0]))
    with pytest.raises(DataError, match=r"labels \(examples,\)"):
        load_array_file(tmp_path)
    (tmp_path / NAMES[1]).unlink()
    with pytest.raises(FileAccessError, match="no labels beside it: wanted is train-labels-idx1-ubyte"):
        load_array_file(tmp_path)
    write_idx(tmp_path, NAMES)
    write_idx(tmp_path, [f"other-{name}" for name in NAMES])
    with pytest.raises(DataError, match="holds several sets: , other"):
        load_array_file(tmp_path)
    check(load_array_file(tmp_path / f"other-{NAMES[0]}"), IMAGES[..., :1], test=3)


@pytest.fixture
def small_cifar(monkeypatch):
    monkeypatch.setattr(cifar10, "CIFAR_SET", dataclasses.replace(cifar10.CIFAR_SET, sizes=(5 * ROWS, ROWS)))


@pytest.mark.parametrize("version", ["binary", "python"])
@pytest.mark.parametrize("packed", [True, False])
def test_cifar_arrives_by_its_archive_folder_or_file(small_cifar, tmp_path, version, packed):
    contents = files_of_cifar10(version)
    inner = tmp_path / next(iter(contents)).split("/")[0]
    if packed:
        places = [tmp_path / f"cifar-10-{version}.tar.gz"]
        pack(places[0], contents)
    else:
        inner.mkdir()
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
        places = [tmp_path, inner, tmp_path / next(iter(contents))]
    for place in places:
        bundle = load_array_file(place)
        train, test = bundle.train, bundle.test
        check_toy(((train.x, train.y.astype(np.uint8)[:, None]), (test.x, test.y.astype(np.uint8)[:, None])))
        assert bundle.class_names == cifar10.CLASS_NAMES
        assert (train.names[0], test.names[-1]) == ("train[0]", f"test[{ROWS - 1}]")


def test_a_limit_goes_for_cifar_too(small_cifar, tmp_path):
    pack(tmp_path / "cifar-10-binary.tar.gz", files_of_cifar10("binary"))
    bundle = load_array_file(tmp_path / "cifar-10-binary.tar.gz", SourceOptions(limit=1))
    assert np.bincount(bundle.train.y).max() == 1
    assert bundle.origin.endswith("at most 1 a class to train on.")


@pytest.mark.parametrize("x_name", ["X", "features"])
def test_examples_along_the_last_axis_of_a_matlab_file_are_turned_and_it_is_said(tmp_path, x_name):
    x = RANDOM.integers(0, 256, (8, 8, 30), np.uint8)
    y_name = "y" if x_name == "X" else "labels"
    savemat(tmp_path / "s.mat", {x_name: x, y_name: np.arange(30) % 2})
    bundle = load_array_file(tmp_path / "s.mat")
    check(bundle, np.moveaxis(x, -1, 0)[..., None], np.arange(30) % 2)
    assert f"{x_name} of (8, 8, 30) counts its examples along the last axis: turned to" in bundle.origin


def test_rows_of_a_matlab_file_may_be_its_columns(tmp_path):
    x = RANDOM.normal(size=(12, 30))
    savemat(tmp_path / "s.mat", {"X": x, "y": np.arange(30) % 2})
    check(load_array_file(tmp_path / "s.mat"), x.T[..., None], np.arange(30) % 2)


@pytest.mark.parametrize("shape", [(6, 3, 32, 32), (6, 1, 9, 12), (6, 4, 5, 5)])
def test_channels_that_come_first_are_refused(tmp_path, shape):
    np.savez(tmp_path / "x.npz", x=np.zeros(shape, np.uint8), y=LABELS)
    with pytest.raises(
        DataError, match=r"channels seem to come first; move them last: np\.moveaxis\(x, 1, -1\)"
    ):
        load_array_file(tmp_path / "x.npz")


@pytest.mark.parametrize("shape", [(6, 3, 32, 3), (6, 4, 4, 1), (6, 3, 5, 6), (6, 32, 32, 7)])
def test_images_that_only_look_like_it_are_taken(tmp_path, shape):
    np.savez(tmp_path / "x.npz", x=np.zeros(shape, np.uint8), y=LABELS)
    assert load_array_file(tmp_path / "x.npz").train.x.shape == shape
