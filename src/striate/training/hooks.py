"""The callbacks of one run: the person's, then History, then the progress line."""

from __future__ import annotations

from typing import Any

from torch import nn

from striate.callbacks import CallbackList, History


def make_hooks(
    module: nn.Module, callbacks: Any, verbose: str | int, epochs: int, steps: int | None
) -> CallbackList:
    """Put History and the progress line behind the person's callbacks, so that they see what those add."""
    if isinstance(callbacks, CallbackList):
        if callbacks.history is None:
            callbacks.append(History())
        return callbacks
    return CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=module,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
    )
