"""Look at the averaged weights while the others are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from striate.callbacks.base import Callback, Logs
from striate.core.errors import ArgumentError


@final
class SwapEMAWeights(Callback):
    """Puts the optimiser's moving average into the model for validation, evaluation and prediction.

    With `swap_on_epoch` also between epochs, so that what is saved then is the average.

    Raises:
        ArgumentError: the optimiser keeps no average.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _show(self, average: bool) -> None:
        if average == self._swapped:
            return
        optimizer = self.model.optimizer
        if not getattr(optimizer, "use_ema", False):
            raise ArgumentError(
                "SwapEMAWeights needs an optimizer with use_ema=True; this one keeps no average."
            )
        optimizer.swap_average()
        self._swapped = average

    def get_state(self) -> dict[str, Any]:
        """Whether the model holds the average now."""
        return {"swapped": self._swapped}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take it that model and optimiser stand as they stood then."""
        self._swapped = state["swapped"]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Go on with the trained weights."""
        self._show(False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Show the average between epochs, where that is asked for."""
        if self.swap_on_epoch:
            self._show(True)

    def on_train_end(self, logs: Logs = None) -> None:
        """Hand the trained weights back to the optimiser, which ends on the average by itself."""
        self._show(False)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Show the average."""
        self._show(True)

    def on_test_end(self, logs: Logs = None) -> None:
        """Go back to the trained weights."""
        self._show(False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Show the average."""
        self._show(True)

    def on_predict_end(self, logs: Logs = None) -> None:
        """Go back to the trained weights."""
        self._show(False)
