"""Stop when the loss is no number any more."""

from __future__ import annotations

import math
from typing import final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_number
from striate.callbacks.messages import say


@final
class TerminateOnNaN(Callback):
    """Ends the training when the loss is NaN or infinite; this reads the loss after every batch."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the loss."""
        loss = as_number((logs or {}).get("loss"))
        if isinstance(loss, float) and not math.isfinite(loss):
            say(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
