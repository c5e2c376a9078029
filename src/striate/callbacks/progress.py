"""The progress line: a bar redrawn in place on a terminal, one line an epoch elsewhere."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO, final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_numbers
from striate.core.errors import ArgumentError

_BAR_WIDTH = 20
_LEAST_SECONDS_BETWEEN_DRAWINGS = 0.1


def format_duration(seconds: float) -> str:
    """Write a time for people: 3s, 2:05, 1:02:03."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def format_step_time(seconds: float) -> str:
    """Write the time of one step in the unit that suits it: 2s/step, 30ms/step, 450us/step."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def format_logs(logs: Mapping[str, Any] | None) -> str:
    """Write values by name, those of the validation last: ` - accuracy: 0.5123 - loss: 1.2345`."""
    numbers = as_numbers(logs)
    names = sorted(numbers, key=lambda name: (name.startswith("val_"), name))
    return "".join(f" - {name}: {_format_value(numbers[name])}" for name in names)


def _format_value(value: Any) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 or math.isnan(value) else f"{value:.4e}"


def _bar(seen: int, steps: int | None) -> str:
    if steps is None:
        return f"{seen}/Unknown"
    done = min(seen * _BAR_WIDTH // max(steps, 1), _BAR_WIDTH)
    return f"{seen:>{len(str(steps))}}/{steps} {'━' * done}{'─' * (_BAR_WIDTH - done)}"


@final
class ProgbarLogger(Callback):
    """Writes how far training, evaluation or prediction has come.

    `params["verbose"]` decides: 0 nothing, 1 (or 'auto') a bar that is redrawn in place, 2 one
    line an epoch. Where the stream is no terminal, 1 is taken as 2. Values are read off the
    device only when a line is really drawn, ten times a second at most. The stream is standard
    output, looked up when it is written to, unless one is given.

    Raises:
        ArgumentError: another `verbose`.
    """

    first_process_only = True

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._given = stream
        self._clock = clock
        self._fitting = False
        self._begin(False)

    def _begin(self, showing: bool = True) -> None:
        self._seen = 0
        self._drawn_at = -math.inf
        self._drawn_length = 0
        self._verbose = self._choose_verbose() if showing else 0
        self._steps: int | None = self.params.get("steps")
        self._began_at = self._clock()

    def _choose_verbose(self) -> int:
        wanted = self.params.get("verbose", 1)
        verbose = 1 if wanted == "auto" else wanted
        if verbose not in (0, 1, 2):
            raise ArgumentError(f"verbose must be 0, 1, 2 or 'auto'; got {wanted!r}.")
        return 2 if verbose == 1 and not self._stream.isatty() else int(verbose)

    @property
    def _stream(self) -> TextIO:
        return sys.stdout if self._given is None else self._given

    def _advance(self, batch: int, logs: Logs) -> None:
        self._seen = batch + 1
        if self._verbose != 1:
            return
        now = self._clock()
        if self._seen != self._steps and now - self._drawn_at < _LEAST_SECONDS_BETWEEN_DRAWINGS:
            return
        self._drawn_at = now
        elapsed = now - self._began_at
        left = elapsed if self._steps is None else elapsed / self._seen * (self._steps - self._seen)
        line = f"{_bar(self._seen, self._steps)} {self._times(left, elapsed)}{format_logs(logs)}"
        # A line that wraps could not be redrawn in place.
        self._redraw(line[: shutil.get_terminal_size().columns - 1])

    def _finish(self, logs: Logs, epoch: str = "") -> None:
        if not self._verbose:
            return
        elapsed = self._clock() - self._began_at
        if self._verbose == 1:
            steps = f"{self._seen}/{self._seen} {'━' * _BAR_WIDTH}"
            self._redraw(f"{steps} {self._times(elapsed, elapsed)}{format_logs(logs)}")
        else:
            first = epoch or f"{self._seen}/{self._seen}"
            self._stream.write(f"{first} - {self._times(elapsed, elapsed, ' - ')}{format_logs(logs)}")
        self._stream.write("\n")
        self._stream.flush()

    def _times(self, shown: float, elapsed: float, between: str = " ") -> str:
        return f"{format_duration(shown)}{between}{format_step_time(elapsed / max(self._seen, 1))}"

    def _redraw(self, line: str) -> None:
        self._stream.write("\r" + line.ljust(self._drawn_length))
        self._stream.flush()
        self._drawn_length = len(line)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Remember that validations belong to this training."""
        self._fitting = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Forget the training."""
        self._fitting = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Start a bar."""
        self._begin()
        if self._verbose == 1:
            self._stream.write(f"Epoch {epoch + 1}/{self.params.get('epochs', 1)}\n")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the bar."""
        self._advance(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the finished line, with the validation's values."""
        self._finish(logs, f"Epoch {epoch + 1}/{self.params.get('epochs', 1)}")

    def on_test_begin(self, logs: Logs = None) -> None:
        """Start a bar, unless this is the validation of an epoch."""
        if not self._fitting:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the bar."""
        if not self._fitting:
            self._advance(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """Write the finished line."""
        if not self._fitting:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Start a bar."""
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the bar; a prediction's outputs are not written."""
        self._advance(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        """Write the finished line."""
        self._finish(None)
