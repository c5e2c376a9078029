from __future__ import annotations

from torch import nn

from striate.callbacks import Callback, CallbackList, History, ProgbarLogger
from striate.training.hooks import make_hooks


def kinds(hooks):
    return [type(callback) for callback in hooks.callbacks]


def test_history_and_the_progress_line_come_last():
    assert kinds(make_hooks(nn.Identity(), [Callback()], 1, 1, 3)) == [Callback, History, ProgbarLogger]


def test_verbose_0_has_no_progress_line():
    assert kinds(make_hooks(nn.Identity(), None, 0, 1, 3)) == [History]


def test_the_run_is_told_to_the_callbacks():
    callback, module = Callback(), nn.Identity()
    make_hooks(module, callback, 2, 5, 3)
    assert callback.model is module
    assert callback.params == {"verbose": 2, "epochs": 5, "steps": 3}


def test_a_list_of_ones_own_gets_a_history_at_most():
    own = CallbackList([Callback()])
    assert make_hooks(nn.Identity(), own, 1, 1, 1) is own
    assert kinds(own) == [Callback, History]
    assert kinds(make_hooks(nn.Identity(), own, 1, 1, 1)) == [Callback, History]
