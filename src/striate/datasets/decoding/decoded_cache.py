"""Decoded images on the disk: whole or not at all, whoever is killed and however many run at once.

A set of images is a folder `decoded/<key>/`: pixels in a file named after their content, and
`about.json`, written last, which says which file it is, how long, and what was left out. Without
it, or where the lengths differ, nothing counts as there. Half-written files are called `.part`.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import numpy as np

from striate.core.durability import sync_folder
from striate.core.errors import FileAccessError

ABOUT = "about.json"
_SCHEMA = 1
_PART = ".part"
# A part that nobody has written to for this long belongs to a run that was killed.
_ABANDONED_SECONDS = 3600


@dataclass(frozen=True)
class About:
    """What stands beside the pixels: their shape and content, and the places left out with the reasons.

    `settled` is False where a file could not be opened or memory was short: that may pass, so next
    time all is looked at anew.
    """

    title: str
    shape: tuple[int, ...]
    bad: tuple[tuple[int, str], ...]
    content: str
    settled: bool = True

    @property
    def file_name(self) -> str:
        """The name of the file with the pixels."""
        return f"{self.content[:32]}.pixels"

    @property
    def size(self) -> int:
        """The length of that file in bytes."""
        return int(np.prod(self.shape, dtype=np.int64))


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileAccessError(f"they cannot be written: {error.strerror or error}") from error


@final
class PixelWriter:
    """Takes rows of pixels in any order into a file of its own, and gives it its name when all are there.

    Used with `with`: what was not finished is removed.

    Raises:
        FileAccessError: no room, or no right to write; nothing under a final name has changed.
    """

    def __init__(self, folder: Path, example: tuple[int, ...]):
        self.folder = folder
        self.row_bytes = int(np.prod(example))
        self.path = folder / f"{secrets.token_hex(8)}{_PART}"
        with _in_words():
            folder.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder)
            self._file = self.path.open("xb+", buffering=0)

    def __enter__(self) -> PixelWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def put(self, row: int, pixels: np.ndarray) -> None:
        """Write one row."""
        with _in_words():
            self._write(row, np.ascontiguousarray(pixels).data.cast("B"))

    def _write(self, row: int, content: memoryview | bytes) -> None:
        self._file.seek(row * self.row_bytes)
        while content:
            # Without a buffer, a full disk shows as a short write first and as an error then.
            content = content[self._file.write(content) :]

    def finish(self, good: np.ndarray, about: About) -> None:
        """Close the gaps that bad images left, bring everything to the disk, and give it its name."""
        with _in_words():
            for place, row in enumerate(good.tolist()):
                if place != row:
                    self._file.seek(row * self.row_bytes)
                    self._write(place, self._file.read(self.row_bytes))
            self._file.truncate(about.size)
            os.fsync(self._file.fileno())
            self._file.close()
            target = self.folder / about.file_name
            # On Windows a file that another run has mapped cannot be replaced, and holds the same.
            if not (target.is_file() and target.stat().st_size == about.size):
                self.path.replace(target)
            sync_folder(self.folder)
            _write_about(self.folder, about)


def _write_about(folder: Path, about: About) -> None:
    part = folder / f"{secrets.token_hex(8)}{_PART}"
    try:
        with part.open("x", encoding="utf-8") as file:
            json.dump({"schema": _SCHEMA, "bytes": about.size, **asdict(about)}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / ABOUT)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(folder)


def _remove_abandoned(folder: Path) -> None:
    for part in folder.glob(f"*{_PART}"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > _ABANDONED_SECONDS:
                part.unlink()


def read_about(folder: Path) -> About | None:
    """Read what is said beside the pixels; None where it is missing, foreign, or does not fit the file."""
    try:
        table = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if table["schema"] != _SCHEMA:
            return None
        bad = tuple((int(row), str(reason)) for row, reason in table["bad"])
        shape = tuple(map(int, table["shape"]))
        about = About(str(table["title"]), shape, bad, str(table["content"]), bool(table["settled"]))
        whole = (folder / about.file_name).stat().st_size == about.size == table["bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return about if whole else None


def open_pixels(folder: Path, about: About) -> np.ndarray | None:
    """Map the pixels for reading, and note that they were used; None where they are gone by now."""
    if not about.size:
        return np.empty(about.shape, np.uint8)
    try:
        pixels = np.memmap(folder / about.file_name, np.uint8, "r", shape=about.shape)
    except (OSError, ValueError):
        return None
    with contextlib.suppress(OSError):
        os.utime(folder / ABOUT)
    return pixels


def good_rows(count: int, bad: Sequence[tuple[int, str]]) -> np.ndarray:
    """List the rows that are not among the bad ones, in rising order."""
    keep = np.ones(count, bool)
    keep[[row for row, _ in bad]] = False
    return np.flatnonzero(keep)
