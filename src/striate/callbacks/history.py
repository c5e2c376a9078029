"""The values of every epoch, kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_numbers


@final
class History(Callback):
    """Keeps `history`, a list of values for each name, and `epoch`, the numbers of the epochs.

    `interrupted` is True where Ctrl-C ended the training.
    `fit` adds one by itself and returns it.

    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.history
    {'loss': [0.5]}
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        self.interrupted = False

    def on_train_begin(self, logs: Logs = None) -> None:
        """Start the list of epochs anew."""
        self.interrupted = False
        self.epoch = []

    def get_state(self) -> dict[str, Any]:
        """The values of the epochs so far."""
        return {"history": {name: list(values) for name, values in self.history.items()}, "epoch": self.epoch}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with these epochs."""
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.epoch = [int(number) for number in state["epoch"]]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Note the epoch's values."""
        self.epoch.append(epoch)
        for name, value in as_numbers(logs).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
