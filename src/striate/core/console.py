"""The one place outside the command line that speaks to the person."""

from __future__ import annotations

import sys
from typing import Any

from striate.core.names import printable
from striate.core.processes import is_first


def say(text: str) -> None:
    """Write a line to standard output at once; looked up late, so that notebooks and tests catch it.

    Of several processes that train together only the first speaks.
    """
    _write(sys.stdout, text)


def remark(text: str) -> None:
    """Write a line to standard error at once: what a person should know, but no pipe of answers hold."""
    _write(sys.stderr, text)


def _write(out: Any, text: str) -> None:
    if not is_first():
        return
    try:
        out.write(text + "\n")
    except UnicodeEncodeError:
        # A name may hold what this output has no signs for.
        out.write(printable(text, out.encoding or "ascii") + "\n")
    out.flush()
