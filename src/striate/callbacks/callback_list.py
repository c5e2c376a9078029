"""Several callbacks called as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, final

from striate.callbacks.base import HOOKS, Callback, Logs, listens
from striate.callbacks.history import History
from striate.callbacks.progress import ProgbarLogger
from striate.core.errors import ArgumentError
from striate.core.processes import is_first


@final
class CallbackList:
    """Calls each callback at the hooks that it has written, in the order given, and no other.

    `params` ("verbose", "epochs", "steps") are handed to every callback.

    Raises:
        ArgumentError: something in the list is not a `Callback`.
    """

    def __init__(
        self,
        callbacks: Iterable[Callback] | Callback | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        given = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or [])
        self.callbacks: list[Callback] = []
        self.params: dict[str, Any] = params
        self.model = model
        self._listeners: dict[str, list[Callable[..., None]]] = {hook: [] for hook in HOOKS}
        for callback in given:
            self.append(callback)
        for wanted, kind in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
                self.append(kind())

    @property
    def history(self) -> History | None:
        """The first `History` in the list."""
        return next((callback for callback in self.callbacks if isinstance(callback, History)), None)

    def append(self, callback: Callback) -> None:
        """Put a callback at the end.

        Raises:
            ArgumentError: not an object of a subclass of `Callback`.
        """
        if not isinstance(callback, Callback):
            hint = " Call it, to make an object of the class." if isinstance(callback, type) else ""
            raise ArgumentError(f"expected a striate.callbacks.Callback; got {callback!r}.{hint}")
        self.callbacks.append(callback)
        callback.set_params(self.params)
        if self.model is not None:
            callback.set_model(self.model)
        if callback.first_process_only and not is_first():
            return
        for hook, listeners in self._listeners.items():
            if listens(callback, hook):
                listeners.append(getattr(callback, hook))

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand what is known of the run to every callback."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand the model to every callback."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_train_begin"]:
            listener(logs)

    def on_train_end(self, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_train_end"]:
            listener(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_epoch_begin"]:
            listener(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_epoch_end"]:
            listener(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_train_batch_begin"]:
            listener(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_train_batch_end"]:
            listener(batch, logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_test_begin"]:
            listener(logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_test_end"]:
            listener(logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_test_batch_begin"]:
            listener(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_test_batch_end"]:
            listener(batch, logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_predict_begin"]:
            listener(logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_predict_end"]:
            listener(logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_predict_batch_begin"]:
            listener(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Call this hook of the callbacks."""
        for listener in self._listeners["on_predict_batch_end"]:
            listener(batch, logs)
