"""The contract of data sources catches what does not fit together."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.datasets.source import Data, DataBundle

X = np.zeros((3, 4, 4, 1), np.uint8)


def test_examples_are_picked_with_all_that_is_known_of_them():
    data = Data(np.arange(3)[:, None], np.array([0, 1, 1]), ["a", "b"], ["x.png", "y.png", "z.png"])
    picked = data.take(np.array([2, 0]))
    assert len(picked) == 2
    assert picked.x.tolist() == [[2], [0]]
    assert picked.y.tolist() == [1, 0]
    assert picked.names == ["z.png", "x.png"]
    assert picked.class_names == ["a", "b"]


def test_examples_may_come_without_answers():
    assert Data(X).take(np.array([1])).y is None
    assert len(Data(X[:0], np.zeros(0, int), ["a"])) == 0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"y": np.array([0, 1])}, "one entry of labels: 3 and 2 came"),
        ({"names": ["a"]}, "one entry of names: 3 and 1 came"),
    ],
)
def test_parts_of_different_lengths_are_refused(parts, words):
    with pytest.raises(DataError, match=words):
        Data(X, **parts)


def test_a_single_number_is_no_data():
    with pytest.raises(DataError, match="the data are a single number"):
        Data(np.array(1))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.zeros((3, 1), int), r"whole numbers of shape \(examples,\); got int64 of shape \(3, 1\)"),
        (np.zeros(3), "got float64"),
        (np.array([0, -1, 0]), "labels count from 0; got -1"),
        (np.array([0, 2, 0]), "label 2 has no name: there are 2 class names, for labels 0 to 1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(y, words):
    with pytest.raises(LabelError, match=words):
        Data(X, y, ["a", "b"])


def test_a_bundle_lists_the_parts_that_it_has():
    bundle = DataBundle("toy", Data(X, class_names=["a"]), test=Data(X[:1], class_names=["a"]))
    assert [name for name, _ in bundle.parts()] == ["train", "test"]
    assert bundle.class_names == ["a"]


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (Data(X[..., 0]), None, r"train of toy: images have the axes \(examples, height.*; got \(3, 4, 4\)"),
        (
            Data(X),
            Data(X[:, :2]),
            r"test of toy has examples of shape \(2, 4, 1\), the training part of \(4, 4, 1\)",
        ),
        (Data(X), Data(X, class_names=["a"]), "test of toy has other class names"),
    ],
)
def test_parts_that_do_not_suit_each_other_are_refused(train, test, words):
    with pytest.raises(DataError, match=words):
        DataBundle("toy", train, test)


def test_a_kind_that_is_not_known_is_refused():
    with pytest.raises(ArgumentError, match="kind must be one of 'image', 'signal'; got 'video'"):
        DataBundle("toy", Data(X), kind="video")


def test_a_range_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match=r"pixel_range goes from the lowest .*; got \(1, 0\)"):
        DataBundle("toy", Data(X), pixel_range=(1, 0))
