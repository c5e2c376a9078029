"""Ctrl-C and SIGTERM, noted until the step is done, so that what is written down is whole."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

# Whoever asks a process to end waits some seconds before killing it.
_PATIENCE = 4.0


class Stopped(KeyboardInterrupt):
    """The training was asked to end, by the signal of this number, and ends between two steps."""

    def __init__(self, number: int):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.signal = number


class StopRequest:
    """Notes while a training runs that it is to end; `number` is the signal's, None until one comes.

    The training looks here after each step. When it does not within four seconds, or when a second
    signal comes, it is interrupted where it is. Outside the main thread, where Python handles no
    signals, and where a program has its own way with Ctrl-C, nothing is done.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._before[signal.SIGINT] = signal.signal(signal.SIGINT, self._note)
            # None stands for a way of handling it that Python could not put back.
            if signal.getsignal(signal.SIGTERM) is not None:
                self._before[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        self.seen()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            raise Stopped(self.number)
        self.number = number
        self._timer = threading.Timer(_PATIENCE, _thread.interrupt_main, (number,))
        self._timer.daemon = True
        self._timer.start()

    def seen(self) -> bool:
        """Whether the training is to end; once this was asked, it is no longer interrupted."""
        if self._timer is not None:
            self._timer.cancel()
        return self.number is not None

    def hand_on(self) -> None:
        """Give a SIGTERM, now that all is written, to whoever would have had it."""
        if self.number == signal.SIGTERM:
            signal.raise_signal(signal.SIGTERM)


class SharedStop(StopRequest):
    """A request that all processes of a training follow after the same step.

    The launcher and the terminal may both send a signal; only the first one counts.
    """

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            super()._note(number, frame)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM raise `Stopped`, as Ctrl-C raises KeyboardInterrupt, where nobody else handles it."""
    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    if ours:
        signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
