"""Packed tars (.tar.gz, .tar.bz2, .tar.xz) read in place: nothing is unpacked to the disk."""

from __future__ import annotations

import bz2
import functools
import gzip
import lzma
import threading
import zlib
from collections import deque
from collections.abc import Callable
from typing import IO, Any, cast

OPENERS: dict[str, Callable[..., Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
# What is kept behind the place last read, for members that are asked for slightly out of order.
_WINDOW = 32 * 2**20
_STEP = 2**20
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError)


class UnpackedTar:
    """What a packed tar unpacks to, read forwards; going far back begins again. Threads take turns."""

    def __init__(self, path: str, packing: str, window: int = _WINDOW, step: int = _STEP):
        self._path = path
        self._packing = packing
        self._window = window
        self._step = step
        self._turn = threading.Lock()
        self._file: IO[bytes] | None = None
        self._chunks: deque[bytes] = deque()
        self._start = self._end = 0
        self._damage: tuple[int, Exception] | None = None

    def read(self, offset: int, size: int) -> bytes:
        """Read bytes that count from the beginning of the unpacked tar; fewer come where it ends.

        Raises:
            OSError, EOFError, zlib.error, lzma.LZMAError: damage before the end of these bytes.
        """
        with self._turn:
            if self._damage and offset + size > self._damage[0]:
                raise self._damage[1]
            if self._file is None or offset < self._start:
                self._begin()
            while self._end < offset + size and self._advance(offset):
                pass
            return self._cut(offset, size)

    def _begin(self) -> None:
        self.close()
        self._file = cast("IO[bytes]", OPENERS[self._packing](self._path, "rb"))
        self._chunks.clear()
        self._start = self._end = 0

    def _advance(self, wanted: int) -> bool:
        try:
            chunk = self._file.read(self._step) if self._file else b""
        except _DAMAGE as error:
            # Kept, for else every member behind the damage would unpack all that lies before it.
            self._damage = (self._end, error)
            self.close()
            raise
        self._chunks.append(chunk)
        self._end += len(chunk)
        while self._chunks and self._start + len(self._chunks[0]) <= min(wanted, self._end - self._window):
            self._start += len(self._chunks.popleft())
        return bool(chunk)

    def _cut(self, offset: int, size: int) -> bytes:
        parts, place = [], self._start
        for chunk in self._chunks:
            low, high = max(offset - place, 0), min(offset + size - place, len(chunk))
            if low < high:
                parts.append(chunk[low:high])
            place += len(chunk)
        return b"".join(parts)

    def close(self) -> None:
        """Let go of the file; the next read begins again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()


@functools.lru_cache(maxsize=2)
def unpacked_tar(path: str, stamp: str, packing: str) -> UnpackedTar:
    """Give this process's reader of a packed tar; `stamp` tells one state of the file from the next."""
    return UnpackedTar(path, packing)
