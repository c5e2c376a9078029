"""What lies in Striate's cache, and how to empty it: everything in it can be got again."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from striate.core.cache import cache_folder
from striate.core.errors import FileAccessError, unknown_name
from striate.datasets.decoding.decoded_cache import ABOUT, read_about


@dataclass(frozen=True)
class CacheEntry:
    """One thing in the cache: its kind ('decoded', 'datasets', ...), name, size and last use.

    `path` is the file or folder that holds it.
    """

    kind: str
    name: str
    bytes: int
    used: datetime
    path: Path


def list_cache() -> list[CacheEntry]:
    """List what lies in the cache, by kind, the one used last first; nothing where there is no cache.

    Raises:
        FileAccessError: the cache cannot be read.
    """
    root = cache_folder()
    if not root.is_dir():
        return []
    try:
        entries = [
            _entry(kind.name, place)
            for kind in root.iterdir()
            if kind.is_dir() and not kind.is_symlink()
            for place in kind.iterdir()
        ]
    except OSError as error:
        raise FileAccessError(f"cannot read the cache {root}: {error.strerror or error}.") from error
    return sorted(entries, key=lambda entry: (entry.kind, -entry.used.timestamp(), entry.name))


def empty_cache(kind: str | None = None) -> int:
    """Remove everything from the cache, or everything of one kind; how many bytes that freed.

    Links are removed, not what they point to.

    Raises:
        UnknownNameError: nothing of that kind is there.
        FileAccessError: something cannot be removed.
    """
    entries = list_cache()
    kinds = {entry.kind for entry in entries}
    if kind is not None and kind not in kinds:
        raise unknown_name("kind of thing in the cache", kind, kinds)
    freed = 0
    for entry in entries:
        if kind in (None, entry.kind):
            _remove(entry.path)
            freed += entry.bytes
    return freed


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            # What says that the pixels are whole goes first: a half-removed set counts as none.
            (path / ABOUT).unlink(missing_ok=True)
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise FileAccessError(f"cannot remove {path} from the cache: {error.strerror or error}.") from error


def _entry(kind: str, place: Path) -> CacheEntry:
    about = read_about(place) if kind == "decoded" else None
    states = [place.lstat(), *_states(place)]
    if about is None:
        used = max(max(state.st_mtime, state.st_atime) for state in states)
    else:
        used = (place / ABOUT).stat().st_mtime
    total = sum(state.st_size for state in states if not stat.S_ISDIR(state.st_mode))
    name = place.name if about is None else about.title
    return CacheEntry(kind, name, total, datetime.fromtimestamp(used, UTC), place)


def _states(place: Path) -> Iterator[os.stat_result]:
    if place.is_dir() and not place.is_symlink():
        for path in place.rglob("*"):
            # Another run may have finished with a temporary file meanwhile.
            with contextlib.suppress(FileNotFoundError):
                yield path.lstat()
