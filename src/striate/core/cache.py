"""The one folder outside the person's own where Striate keeps things that it can get again."""

from __future__ import annotations

import os
from pathlib import Path

import pooch


def cache_folder(*parts: str) -> Path:
    """Name a folder in the cache; it is made by whoever writes to it.

    The cache is the platform's own place for such things (on Linux `~/.cache/striate`); the
    environment variable STRIATE_CACHE puts it elsewhere.
    """
    moved = os.environ.get("STRIATE_CACHE")
    root = Path(moved).expanduser() if moved else Path(pooch.os_cache("striate"))
    return root.joinpath(*parts)
