"""Memory that stays warm between training steps.

A training step asks for large blocks, gives them back, and asks again. glibc hands blocks
above 32 MB at once back to the system, and fresh memory is filled page by page at a
twentieth of the speed of memory that is already there; on small networks that was a third to
a half of the time. Three settings of glibc's allocator keep the memory in the process
instead. The price is resident memory: what was once needed is kept until the process ends.

`STRIATE_ALLOCATOR=system` leaves the allocator as it is.
"""

from __future__ import annotations

import ctypes
import os
import sys

from striate.core.runtime import Choice

# From glibc's malloc.h, where they have stood since 1996.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_NEVER_TRIM = 2**31 - 1
_TOP_PAD_BYTES = 64 * 2**20

_decision: list[Choice] = []


def keep_memory_warm() -> Choice:
    """Set the allocator, once a process; called when Striate first trains or predicts.

    Returns whether it was set, and why (not).
    """
    if not _decision:
        _decision.append(_set())
    return _decision[0]


def _set() -> Choice:
    wanted = os.environ.get("STRIATE_ALLOCATOR", "warm")
    if wanted != "warm":
        return Choice(False, f"left as it is, since STRIATE_ALLOCATOR={wanted}")
    mallopt = _mallopt()
    if mallopt is None:
        return Choice(False, f"left as it is: {sys.platform} has no glibc")
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER_TRIM), (_TOP_PAD, _TOP_PAD_BYTES))
    if not all(mallopt(name, value) for name, value in settings):
        return Choice(False, "left as it is: the allocator refused the settings")
    return Choice(True, "freed memory is kept for the next step instead of going back to the system")


def _mallopt() -> ctypes._NamedFuncPointer | None:
    if not sys.platform.startswith("linux"):
        return None
    # Other C libraries either lack the function or have one that always answers 0.
    library = ctypes.CDLL(None)
    return getattr(library, "mallopt", None) if hasattr(library, "gnu_get_libc_version") else None
