"""A zip that can be written in exactly one way, so that every changed bit is noticed.

The layout is fixed by the contents alone: entries stored without compression, one after
another in the given order, time 1980-01-01 00:00:00, the same attributes, no extra fields.
The archive's comment is the SHA-256, in hexadecimal, of all bytes before it. Any zip program
opens such a file; this reader opens nothing else. (Format: PKWARE APPNOTE 6.3.10, 4.3 and 4.4.)

The layout is written out here and not left to `zipfile`, whose fields depend on the version
of Python and whose reader forgives what this one must refuse.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from striate.artifacts.atomic import reading, write_atomically
from striate.artifacts.part_files import sweep_parts
from striate.core.errors import ArgumentError, FileFormatError
from striate.core.shapes import format_bytes

MAGIC = b"PK\x03\x04"
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_COMMENT = 64
_VERSION = 20
_TIME, _DATE = 0, 1 << 5 | 1
_ATTRIBUTES = 0o100644 << 16
_MADE_BY_UNIX = 3 << 8
_MOST_ENTRIES = 64
_MOST_BYTES = 2**32 - 2**20
_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")


class Entry(NamedTuple):
    """What the layout says of one entry."""

    name: str
    checksum: int
    size: int


def _local_header(entry: Entry) -> bytes:
    name = entry.name.encode("ascii")
    fixed = (MAGIC, _VERSION, 0, 0, _TIME, _DATE, entry.checksum, entry.size, entry.size, len(name), 0)
    return _LOCAL.pack(*fixed) + name


def _directory(entries: list[Entry]) -> bytes:
    parts, offset = [], 0
    for entry in entries:
        name = entry.name.encode("ascii")
        sizes = (entry.checksum, entry.size, entry.size, len(name), 0, 0)
        head = (b"PK\x01\x02", _MADE_BY_UNIX | _VERSION, _VERSION, 0, 0, _TIME, _DATE)
        parts.append(_CENTRAL.pack(*head, *sizes, 0, 0, _ATTRIBUTES, offset) + name)
        offset += _LOCAL.size + len(name) + entry.size
    directory = b"".join(parts)
    count = len(entries)
    return directory + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), offset, _COMMENT)


def write_canonical_zip(path: str | os.PathLike[str], contents: Mapping[str, bytes]) -> None:
    """Write the entries, in the order of the mapping, atomically.

    Raises:
        ArgumentError: a name that no reader would accept, or more than the format can hold.
        FileAccessError: the file cannot be written.
    """
    entries = [Entry(name, zlib.crc32(data), len(data)) for name, data in contents.items()]
    wrong = [entry.name for entry in entries if not _NAME.fullmatch(entry.name)]
    if wrong or not 1 <= len(entries) <= _MOST_ENTRIES:
        raise ArgumentError(
            f"an archive takes 1 to {_MOST_ENTRIES} entries named like 'graph.json'; got {len(entries)}"
            + (f", among them {wrong[0]!r}." if wrong else ".")
        )
    total = sum(entry.size for entry in entries)
    if total > _MOST_BYTES:
        raise ArgumentError(
            f"a file of this format holds at most {format_bytes(_MOST_BYTES)}; "
            f"this one would take {format_bytes(total)}."
        )
    pieces: list[bytes] = []
    for entry in entries:
        pieces += [_local_header(entry), contents[entry.name]]
    pieces.append(_directory(entries))
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    write_atomically(path, [*pieces, digest.hexdigest().encode("ascii")])
    sweep_parts(Path(path).resolve().parent)


def read_canonical_zip(path: str | os.PathLike[str], what: str) -> dict[str, bytes]:
    """Read all entries of a file that `write_canonical_zip` could have written, and of no other.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: the checksum is wrong, or anything is not as it would be written.
    """
    with reading(path, what) as file:
        size = file.seek(0, os.SEEK_END)
        if size >= 2**32:
            raise _damaged(path, what, "it is longer than the format allows")
        if size < _END.size + _COMMENT or not _checksum_holds(file, size):
            raise _damaged(path, what, "its checksum does not match its contents")
        contents, entries, end = _read_entries(file, size, path, what)
        file.seek(end)
        if file.read(size - end)[:-_COMMENT] != _directory(entries):
            raise _damaged(path, what, "its directory is not written the one way it can be")
    return contents


def _checksum_holds(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    digest, left = hashlib.sha256(), size - _COMMENT
    while piece := file.read(min(left, 1 << 20)):
        digest.update(piece)
        left -= len(piece)
    return file.read(_COMMENT) == digest.hexdigest().encode("ascii")


def _read_entries(
    file: BinaryIO, size: int, path: str | os.PathLike[str], what: str
) -> tuple[dict[str, bytes], list[Entry], int]:
    contents: dict[str, bytes] = {}
    entries: list[Entry] = []
    offset = 0
    while True:
        file.seek(offset)
        header = file.read(_LOCAL.size)
        if not header.startswith(MAGIC) or len(header) < _LOCAL.size:
            return contents, entries, offset
        fields = _LOCAL.unpack(header)
        checksum, length, name_length = fields[6], fields[7], fields[9]
        if name_length > 100 or length > size - offset or len(entries) == _MOST_ENTRIES:
            raise _damaged(path, what, "an entry claims more than the file holds")
        name = file.read(name_length).decode("latin-1")
        entry = Entry(name, checksum, length)
        if not _NAME.fullmatch(name) or name in contents or header + name.encode() != _local_header(entry):
            raise _damaged(path, what, f"entry {name!r} is not written the one way it can be")
        data = file.read(length)
        if len(data) != length or zlib.crc32(data) != checksum:
            raise _damaged(path, what, f"entry {name!r} does not match its own checksum")
        contents[name] = data
        entries.append(entry)
        offset += len(header) + name_length + length


def _damaged(path: str | os.PathLike[str], what: str, reason: str) -> FileFormatError:
    return FileFormatError(
        f"{os.fspath(path)} is damaged or was changed after it was written: {reason}. "
        f"Take another copy of this {what}, or make it again."
    )
