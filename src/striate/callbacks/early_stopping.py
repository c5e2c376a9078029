"""Stop when it gets no better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.messages import say
from striate.callbacks.monitor import Monitor
from striate.core.errors import ArgumentError

_STATE = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")


@final
class EarlyStopping(Callback):
    """Ends the training after `patience` epochs in which the watched quantity got no better.

    With a `baseline`, only epochs that are also better than it start the patience anew.
    `restore_best_weights` puts the weights of the best epoch back at the end, whether or not it
    ended early. Epochs before `start_from_epoch` are not watched.

    Raises:
        ArgumentError: a negative patience, or a quantity that is not among the values.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        if patience < 0:
            raise ArgumentError(f"patience must be at least 0 epochs; got {patience!r}.")
        self.monitor = monitor
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._monitor = Monitor(monitor, mode, min_delta)
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget the last training."""
        self._reset()

    def get_state(self) -> dict[str, Any]:
        """The best epoch, with its weights where they are kept, and how long ago it was."""
        return {name: getattr(self, name) for name in _STATE} | {"seen": self._monitor.seen}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on counting from here."""
        for name in _STATE:
            setattr(self, name, state[name])
        self._monitor.seen = state["seen"]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare this epoch with the best and count."""
        current = self._monitor.value(logs, self.params)
        if current is None or epoch < self.start_from_epoch:
            return
        better = self._monitor.improved(current, self.best)
        if better:
            self.best = current
            self.best_epoch = epoch
        if self.restore_best_weights and (better or self.best_weights is None):
            self.best_epoch = epoch
            self.best_weights = self.model.get_weights()
        self.wait += 1
        if better:
            if self.baseline is None or self._monitor.improved(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Say that it ended early, and put the best weights back."""
        if self.stopped_epoch and self.verbose:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is None:
            return
        if self.verbose:
            say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
        self.model.set_weights(self.best_weights)
