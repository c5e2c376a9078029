"""The callbacks of one run: Striate's own beside the person's, in the order in which they are called."""

from __future__ import annotations

from typing import Any

from torch import nn

from striate.callbacks import CallbackList, History, ProgbarLogger


def make_hooks(module: nn.Module, callbacks: Any, verbose: str | int, epochs: int, steps: int | None) -> CallbackList:
    """Put History first and the progress line last, unless the person brought their own."""
    if isinstance(callbacks, CallbackList):
        return callbacks
    level = 1 if verbose == "auto" else int(verbose)
    own: list[Any] = [History()] + ([ProgbarLogger(verbose=level)] if level else [])
    given = [] if callbacks is None else list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    own = [one for one in own if not any(isinstance(other, type(one)) for other in given)]
    # The progress line comes last, so that it shows what the other callbacks put into the logs.
    hooks = CallbackList([own[0], *given, *own[1:]] if own else given)
    hooks.set_model(module)
    hooks.set_params({"verbose": level, "epochs": epochs, "steps": steps})
    return hooks
