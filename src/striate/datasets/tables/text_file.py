"""Text files as people have them: any of the usual encodings, packed with gzip or not."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from striate.core.errors import FileAccessError, FileFormatError

_CHUNK = 1 << 24
_HEAD = 1 << 12
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def open_text(place: Path) -> Iterator[TextIO]:
    """Open a text file for reading, in the encoding that it is in.

    UTF-8 and UTF-16 are told by their mark or their bytes; what is neither is read as Latin-1,
    in which every byte is a letter. Line ends stay as they are, as the csv module wants them.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no text, or damaged.
    """
    try:
        with _open_bytes(place) as file:
            encoding = _encoding(file, place)
        with _open_bytes(place) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            yield text
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileFormatError(f"{place} is damaged: {error}. Get another copy of it.") from error
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{place} cannot be read as {error.encoding}: {error.reason}. Save it as UTF-8."
        ) from error
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error


def _open_bytes(place: Path) -> BinaryIO:
    with place.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(place, "rb")) if packed else place.open("rb")


def _encoding(file: BinaryIO, place: Path) -> str:
    head = file.read(_HEAD)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        # Plain letters in UTF-16 have a zero in every second byte.
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if zeros.count(0) > 0.8 * len(zeros):
                return encoding
        raise FileFormatError(f"{place} is not a text file: it holds zero bytes.")
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = head
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = file.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
