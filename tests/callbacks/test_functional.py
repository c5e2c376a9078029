from __future__ import annotations

import pytest

from striate.callbacks import CallbackList, LambdaCallback
from striate.core.errors import ArgumentError, UnknownNameError


def test_functions_are_called_at_their_hooks():
    seen = []
    callbacks = CallbackList(
        LambdaCallback(
            on_train_begin=lambda logs: seen.append("begin"),
            on_epoch_end=lambda epoch, logs: seen.append((epoch, logs)),
            on_predict_end=lambda logs: seen.append("predicted"),
        )
    )
    callbacks.on_train_begin()
    callbacks.on_epoch_end(2, {"loss": 1.0})
    callbacks.on_predict_end()
    assert seen == ["begin", (2, {"loss": 1.0}), "predicted"]


def test_a_hook_that_does_not_exist_is_refused():
    with pytest.raises(UnknownNameError, match=r"no hook called 'on_epoch_stop'.* Did you mean"):
        LambdaCallback(on_epoch_stop=print)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(ArgumentError, match="on_epoch_end must be a function; got 3"):
        LambdaCallback(on_epoch_end=3)
