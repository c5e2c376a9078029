from __future__ import annotations

import pytest

from striate.callbacks import EarlyStopping
from striate.core.errors import ArgumentError


def losses(*values):
    return [{"val_loss": value} for value in values]


def test_it_stops_once_the_patience_is_over(play, model):
    callback = EarlyStopping(patience=2)
    assert play(callback, losses(3.0, 2.0, 2.5, 2.5, 1.0)) == 4
    assert (callback.stopped_epoch, callback.best, callback.best_epoch) == (3, 2.0, 1)
    assert model.stop_training
    assert model.weights == ["epoch 3"]


def test_without_patience_the_first_epoch_that_is_no_better_is_the_last(play):
    assert play(EarlyStopping(), losses(3.0, 3.0, 1.0)) == 2


def test_more_is_better_for_an_accuracy(play):
    assert play(EarlyStopping("accuracy"), [{"accuracy": value} for value in (0.5, 0.75, 0.6, 0.9)]) == 3


def test_a_change_below_the_least_is_none(play):
    assert play(EarlyStopping(min_delta=0.5), losses(3.0, 2.75, 1.0)) == 2


def test_an_epoch_of_nan_counts_as_no_better(play):
    assert play(EarlyStopping(patience=2), losses(1.0, float("nan"), float("nan"), 0.5)) == 3


def test_the_baseline_must_be_beaten_to_start_the_patience_anew(play):
    assert play(EarlyStopping(patience=2, baseline=1.0), losses(5.0, 4.0, 4.5, 3.0)) == 3


def test_a_baseline_that_is_beaten_changes_nothing(play):
    assert play(EarlyStopping(patience=2, baseline=6.0), losses(5.0, 4.0, 4.5, 3.0)) == 4


def test_early_epochs_are_not_watched(play):
    callback = EarlyStopping(start_from_epoch=3)
    assert play(callback, losses(1.0, 2.0, 3.0, 2.0, 2.5, 9.0)) == 5
    assert callback.best == 2.0


def test_the_best_weights_come_back_when_it_stopped_early(play, model, capsys):
    play(EarlyStopping(patience=1, restore_best_weights=True, verbose=1), losses(3.0, 2.0, 2.5, 1.0))
    assert model.weights == ["epoch 1"]
    assert capsys.readouterr().out == (
        "Epoch 3: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_the_best_weights_come_back_at_the_regular_end_too(play, model):
    play(EarlyStopping(patience=9, restore_best_weights=True), losses(1.0, 2.0, 3.0))
    assert model.weights == ["epoch 0"]


def test_another_training_starts_from_nothing(play, model):
    callback = EarlyStopping(patience=1)
    play(callback, losses(1.0, 2.0))
    model.stop_training = False
    assert play(callback, losses(5.0, 4.0, 3.0)) == 3
    assert callback.best == 3.0


def test_a_negative_patience_is_refused():
    with pytest.raises(ArgumentError, match="patience must be at least 0 epochs; got -1"):
        EarlyStopping(patience=-1)


def test_a_quantity_that_is_not_there_is_an_error(play):
    with pytest.raises(ArgumentError, match="cannot watch 'val_loss'"):
        play(EarlyStopping(), [{"loss": 1.0}])
