"""Whether fused kernels may run in this thread, and in which precision: a setting for a with-block.

Only training, scoring and predicting open it. Whatever looks inside a network, or asks for exact
numbers, finds it closed and gets every layer by itself, in fp32.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Mode(threading.local):
    """None: closed. Else whether products are of bf16 factors."""

    bf16: bool | None = None


_mode = _Mode()


def fused_precision() -> bool | None:
    """Say whether products are to be of bf16 factors; None where nothing may be fused."""
    return _mode.bf16


@contextmanager
def fusing(bf16: bool) -> Iterator[None]:
    """Let fused kernels run inside the with-block."""
    before = _mode.bf16
    try:
        _mode.bf16 = bf16
        yield
    finally:
        _mode.bf16 = before
