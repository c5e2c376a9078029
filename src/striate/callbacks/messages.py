"""What callbacks tell the person."""

from __future__ import annotations

import sys


def say(message: str) -> None:
    """Write a line to standard output, on a line of its own where a progress bar is being drawn."""
    stream = sys.stdout
    stream.write(("\n" if stream.isatty() else "") + message + "\n")
    stream.flush()
