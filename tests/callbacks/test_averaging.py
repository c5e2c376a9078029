from __future__ import annotations

import pytest

from striate.callbacks import SwapEMAWeights
from striate.core.errors import ArgumentError


def on(model, **options):
    model.optimizer.use_ema = True
    callback = SwapEMAWeights(**options)
    callback.set_model(model)
    return callback


@pytest.mark.parametrize("use", ["test", "predict"])
def test_the_average_is_in_the_model_only_while_it_is_used(model, use):
    callback = on(model)
    getattr(callback, f"on_{use}_begin")()
    assert model.optimizer.swaps == 1
    getattr(callback, f"on_{use}_end")()
    assert model.optimizer.swaps == 2


def test_without_being_asked_nothing_happens_between_epochs(model):
    callback = on(model)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0)
    callback.on_train_end()
    assert model.optimizer.swaps == 0


def test_between_epochs_the_average_is_shown_where_that_is_asked_for(model):
    callback = on(model, swap_on_epoch=True)
    swaps = []
    for epoch in range(2):
        for hook in (callback.on_epoch_begin, callback.on_epoch_end):
            hook(epoch)
            swaps.append(model.optimizer.swaps)
    callback.on_train_end()
    assert [*swaps, model.optimizer.swaps] == [0, 1, 2, 3, 4]


def test_an_optimizer_without_an_average_is_refused(model):
    callback = SwapEMAWeights()
    callback.set_model(model)
    with pytest.raises(ArgumentError, match="needs an optimizer with use_ema=True; this one keeps no"):
        callback.on_test_begin()
