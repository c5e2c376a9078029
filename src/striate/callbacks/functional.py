"""Callbacks made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from striate.callbacks.base import HOOKS, Callback
from striate.core.errors import ArgumentError, unknown_name


@final
class LambdaCallback(Callback):
    """Calls the functions given, each at the hook of its name.

    >>> seen = []
    >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    >>> callback.on_epoch_end(3, {})
    >>> seen
    [3]

    Raises:
        UnknownNameError: a hook that does not exist.
        ArgumentError: something that cannot be called.
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **others: Callable[..., Any] | None,
    ) -> None:
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **others,
        }
        for hook, function in given.items():
            if hook not in HOOKS:
                raise unknown_name("hook", hook, HOOKS)
            if function is None:
                continue
            if not callable(function):
                raise ArgumentError(f"{hook} must be a function; got {function!r}.")
            setattr(self, hook, function)
