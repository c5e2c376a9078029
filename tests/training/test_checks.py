from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.layers import Dense, Flatten, Input
from striate.losses import BinaryCrossentropy, SparseCategoricalCrossentropy
from striate.models import Sequential
from striate.training.checks import (
    check_answers,
    check_finite,
    check_logits,
    check_range,
    check_split_classes,
    check_whole,
    value_range,
)


def test_whole_numbers_are_handed_back():
    assert check_whole(np.int64(3), "steps") == 3
    for wrong in (True, 2.0, "3", None, 0):
        with pytest.raises(ArgumentError, match=r"steps is a whole number from 1 up; got"):
            check_whole(wrong, "steps")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_the_first_example_that_is_not_finite_is_named(make, bad):
    data = np.zeros((5000, 2), np.float32)
    data[4321, 1] = bad
    with pytest.raises(DataError, match=r"hold NaN or infinite values, first in example 4321 \(of 5000\)"):
        check_finite(make(data))


def test_large_but_finite_values_and_whole_numbers_pass():
    check_finite(np.full((4, 100), 3e38, np.float32))
    check_finite([np.ones((3, 2), np.uint8), None, torch.ones(3, 2)])


def test_a_softmax_over_one_unit_is_refused():
    loss = BinaryCrossentropy()
    answers = torch.ones(4, 1)
    with pytest.raises(ArgumentError, match=r"answers 1 to everything, as a softmax over one unit must"):
        check_answers(torch.ones_like, torch.rand(4, 1), answers, loss)


def test_a_sigmoid_at_its_end_is_not_taken_for_one():
    answers = torch.sigmoid(torch.full((4, 1), 100.0))
    check_answers(torch.sigmoid, torch.full((4, 1), 100.0), answers, BinaryCrossentropy())
    check_answers(torch.ones_like, torch.rand(4, 1), answers, None)
    check_answers(torch.ones_like, torch.rand(4, 1), answers, BinaryCrossentropy(from_logits=True))


def test_classes_that_only_the_validation_part_has_are_named():
    with pytest.raises(LabelError, match=r"the classes 2, 3 are only there: the data are sorted by class"):
        check_split_classes(np.array([0, 0, 1, 1]), np.array([[2], [3]]).reshape(-1))
    check_split_classes(np.array([0, 1, 2]), np.array([2, 1]))
    check_split_classes(np.array([0.5, 1.5]), np.array([2.5]))
    check_split_classes([None, np.eye(2, dtype=int)], [None, np.eye(2, dtype=int)])
    check_split_classes(torch.tensor([0, 1]), torch.tensor([1]))


def test_the_range_is_that_of_the_first_input():
    assert value_range([np.array([[1, 7]]), np.array([[900]])]) == (1.0, 7.0)
    assert value_range(None) is None
    assert value_range(np.zeros((0, 2))) is None


def test_pixels_of_255_are_refused_where_1_was_the_end():
    with pytest.raises(DataError, match=r"trained on values from 0 to 1, but these reach 255.*Divide by 255"):
        check_range((0.0, 1.0), np.array([[0, 255]], np.uint8))


def test_pixels_of_1_are_refused_where_255_was_the_end():
    with pytest.raises(DataError, match=r"from 0 to 255, but these end at 1.*Multiply by 255"):
        check_range((0.0, 255.0), np.array([[0, 1.0]]))


@pytest.mark.parametrize(
    ("known", "data"),
    [
        (None, [[0, 255]]),
        ((0.0, 1.0), [[0, 2]]),
        ((0.0, 1.0), [[0, 1000]]),
        ((-1.0, 1.0), [[0, 255]]),
        ((0.0, 1.0), [[-3, 255]]),
        ((0.0, 255.0), [[0, 1]]),
        ((0.0, 255.0), [[0, 20.5]]),
    ],
)
def test_other_ranges_are_no_reason_to_stop(known, data):
    check_range(known, np.array(data))


def trained():
    model = Sequential([Input((2, 2, 1)), Flatten(), Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", precision="float32")
    data = np.linspace(0, 1, 16).reshape(4, 2, 2, 1)
    model.fit(data, [0, 1, 0, 1], verbose=0)
    return model, data


def test_predict_evaluate_and_validation_look_at_the_range():
    model, data = trained()
    for use in (
        lambda: model.predict(data * 255, verbose=0),
        lambda: model.evaluate(data * 255, [0, 1, 0, 1], verbose=0),
        lambda: model.fit(data, [0, 1, 0, 1], validation_data=(data * 255, [0, 1, 0, 1]), verbose=0),
    ):
        with pytest.raises(DataError, match=r"Divide by 255 first, or set model\.input_range = None"):
            use()
    model.input_range = None
    assert model.predict(data * 255, verbose=0).shape == (4, 1)


def test_a_softmax_in_front_of_a_loss_on_logits_is_refused():
    answers = torch.softmax(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), -1)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    with pytest.raises(ArgumentError, match=r"already answers with probabilities.*Leave out the softmax"):
        check_logits(answers, loss)
    check_logits(answers.log(), loss)
    check_logits(answers, SparseCategoricalCrossentropy())
