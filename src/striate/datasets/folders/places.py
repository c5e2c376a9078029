"""Where the bytes of one image lie: in a file of its own, in an archive, in a cell of a table."""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast, final

from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets.folders.packed_tar import unpacked_tar
from striate.datasets.folders.parquet_cells import row_group

# A member of an archive that says that it is larger is not read at all: an uncompressed TIFF of
# 50 million pixels in 16 bits takes 300 million bytes.
MOST_BYTES = 400_000_000
_UNPACKERS: dict[int, Callable[[], Any]] = {
    8: lambda: zlib.decompressobj(-zlib.MAX_WBITS),
    12: bz2.BZ2Decompressor,
}
_DAMAGE = (EOFError, ValueError, struct.error, zlib.error, lzma.LZMAError)


class Place(Protocol):
    """What every place offers; all of them are small, unchangeable and can be sent to other processes.

    `name` is the name that people see. `path` is the file where the image is a file of its own,
    else None. `order` sorts places so that what lies together is read together: reading a packed
    tar or a Parquet file in this order goes through it once.
    """

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> Path | None: ...

    @property
    def order(self) -> tuple[str, int]: ...

    def read(self) -> bytes:
        """Read the image file's bytes.

        Raises:
            FileAccessError: they cannot be read.
            FileFormatError: what holds them is damaged.
        """
        ...

    def stamp(self) -> str:
        """Say in a short text what lies there, without reading it: it changes when the bytes do."""
        ...


def shown_name(name: str) -> str:
    r"""Make a name that can be printed and written of one whose bytes are no text.

    >>> shown_name("caf\udce9.png")
    'caf\\xe9.png'
    """
    try:
        return name.encode("utf-8").decode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def file_stamp(path: Path) -> str:
    """Say which state of which file this is: where it lies, how long it is, when it was written.

    A file that is not there has a stamp too: reading it says what is wrong.
    """
    try:
        state = path.stat()
    except OSError as error:
        return f"{shown_name(str(path.absolute()))}:{type(error).__name__}"
    return f"{shown_name(str(path.absolute()))}:{state.st_size}:{state.st_mtime_ns}"


@final
@dataclass(frozen=True, slots=True)
class FilePlace:
    """An image in a file of its own."""

    name: str
    path: Path

    @property
    def order(self) -> tuple[str, int]:
        return str(self.path), 0

    def read(self) -> bytes:
        """Read the whole file."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise FileAccessError(f"cannot be read: {error.strerror or error}") from error

    def stamp(self) -> str:
        """Say which file this is and when it was last written."""
        return file_stamp(self.path)


@final
@dataclass(frozen=True, slots=True)
class ZipMember:
    """An image in a zip, found without reading the archive's directory again.

    `offset` is where the member's own header begins, `method` the number of its compression,
    `packed` its length in the archive. `refused` says why it is not to be read, such as for a
    password.
    """

    name: str
    archive: Path
    archive_stamp: str
    offset: int
    packed: int
    size: int
    crc: int
    method: int = 0
    refused: str = ""

    @property
    def path(self) -> Path | None:
        return None

    @property
    def order(self) -> tuple[str, int]:
        return str(self.archive), self.offset

    def read(self) -> bytes:
        """Unpack the member, and compare it with its checksum."""
        if self.refused:
            raise FileFormatError(self.refused)
        _check_size(self.size)
        try:
            content = self._unpack(self._packed_bytes())
        except FileFormatError:
            raise
        except _DAMAGE as error:
            raise FileFormatError("is damaged in the archive") from error
        except OSError as error:
            raise FileAccessError(f"the archive cannot be read: {error.strerror or error}") from error
        if len(content) != self.size or zlib.crc32(content) != self.crc:
            raise FileFormatError("is damaged in the archive: its checksum is wrong")
        return content

    def _packed_bytes(self) -> bytes:
        with self.archive.open("rb") as file:
            file.seek(self.offset)
            header = file.read(30)
            signature, name_length, extra_length = struct.unpack("<4s22xHH", header)
            if signature != b"PK\x03\x04":
                raise FileFormatError("is damaged in the archive: it does not begin where it should")
            file.seek(name_length + extra_length, os.SEEK_CUR)
            return file.read(self.packed)

    def _unpack(self, packed: bytes) -> bytes:
        if self.method == 0:
            return packed
        # Never more than was declared, however much a hostile member would unpack to.
        return cast(bytes, _UNPACKERS[self.method]().decompress(packed, self.size + 1))

    def stamp(self) -> str:
        """Say which archive, and the member's checksum in it."""
        return f"{self.archive_stamp}:{self.offset}:{self.size}:{self.crc:08x}"


def can_unpack(method: int) -> bool:
    """Say whether a zip's member of this number of compression can be read."""
    return method == 0 or method in _UNPACKERS


@final
@dataclass(frozen=True, slots=True)
class TarMember:
    """An image in a tar: a stretch of its bytes, counted after unpacking where the tar is packed.

    `packing` is '', 'gz', 'bz2' or 'xz'.
    """

    name: str
    archive: Path
    archive_stamp: str
    offset: int
    size: int
    packing: str = ""

    @property
    def path(self) -> Path | None:
        return None

    @property
    def order(self) -> tuple[str, int]:
        return str(self.archive), self.offset

    def read(self) -> bytes:
        """Read the stretch; a packed tar is unpacked up to it, and read on from there next time."""
        _check_size(self.size)
        try:
            if self.packing:
                tar = unpacked_tar(str(self.archive), self.archive_stamp, self.packing)
                content = tar.read(self.offset, self.size)
            else:
                with self.archive.open("rb") as file:
                    file.seek(self.offset)
                    content = file.read(self.size)
        except _DAMAGE as error:
            raise FileFormatError(f"is damaged in the archive: {error}") from error
        except OSError as error:
            raise FileAccessError(f"the archive cannot be read: {error.strerror or error}") from error
        if len(content) != self.size:
            raise FileFormatError("is cut off: the archive ends before it does")
        return content

    def stamp(self) -> str:
        """Say which archive, and where in it."""
        return f"{self.archive_stamp}:{self.offset}:{self.size}"


@final
@dataclass(frozen=True, slots=True)
class ParquetCell:
    """An image in a cell of a Parquet file, in a column of bytes (`column` as 'image.bytes')."""

    name: str
    table: Path
    table_stamp: str
    column: str
    row_group: int
    row: int

    @property
    def path(self) -> Path | None:
        return None

    @property
    def order(self) -> tuple[str, int]:
        return str(self.table), self.row_group * 2**32 + self.row

    def read(self) -> bytes:
        """Read the cell; its row group stays in memory for the next ones."""
        cells = row_group(str(self.table), self.table_stamp, self.column, self.row_group)
        content = cells[self.row].as_py()
        if not isinstance(content, bytes):
            raise FileFormatError("the cell is empty")
        return content

    def stamp(self) -> str:
        """Say which file, and which cell in it."""
        return f"{self.table_stamp}:{self.column}:{self.row_group}:{self.row}"


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise FileFormatError(f"says that it takes {size:,} bytes; no more than {MOST_BYTES:,} are read")
