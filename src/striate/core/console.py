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
    if not is_first():
        return
    out: Any = sys.stdout
    try:
        out.write(text + "\n")
    except UnicodeEncodeError:
        # A name may hold what this output has no signs for.
        out.write(printable(text, out.encoding or "ascii") + "\n")
    out.flush()
