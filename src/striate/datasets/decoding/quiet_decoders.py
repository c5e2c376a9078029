"""Decoders that keep to their work, whatever files hold: no warnings, no log lines, no half images."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator

from PIL import ImageFile

_lock = threading.Lock()
_native_lock = threading.Lock()
# Images of more pixels than this are decoded one at a time, so that memory need not hold one a thread.
_LARGE = 4_000_000
_large_lock = threading.Lock()


class _Silence:
    """What is put aside while any thread decodes, and put back by the last one that leaves."""

    def __init__(self) -> None:
        self.inside = 0
        self._stack = contextlib.ExitStack()

    def enter(self) -> None:
        with _lock:
            self.inside += 1
            if self.inside == 1:
                self._begin()

    def leave(self) -> None:
        with _lock:
            self.inside -= 1
            if self.inside == 0:
                self._stack.close()

    def _begin(self) -> None:
        self._stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        logger = logging.getLogger("tifffile")
        self._stack.callback(setattr, logger, "disabled", logger.disabled)
        logger.disabled = True
        # A program may have asked Pillow for halves of images; here they are bad files.
        lenient = ImageFile.LOAD_TRUNCATED_IMAGES
        self._stack.callback(setattr, ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
        ImageFile.LOAD_TRUNCATED_IMAGES = False


_silence = _Silence()


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """Keep decoders quiet and strict within this block, in all threads; afterwards all is as before.

    Python's own `catch_warnings` would leave the warnings off for good when two threads overlap.
    """
    _silence.enter()
    try:
        yield
    finally:
        _silence.leave()


@contextlib.contextmanager
def quiet_native_library() -> Iterator[None]:
    """Send what a C library itself prints on the error stream nowhere, one thread at a time.

    libtiff does that for each damaged strip, past Python.
    """
    with _native_lock:
        try:
            kept = os.dup(2)
        except OSError:
            # A program without an error stream has none to keep clean.
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


@contextlib.contextmanager
def one_at_a_time(area: int) -> Iterator[None]:
    """Let one thread through at a time where an image of so many pixels is large."""
    with _large_lock if area > _LARGE else contextlib.nullcontext():
        yield
