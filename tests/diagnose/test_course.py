"""From a history to arrays, and what noise there is in them."""

from __future__ import annotations

import numpy as np
import pytest

from striate.callbacks import History
from striate.core.errors import DataError
from striate.diagnose.course import noise_of, read_course, smoothed


def test_losses_and_accuracies_are_found():
    course = read_course(
        {"loss": [3, 2, 1], "sparse_categorical_accuracy": [0.1, 0.2, 0.3], "val_loss": [4, 5, 6]}, None
    )
    assert course.loss.tolist() == [3, 2, 1]
    assert course.val_loss.tolist() == [4, 5, 6]
    assert course.accuracy.tolist() == [0.1, 0.2, 0.3]
    assert course.val_accuracy is None
    assert course.epochs.tolist() == course.scored.tolist() == [1, 2, 3]


def test_validation_may_be_scored_now_and_then():
    course = read_course({"loss": [5, 4, 3, 2], "val_loss": [6, 7]}, [2, 4])
    assert course.scored.tolist() == [2, 4]
    assert course.loss_when_scored().tolist() == [4, 2]


def test_epochs_that_began_later_keep_their_numbers():
    history = History()
    history.on_train_begin()
    for epoch in (3, 4):
        history.on_epoch_end(epoch, {"loss": 1.0})
    assert read_course(history, None).epochs.tolist() == [4, 5]
    # A second fit: the lists go on, the epochs begin anew.
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 0.5})
    assert read_course(history, None).epochs.tolist() == [1, 2, 3]


def test_histories_that_cannot_be_read_are_refused():
    with pytest.raises(DataError, match="got list without a list called 'loss'"):
        read_course([1, 2], None)
    with pytest.raises(DataError, match="got dict without a list called 'loss'"):
        read_course({"loss": []}, None)
    with pytest.raises(DataError, match="'loss' must be a list with one number an epoch; got "):
        read_course({"loss": ["a", "b"]}, None)
    with pytest.raises(DataError, match=r"'val_loss' holds 1 value for 2 epochs.*validation_epochs="):
        read_course({"loss": [2, 1], "val_loss": [1]}, None)
    with pytest.raises(DataError, match=r"validation_epochs lie between 1 and 2; got \[0, 2\]"):
        read_course({"loss": [2, 1], "val_loss": [1, 1]}, [0, 2])


def test_a_single_outlier_leaves_no_trace():
    values = np.linspace(10, 1, 30)
    spoilt = values.copy()
    spoilt[12] = 500
    assert np.abs(smoothed(spoilt) - values).max() < 1
    assert smoothed(np.array([3.0, 9.0, 1.0])).tolist() == [3, 9, 1]


def test_noise_is_told_from_a_course():
    generator = np.random.default_rng(0)
    course = 5 * np.exp(-np.arange(400) / 80)
    assert noise_of(course) < 1e-3
    assert noise_of(course + generator.normal(0, 0.2, 400)) == pytest.approx(0.2, rel=0.15)
    assert noise_of(np.array([1.0, 9.0, 1.0, 9.0])) == 0
