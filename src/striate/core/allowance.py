"""How many numbers may be made while something is built from what a file says.

A config can ask for weights of any size. Whatever makes arrays as large as its arguments say
asks here first; while no file is read, nothing is counted and everything is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from striate.core.errors import FileFormatError


class _Purse:
    def __init__(self, numbers: int, reason: str):
        self.left = numbers
        self.reason = reason


_purse: ContextVar[_Purse | None] = ContextVar("striate_allowance", default=None)


@contextmanager
def allowance(numbers: int, reason: str) -> Iterator[None]:
    """Let no more than `numbers` numbers be made inside; `reason` ends the message of the refusal."""
    token = _purse.set(_Purse(numbers, reason))
    try:
        yield
    finally:
        _purse.reset(token)


def take(numbers: int, purpose: str) -> bool:
    """Count numbers that are about to be made for a purpose; say whether a file is being read.

    Raises:
        FileFormatError: more than what is read may make.

    >>> take(10**12, "a weight")
    False
    """
    purse = _purse.get()
    if purse is None:
        return False
    if numbers > purse.left:
        raise FileFormatError(f"{purpose} would take {numbers:,} numbers, but {purse.reason}.")
    purse.left -= max(numbers, 0)
    return True
