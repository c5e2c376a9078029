from __future__ import annotations

import pytest

from striate.callbacks import Callback, CallbackList, History, LambdaCallback, ProgbarLogger
from striate.callbacks.base import HOOKS, listens
from striate.core.errors import ArgumentError


class Noting(Callback):
    def __init__(self, name, notes):
        self.name, self.notes = name, notes

    def on_epoch_end(self, epoch, logs=None):
        self.notes.append((self.name, epoch, logs))


class Older(Callback):
    def __init__(self):
        self.batches = []

    def on_batch_end(self, batch, logs=None):
        self.batches.append(batch)


def call(callbacks, hook):
    getattr(callbacks, hook)(*(() if "batch" not in hook and "epoch" not in hook else (7,)), {"loss": 1.0})


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_reaches_the_callbacks_that_wrote_it(hook):
    seen = []
    callbacks = CallbackList([Callback(), LambdaCallback(**{hook: lambda *given: seen.append(given)})])
    call(callbacks, hook)
    assert seen[0][-1] == {"loss": 1.0}
    for other in HOOKS:
        if other != hook:
            call(callbacks, other)
    assert len(seen) == 1


def test_hooks_that_nobody_wrote_call_nothing():
    callbacks = CallbackList([Callback(), History(), LambdaCallback()])
    assert callbacks._listeners["on_train_batch_end"] == []
    assert [hook for hook in HOOKS if listens(Callback(), hook)] == []


def test_callbacks_are_called_in_the_order_given():
    notes = []
    CallbackList([Noting("one", notes), Noting("two", notes)]).on_epoch_end(3, {})
    assert notes == [("one", 3, {}), ("two", 3, {})]


def test_the_older_names_of_the_batch_hooks_are_called():
    older = Older()
    CallbackList(older).on_train_batch_end(5, {})
    assert older.batches == [5]


def test_history_and_progress_are_added_once():
    mine = History()
    callbacks = CallbackList([mine], add_history=True, add_progbar=True)
    assert [type(callback) for callback in callbacks.callbacks] == [History, ProgbarLogger]
    assert callbacks.history is mine
    assert CallbackList().history is None


def test_model_and_parameters_reach_every_callback(model):
    one, two = Callback(), Callback()
    callbacks = CallbackList([one], model=model, epochs=3)
    callbacks.append(two)
    assert one.model is two.model is model
    assert one.params == two.params == {"epochs": 3}
    callbacks.set_params({"epochs": 4})
    callbacks.set_model("another")
    assert (two.params, two.model) == ({"epochs": 4}, "another")


def test_what_is_no_callback_is_refused():
    with pytest.raises(ArgumentError, match=r"expected a striate\.callbacks\.Callback; got 'stop'\.$"):
        CallbackList(["stop"])
    with pytest.raises(ArgumentError, match=r"got <class .*History'>\. Call it, to make an object of"):
        CallbackList([History])


def test_what_writes_is_called_in_the_first_process_only(monkeypatch):
    called = []

    class Writer(Callback):
        first_process_only = True

        def on_epoch_end(self, epoch, logs=None):
            called.append("writer")

    class Watcher(Callback):
        def on_epoch_end(self, epoch, logs=None):
            called.append("watcher")

    for rank in (0, 1):
        monkeypatch.setattr("striate.callbacks.callback_list.is_first", lambda rank=rank: rank == 0)
        CallbackList([Writer(), Watcher()]).on_epoch_end(0)
    assert called == ["writer", "watcher", "watcher"]
