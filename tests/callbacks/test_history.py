from __future__ import annotations

import torch

from striate.callbacks import History


def test_one_float_an_epoch_is_kept_for_each_name(play, model):
    history = History()
    one, other = torch.tensor(1.0), torch.tensor(1.5)
    play(history, [{"loss": one, "val_loss": 2.0}, {"loss": 0.5, "val_loss": other}])
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [2.0, 1.5]}
    assert history.epoch == [0, 1]
    assert model.history is history


def test_a_second_training_goes_on_with_the_values_and_starts_the_epochs_anew(play):
    history = History()
    play(history, [{"loss": 1.0}])
    play(history, [{"loss": 0.5}])
    assert (history.history, history.epoch) == ({"loss": [1.0, 0.5]}, [0])
