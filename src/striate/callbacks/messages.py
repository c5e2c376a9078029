"""What callbacks tell the person."""

from __future__ import annotations

import sys

from striate.core.processes import is_first


def say(message: str) -> None:
    """Write a line to standard output, on a line of its own where a progress bar is being drawn.

    Of several processes that train together only the first speaks.
    """
    if not is_first():
        return
    stream = sys.stdout
    stream.write(("\n" if stream.isatty() else "") + message + "\n")
    stream.flush()
