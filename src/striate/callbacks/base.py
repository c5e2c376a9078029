"""The contract of a callback: what is called when, and what it may use.

`fit` calls, in this order::

    on_train_begin
        on_epoch_begin
            on_train_batch_begin, on_train_batch_end      for each batch
            on_test_begin, on_test_batch_..., on_test_end  where there are validation data
        on_epoch_end
    on_train_end

`evaluate` and `predict` call their own hooks. A callback finds the model in `self.model`, and in
`self.params` what is known of the run: "verbose", "epochs", "steps" (None where not known).
`logs` maps names to values; at the end of a batch it may be a `LazyLogs`, which computes them
only if they are read. Setting `self.model.stop_training = True` ends the training after this batch.

A callback that remembers something from epoch to epoch says what in `get_state` and takes it back in
`set_state`, so that a training that is cut off goes on with it; both are called by `BackupAndRestore`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

Logs = Mapping[str, Any] | None

HOOKS = (
    "on_train_begin",
    "on_train_end",
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class Callback:
    """Does nothing at every hook; a subclass writes the ones it needs.

    >>> class Announcer(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print("epoch", epoch + 1, "is done")
    >>> Announcer().on_epoch_end(0)
    epoch 1 is done
    """

    model: Any = None
    params: Mapping[str, Any] = {}
    # Where several processes train together: whether only the first calls it, since it writes or prints.
    first_process_only: ClassVar[bool] = False

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take what is known of the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model that is trained or used."""
        self.model = model

    def get_state(self) -> dict[str, Any]:
        """Say what the next epochs depend on: numbers, text, None, arrays, and lists and dicts of them."""
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `get_state` said, after `on_train_begin`."""

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Run before the first batch of an epoch; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Run after an epoch and its validation, whose values are in `logs` as "val_..."."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch; batches count from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch; `logs` holds the means since the epoch began."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of an evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of an evaluation or validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of a prediction."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Run before the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Run after the last epoch."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Run before an evaluation or validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Run after an evaluation or validation."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Run before a prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Run after a prediction."""


def listens(callback: Callback, hook: str) -> bool:
    """Whether a callback has something of its own to do at a hook."""
    names = [hook, hook.replace("_train_batch_", "_batch_")]
    return any(
        getattr(getattr(callback, name), "__func__", None) is not getattr(Callback, name) for name in names
    )
