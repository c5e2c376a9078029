"""The one place outside the command line that speaks to the person."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Write a line to standard output at once; looked up late, so that notebooks and tests catch it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
