"""Labels become whole numbers from 0, and one-hot rows."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import LabelError
from striate.datasets.labels import encode_labels, several_in_one, to_categorical


@pytest.mark.parametrize(
    ("labels", "shape"),
    [
        ([0, 2, 1], (3, 3)),
        ([[0], [2]], (2, 3)),
        ([[0, 1], [2, 2]], (2, 2, 3)),
        (2, (3,)),
        ([2.0, 0.0], (2, 3)),
    ],
)
def test_one_hot_rows_have_a_single_one_at_the_label(labels, shape):
    rows = to_categorical(labels)
    assert rows.shape == shape
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows.argmax(-1).ravel(), np.ravel(labels))
    assert (rows.sum(-1) == 1).all()


def test_more_classes_than_labels_can_be_asked_for():
    assert to_categorical([1], 4).tolist() == [[0, 1, 0, 0]]
    assert to_categorical([], 4).shape == (0, 4)


@pytest.mark.parametrize(("labels", "wrong"), [([0, 4], 4), ([-1], -1)])
def test_a_label_outside_the_classes_is_refused(labels, wrong):
    with pytest.raises(LabelError, match=rf"label {wrong} is outside the 4 classes 0 to 3"):
        to_categorical(labels, 4)


def test_no_labels_cannot_be_counted():
    with pytest.raises(LabelError, match="cannot be counted from no labels; give num_classes"):
        to_categorical([])


@pytest.mark.parametrize(
    ("labels", "numbers", "names"),
    [
        (np.array([1, 0, 2], np.uint8), [1, 0, 2], None),
        (np.array([[1], [0]]), [1, 0], None),
        (np.array([1.0, 0.0]), [1, 0], None),
        (np.array([True, False]), [1, 0], None),
        (np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]), [1, 0, 2], None),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), [1, 0], None),
        (np.array([3, 1, 3], np.uint64), [1, 0, 1], ["1", "3"]),
        (np.array([-1, 1]), [0, 1], ["-1", "1"]),
        (np.array(["dog", "cat", "dog"]), [1, 0, 1], ["cat", "dog"]),
        (np.array(["dög".encode(), b"cat"]), [1, 0], ["cat", "dög"]),
        (np.array([["dog"], ["cat"]]), [1, 0], ["cat", "dog"]),
    ],
)
def test_what_people_write_becomes_numbers_from_zero(labels, numbers, names):
    encoded = encode_labels([labels])
    assert encoded.parts[0].tolist() == numbers
    assert encoded.parts[0].dtype == np.int64
    assert encoded.class_names == names


def test_all_parts_are_numbered_alike_and_it_is_said():
    encoded = encode_labels([np.array(["b", "c"]), np.array(["a"])])
    assert [part.tolist() for part in encoded.parts] == [[1, 2], [0]]
    assert encoded.note == "labels a to c were numbered 0 to 2"


def test_given_class_names_fix_the_order():
    assert encode_labels([np.array([0, 2])], ["x", "y", "z"]).parts[0].tolist() == [0, 2]
    assert encode_labels([np.array(["z", "x"])], ["z", "y", "x"]).parts[0].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("labels", "names", "words"),
    [
        (np.array([0, 3]), ["a", "b"], "label 3 has no name among the 2 class names"),
        (np.array([-1, 0]), ["a", "b"], "label -1 has no name"),
        (np.array(["c"]), ["a", "b"], "label 'c' is not among the class names a, b"),
        (np.array([[1, 1], [0, 1]]), None, r"shape \(2, 2\) .* row 0 has several classes at once"),
        (np.array([[0, 1], [0, 0]]), None, "row 1 has no single 1 among zeros"),
        (np.array([[0.5, 0.5]]), None, "row 0 has no single 1 among zeros"),
        (np.array([1.0, 0.5]), None, "but row 1 is 0.5"),
        (np.array([np.nan]), None, "but row 0 is nan"),
        (np.zeros((2, 2, 2)), None, r"labels have the shape \(examples,\).*got \(2, 2, 2\)"),
        (np.array([1j]), None, "labels are numbers or text; got dtype complex128"),
    ],
)
def test_labels_that_cannot_be_read_are_refused(labels, names, words):
    with pytest.raises(LabelError, match=words):
        encode_labels([labels], names)


def test_text_in_one_part_and_numbers_in_another_are_refused():
    with pytest.raises(LabelError, match="text in one part and numbers in another"):
        encode_labels([np.array(["a"]), np.array([1])])


def test_names_that_list_several_classes_are_noticed_and_other_signs_are_not():
    assert several_in_one(["a;b", "b|c", "b"]).startswith("2 class names list several classes, such as 'a;b'")
    for names in (["cat", "dog"], ["a|b", "c"], ["a,b", "b"], ["|", "b"]):
        assert several_in_one(names) == ""
