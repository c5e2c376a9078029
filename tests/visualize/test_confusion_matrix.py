"""Counts of which class was answered for which, and the caption's sentences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import DataError, LabelError
from striate.visualize import count_confusions

TRUE = [0, 0, 0, 1, 1, 2]
PREDICTED = [0, 1, 1, 1, 0, 2]


def test_rows_are_the_true_classes_and_columns_the_answers():
    picture = count_confusions(TRUE, PREDICTED, ["cat", "dog", "owl"])
    np.testing.assert_array_equal(picture.counts, [[1, 2, 0], [1, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(picture.shares, [[1 / 3, 2 / 3, 0], [0.5, 0.5, 0], [0, 0, 1]])
    assert picture.row_names == picture.column_names == ("cat", "dog", "owl")
    assert (picture.row_label, picture.column_label) == ("true class", "predicted class")


def test_the_counts_are_those_of_a_plain_loop():
    generator = np.random.default_rng(0)
    true, predicted = generator.integers(0, 7, (2, 500))
    wanted = np.zeros((7, 7), int)
    for row, column in zip(true, predicted, strict=True):
        wanted[row, column] += 1
    np.testing.assert_array_equal(count_confusions(true, predicted).counts, wanted)


def test_the_caption_says_the_share_that_is_right_and_the_most_frequent_mistakes():
    caption = count_confusions(TRUE, PREDICTED, ["cat", "dog", "owl"]).caption
    assert caption.startswith(
        "3 of 6 examples (50.0%) are right. "
        "Most frequent mistakes: cat taken for dog, 2 times; dog taken for cat, once."
    )


def test_a_faultless_result_names_no_mistakes():
    caption = count_confusions([0, 1], [0, 1]).caption
    assert caption.startswith("2 of 2 examples (100.0%) are right. Blue cells are right")


def test_a_class_without_examples_keeps_its_empty_row():
    picture = count_confusions([0], [0], ["a", "b"])
    np.testing.assert_array_equal(picture.shares, [[1, 0], [0, 0]])


def test_columns_of_labels_and_tensors_are_taken():
    column = count_confusions(np.array(TRUE)[:, None], torch.tensor(PREDICTED))
    np.testing.assert_array_equal(column.counts, count_confusions(TRUE, PREDICTED).counts)
    assert column.row_names == ("0", "1", "2")


def test_labels_that_cannot_be_counted_are_refused():
    with pytest.raises(DataError, match="there are 2 true labels but 1 predicted ones"):
        count_confusions([0, 1], [0])
    with pytest.raises(DataError, match="needs at least one example; got none"):
        count_confusions([], [])
    with pytest.raises(DataError, match=r"predicted takes one class number an example; got \(1, 3\).*argmax"):
        count_confusions([0], [[0.1, 0.8, 0.1]])
    with pytest.raises(DataError, match=r"true takes whole class numbers .*; got float64 of shape \(1,\)"):
        count_confusions([0.5], [0])
    with pytest.raises(LabelError, match="true classes are counted from 0; got -1"):
        count_confusions([-1], [0])
    with pytest.raises(LabelError, match="class 2 has no name: there are 2 class names"):
        count_confusions([0, 2], [0, 1], ["cat", "dog"])
