from __future__ import annotations

import pytest
import torch

from striate.callbacks import TerminateOnNaN


@pytest.mark.parametrize(("loss", "stops"), [(float("nan"), True), (float("inf"), True), (0.5, False)])
def test_only_a_loss_that_is_no_number_ends_the_training(model, capsys, loss, stops):
    callback = TerminateOnNaN()
    callback.set_model(model)
    callback.on_train_batch_end(3, {"loss": torch.tensor(loss)})
    assert model.stop_training is stops
    assert capsys.readouterr().out == ("Batch 3: Invalid loss, terminating training\n" if stops else "")


def test_a_batch_without_a_loss_is_passed_over(model):
    callback = TerminateOnNaN()
    callback.set_model(model)
    callback.on_train_batch_end(0, None)
    assert not model.stop_training
