from __future__ import annotations

import pytest
import torch

from striate.callbacks import LearningRateScheduler, ReduceLROnPlateau
from striate.core.errors import ArgumentError


def losses(*values):
    return [{"val_loss": value} for value in values]


def test_a_schedule_of_epoch_and_rate_sets_the_rate(play, model, capsys):
    epochs = [{}, {}]
    play(LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1), epochs)
    assert model.optimizer.learning_rate == 0.25
    assert epochs == [{"learning_rate": 0.5}, {"learning_rate": 0.25}]
    assert capsys.readouterr().out.splitlines()[0] == (
        "Epoch 1: LearningRateScheduler setting learning rate to 0.5."
    )


def test_a_schedule_of_the_epoch_alone_works_and_may_answer_a_tensor(play, model):
    play(LearningRateScheduler(lambda epoch: torch.tensor(0.5 ** (epoch + 1))), [{}, {}, {}])
    assert model.optimizer.learning_rate == 0.125


@pytest.mark.parametrize("answer", [None, "0.1", True])
def test_an_answer_that_is_no_number_is_refused(play, answer):
    with pytest.raises(ArgumentError, match="the schedule must answer a learning rate, a number; got"):
        play(LearningRateScheduler(lambda epoch: answer), [{}])


def test_a_mistake_inside_the_schedule_is_not_hidden(play):
    with pytest.raises(TypeError, match="unsupported operand"):
        play(LearningRateScheduler(lambda epoch, rate: rate + "1"), [{}])


def test_a_plateau_lowers_the_rate_after_the_patience(play, model, capsys):
    epochs = losses(2.0, 2.0, 2.0, 1.0)
    play(ReduceLROnPlateau(factor=0.5, patience=2, verbose=1), epochs)
    assert [logs["learning_rate"] for logs in epochs] == [1.0, 1.0, 1.0, 0.5]
    assert capsys.readouterr().out == "Epoch 3: ReduceLROnPlateau reducing learning rate to 0.5.\n"


def test_the_rate_does_not_fall_below_the_least(play, model):
    play(ReduceLROnPlateau(factor=0.1, patience=1, min_lr=0.05), losses(1.0, 1.0, 1.0, 1.0, 1.0))
    assert model.optimizer.learning_rate == 0.05


def test_after_a_change_the_cooldown_is_waited_for(play, model):
    epochs = losses(1.0, 1.0, 1.0, 1.0, 1.0)
    play(ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2), epochs)
    assert [logs["learning_rate"] for logs in epochs] == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_a_small_change_is_no_improvement(play, model):
    play(ReduceLROnPlateau(factor=0.5, patience=1, min_delta=0.5), losses(2.0, 1.75))
    assert model.optimizer.learning_rate == 0.5


def test_epochs_without_validation_are_passed_over(play, model):
    play(ReduceLROnPlateau(patience=1), [{}, {"val_loss": 1.0}, {}], validation_freq=2)
    assert model.optimizer.learning_rate == 1.0


@pytest.mark.parametrize("factor", [1.0, 0.0, -0.5, 2])
def test_a_factor_that_does_not_lower_is_refused(factor):
    with pytest.raises(ArgumentError, match="factor must lie between 0 and 1, so that the rate falls; got"):
        ReduceLROnPlateau(factor=factor)


def test_an_optimizer_that_follows_a_schedule_is_refused(play, model):
    model.optimizer.learning_rate_schedule = lambda step: 0.1
    with pytest.raises(ArgumentError, match="cannot set the rate of an optimizer that follows a schedule"):
        play(ReduceLROnPlateau(), losses(1.0))
