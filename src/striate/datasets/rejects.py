"""Files that cannot be used: what is kept of each, and when there are too many of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

POLICIES = ("skip", "error", "quarantine")
# More than this share of bad files means that something larger is wrong.
MOST_BAD = 0.05


@dataclass(frozen=True)
class BadFile:
    """A file that was left out: its name as people know it, why, and where it lies on the disk."""

    name: str
    reason: str
    path: Path | None = None
