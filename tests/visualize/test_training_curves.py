"""What the picture of a training holds, and what its caption says."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from striate.core.errors import DataError
from striate.visualize import compare_training

HISTORY = {
    "accuracy": [0.5, 0.7, 0.9],
    "loss": [0.9, 0.5, 0.3],
    "val_accuracy": [0.4, 0.6, 0.55],
    "val_loss": [0.8, 0.6, 0.7],
}


def test_the_loss_comes_first_and_each_panel_sets_training_against_validation():
    picture = compare_training(HISTORY, title="Cats and dogs")
    assert [panel.label for panel in picture.panels] == ["loss", "accuracy"]
    training, validation = picture.panels[0].lines
    assert (training.role, validation.role) == ("training", "validation")
    np.testing.assert_array_equal(training.y, HISTORY["loss"])
    np.testing.assert_array_equal(validation.y, HISTORY["val_loss"])
    np.testing.assert_array_equal(training.x, [1, 2, 3])
    assert picture.title == "Cats and dogs"


def test_the_epoch_of_the_lowest_validation_loss_is_marked_and_said():
    picture = compare_training(HISTORY)
    assert picture.marked == 2.0
    assert picture.mark_label == "lowest validation loss: epoch 2"
    lowest = "Validation loss is lowest after epoch 2: 0.6 (accuracy 0.6)."
    assert picture.caption == f"{lowest} After the last, epoch 3, it is 0.7."


def test_a_loss_still_falling_at_the_end_is_said():
    caption = compare_training({"loss": [2.0, 1.0], "val_loss": [2.0, 1.0]}).caption
    assert caption.startswith("Validation loss is lowest after epoch 2: 1.")
    assert caption.endswith(" That is the last epoch: more may lower it further.")


def test_one_epoch_is_marked_without_a_comparison():
    picture = compare_training({"loss": [2.0], "val_loss": [1.5]})
    assert (picture.marked, picture.caption) == (1.0, "Validation loss is lowest after epoch 1: 1.5.")


def test_without_validation_nothing_is_marked_and_the_caption_says_what_cannot_be_seen():
    picture = compare_training({"loss": [2.0, 1.0]})
    assert picture.marked is None
    assert picture.caption.startswith("Training loss went from 2 after epoch 1 to 1 after epoch 2. Without")
    assert compare_training({"loss": [2.0]}).caption.startswith("Training loss is 2 after epoch 1. Without")
    assert compare_training({"accuracy": [0.5]}).caption.startswith("Without validation data")


def test_values_that_are_not_finite_are_never_the_lowest():
    nan, infinite = float("nan"), float("inf")
    assert compare_training({"loss": [1, 1, 1], "val_loss": [nan, 0.5, -infinite]}).marked == 2.0
    picture = compare_training({"loss": [nan], "val_loss": [infinite]})
    assert picture.marked is None
    assert picture.caption == "Validation loss was never a finite number: a smaller learning rate may help."


def test_what_fit_returns_is_taken_with_its_own_epochs():
    history = SimpleNamespace(history={"loss": [0.4, 0.3], "val_loss": [0.5, 0.6]}, epoch=[10, 11])
    picture = compare_training(history)
    np.testing.assert_array_equal(picture.panels[0].lines[0].x, [11, 12])
    assert picture.marked == 11.0


def test_validation_after_some_epochs_only_stands_at_these():
    values = {"loss": [5, 4, 3, 2, 1], "val_loss": [4, 3]}
    picture = compare_training(values, validation_epochs=[2, 4])
    np.testing.assert_array_equal(picture.panels[0].lines[1].x, [2, 4])
    assert picture.marked == 4.0
    with pytest.raises(DataError, match=r"'val_loss' holds 2 values for 5 epochs\. .*validation_epochs="):
        compare_training(values)


def test_what_is_no_history_is_refused_in_words():
    with pytest.raises(DataError, match=r"made of what fit returned, or of a dict of lists .*; got list"):
        compare_training([0.9, 0.5])
    with pytest.raises(DataError, match=r"the history holds no epochs of training: train first"):
        compare_training({})
    with pytest.raises(DataError, match=r"'loss' must be a list with one number an epoch; got 0\.5"):
        compare_training({"loss": 0.5})
    with pytest.raises(DataError, match=r"'loss' must be a list with one number an epoch; got \['a'\]"):
        compare_training({"loss": ["a"]})
