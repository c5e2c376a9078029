"""Arrays of an .npz archive become a bundle, or a sentence says why not."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from striate.core.errors import ArgumentError, DataError, FileAccessError, FileFormatError, LabelError
from striate.datasets.tables.arrays import load_arrays

IMAGES = np.arange(4 * 5 * 5 * 3, dtype=np.uint8).reshape(4, 5, 5, 3)
LABELS = np.array([0, 1, 1, 0])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.npz"


@pytest.mark.parametrize(
    "names", ["x_train y_train", "X_train y_train", "train_images train_labels", "x y", "X y"]
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_training_part_is_found_by_any_of_its_names(path, names, save):
    x, y = names.split()
    save(path, **{x: IMAGES, y: LABELS})
    bundle = load_arrays(path)
    np.testing.assert_array_equal(bundle.train.x, IMAGES)
    assert bundle.train.y.tolist() == LABELS.tolist()
    assert (bundle.name, bundle.kind, bundle.pixel_range) == ("mine", "image", (0, 255))
    assert (bundle.test, bundle.validation) == (None, None)
    assert bundle.origin == f"Arrays {x}, {y} of {path}."


def test_all_parts_of_medmnist_are_found(path):
    parts = {}
    for count, part in enumerate(("train", "val", "test"), start=2):
        parts |= {f"{part}_images": IMAGES[:count, ..., 0], f"{part}_labels": LABELS[:count, None]}
    np.savez(path, **parts)
    bundle = load_arrays(path)
    assert {name: data.x.shape for name, data in bundle.parts()} == {
        "train": (2, 5, 5, 1),
        "validation": (3, 5, 5, 1),
        "test": (4, 5, 5, 1),
    }
    assert bundle.train.y.shape == (2,)
    assert bundle.origin.endswith("; a channel axis was added.")


@pytest.mark.parametrize(
    ("x", "kind", "shape"),
    [
        (np.zeros((4, 5, 6), np.uint8), "image", (4, 5, 6, 1)),
        (np.zeros((4, 5, 5)), "image", (4, 5, 5, 1)),
        (np.zeros((4, 64, 100)), "signal", (4, 64, 100)),
        (np.zeros((4, 50)), "signal", (4, 50, 1)),
    ],
)
def test_images_and_signals_are_told_apart_by_their_axes(path, x, kind, shape):
    np.savez(path, x=x, y=LABELS)
    bundle = load_arrays(path)
    assert (bundle.kind, bundle.train.x.shape) == (kind, shape)
    assert (bundle.pixel_range is None) == (kind == "signal")


def test_a_person_can_say_what_the_axes_mean(path):
    np.savez(path, x=np.zeros((4, 5, 5)), y=LABELS)
    assert load_arrays(path, kind="signal").train.x.shape == (4, 5, 5)
    with pytest.raises(ArgumentError, match="kind must be one of 'image', 'signal'"):
        load_arrays(path, kind="film")
    np.savez(path, x=IMAGES, y=LABELS)
    with pytest.raises(DataError, match=r"signals have the axes \(examples, steps, channels\)"):
        load_arrays(path, kind="signal")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 1], bool), (0, 1)),
        (np.array([0, 9], np.uint16), (0, 65535)),
        (np.array([0.2, 0.9]), (0, 1)),
        (np.array([-0.2, 0.9]), (-1, 1)),
        (np.array([0, 200.0]), (0, 255)),
        (np.array([0, 16.0]), (0, 16)),
        (np.array([-5.0, 3.0]), (-5, 3)),
        (np.array([7000.0, 7000.0]), (7000, 7001)),
    ],
)
def test_the_range_of_the_pixels_is_read_off(path, values, expected):
    np.savez(path, x=np.resize(values, (4, 2, 2, 1)), y=LABELS)
    assert load_arrays(path).pixel_range == expected


def test_labels_in_words_give_class_names_to_all_parts(path):
    np.savez(
        path,
        x_train=IMAGES,
        y_train=["dog", "cat", "dog", "cat"],
        x_test=IMAGES[:1],
        y_test=np.array(["dog"]),
    )
    bundle = load_arrays(path)
    assert bundle.class_names == ["cat", "dog"]
    assert bundle.train.y.tolist() == [1, 0, 1, 0]
    assert bundle.test.y.tolist() == [1]
    assert "labels cat to dog were numbered 0 to 1" in bundle.origin


def test_class_names_may_stand_in_the_file(path):
    np.savez(path, x=IMAGES, y=LABELS, class_names=np.array(["off", "on", "broken"]))
    assert load_arrays(path).class_names == ["off", "on", "broken"]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": IMAGES}, r"mine\.npz holds a \(4, 5, 5, 3\)\. Wanted are x_train and y_train"),
        ({}, r"mine\.npz holds nothing\. Wanted are"),
        (
            {"x": IMAGES, "y": LABELS[:3]},
            r"x has the shape \(4, 5, 5, 3\) and y \(3,\); every example takes one label",
        ),
        ({"x": np.array(1), "y": LABELS}, r"x has the shape \(\) and y \(4,\)"),
        ({"x": IMAGES[:0], "y": LABELS[:0]}, r"x in .* holds no examples"),
        ({"x": np.array(["a"] * 4), "y": LABELS}, "has dtype <U1; examples are made of real numbers"),
        ({"x": np.zeros((4, 2, 2, 2, 2)), "y": LABELS}, r"has the shape \(4, 2, 2, 2, 2\); images take"),
        ({"x": np.zeros(4), "y": LABELS}, r"has the shape \(4,\); images take"),
        (
            {"x": IMAGES, "y": LABELS, "class_names": np.array(["a", "a"])},
            "class_names in .* a row of different texts",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(path, arrays, words):
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=words):
        load_arrays(path)


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_gaps_in_the_data_are_named_with_their_row(path, value, word):
    x = np.ones((4, 50), np.float32)
    x[2, 7] = x[3, 1] = value
    np.savez(path, x=x, y=LABELS)
    with pytest.raises(DataError, match=rf"x in .* holds {word} in row 2 \(2 of 4 rows hold such values\)"):
        load_arrays(path)


def test_large_numbers_are_no_gaps(path):
    np.savez(path, x=np.full((4, 50), 6e4, np.float16), y=LABELS)
    assert load_arrays(path).train.x.shape == (4, 50, 1)


def test_labels_that_cannot_be_read_are_refused_with_the_file(path):
    np.savez(path, x=IMAGES, y=np.array([[1, 1], [0, 1], [1, 0], [0, 1]]))
    with pytest.raises(
        LabelError, match=r"mine\.npz: labels of shape \(4, 2\) .* row 0 has several classes at once"
    ):
        load_arrays(path)


def test_python_objects_are_refused(path):
    np.savez(path, x=np.array([[1], [1, 2]], object), y=LABELS[:2])
    with pytest.raises(
        FileFormatError, match="an array of Python objects, which could run any program when opened"
    ):
        load_arrays(path)


def test_a_single_array_is_refused(path):
    with Path(path).open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(FileFormatError, match="is a single array; put examples and labels into one"):
        load_arrays(path)


def test_damaged_files_are_refused(path):
    np.savez_compressed(path, x=IMAGES, y=LABELS)
    whole = path.read_bytes()
    spoilt = bytearray(whole)
    spoilt[60:90] = bytes(30)
    for damaged in (b"", b"hello", whole[:100], bytes(spoilt), pickle.dumps([1])):
        path.write_bytes(damaged)
        with pytest.raises(
            FileFormatError, match=r"is damaged or no \.npz file\. Write it again with np\.savez"
        ):
            load_arrays(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*absent\.npz: No such file"):
        load_arrays(tmp_path / "absent.npz")
    with pytest.raises(FileAccessError, match=r"expected an \.npz file but .* is a folder"):
        load_arrays(tmp_path)
