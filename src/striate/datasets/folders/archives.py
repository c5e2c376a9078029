"""What lies in a zip or a tar, read without unpacking it to the disk."""

from __future__ import annotations

import contextlib
import errno
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import IO, cast

from striate.core.errors import FileAccessError, FileFormatError, StriateError
from striate.datasets.folders.listing import Folder, is_hidden
from striate.datasets.folders.packed_tar import OPENERS
from striate.datasets.folders.places import (
    MOST_BYTES,
    TarMember,
    ZipMember,
    can_unpack,
    file_stamp,
    shown_name,
)

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_ENCRYPTED = 0x1
_STEP = 2**20
_BEGINNINGS = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}
_ZIP_DAMAGE = (zipfile.BadZipFile, NotImplementedError, struct.error)
_TAR_DAMAGE = (tarfile.TarError, EOFError, ValueError, OverflowError, zlib.error, LZMAError)


def is_archive_name(name: str) -> bool:
    """Say whether a file of this name is a zip or a tar, by its ending."""
    return name.lower().endswith(ARCHIVE_SUFFIXES)


def list_archive(path: Path) -> Folder:
    """List a zip or a tar, packed or not, by what is in it and not by its name.

    Names are taken as they are: nothing is written, so a name that leads outside the archive
    leads nowhere. Where a name stands twice, the later member counts, as in unpacking.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, or neither zip nor tar.
    """
    with refusing_damage(path):
        beginning = _beginning(path)
        if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _folder_of(_zip_members(path))
        return _folder_of(_tar_members(path, _packing(beginning)))


@contextlib.contextmanager
def refusing_damage(path: Path) -> Iterator[None]:
    """Put into words what goes wrong while an archive is read.

    Raises:
        FileAccessError: it is missing or cannot be read.
        FileFormatError: it is damaged, or neither zip nor tar.
    """
    try:
        yield
    except StriateError:
        raise
    except _ZIP_DAMAGE as error:
        raise FileFormatError(f"the zip {_shown(path)} is damaged: {error}. Get it again.") from error
    except _TAR_DAMAGE as error:
        raise FileFormatError(
            f"{_shown(path)} is damaged, or neither a zip nor a tar: {error}. Get it again, or name a folder."
        ) from error
    except OSError as error:
        # Damage in what gzip and bzip2 pack is an OSError too, one without a number of the system's;
        # a place before the beginning of the file is none of the system's making either.
        if error.errno in (None, errno.EINVAL):
            raise FileFormatError(f"{_shown(path)} is damaged: {error}. Get it again.") from error
        raise FileAccessError(f"cannot read {_shown(path)}: {error.strerror}.") from error


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(6)


def _shown(path: Path) -> str:
    return shown_name(str(path))


def _packing(beginning: bytes) -> str:
    return next((name for mark, name in _BEGINNINGS.items() if beginning.startswith(mark)), "")


def _folder_of(members: Iterator[tuple[str, ZipMember | TarMember | None]]) -> Folder:
    top = Folder()
    latest: dict[str, ZipMember | TarMember] = {}
    for name, member in members:
        if member is None:
            top.folder_of(name.split("/") if name else [])
        else:
            latest[name] = member
    for place in latest.values():
        top.add(place)
    return top


def _clean_name(name: str) -> str | None:
    """Make a plain relative name of a member's, or None for what is hidden or the system's."""
    parts = [part for part in shown_name(name).split("/") if part not in ("", ".", "..")]
    if not parts or any(is_hidden(part) for part in parts):
        return None
    return "/".join(parts)


def _zip_members(path: Path) -> Iterator[tuple[str, ZipMember | None]]:
    stamp = file_stamp(path)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            # Zips packed by some Windows programs part folders by the other slash.
            name = _clean_name(info.filename.replace("\\", "/"))
            if name is None:
                continue
            if info.is_dir():
                yield name, None
                continue
            yield (
                name,
                ZipMember(
                    name,
                    path,
                    stamp,
                    info.header_offset,
                    info.compress_size,
                    info.file_size,
                    info.CRC,
                    info.compress_type,
                    _refusal(info),
                ),
            )


def _refusal(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "is locked with a password in the archive"
    if not can_unpack(info.compress_type):
        return f"is compressed in a way that is not read (number {info.compress_type}); pack it with deflate"
    return ""


def _tar_members(path: Path, packing: str) -> Iterator[tuple[str, TarMember | None]]:
    stamp = file_stamp(path)
    # What hard links point to, by the name in the archive.
    targets: dict[str, TarMember] = {}
    with _open_tar(path, packing) as archive:
        for info in _each_member(archive):
            name = _clean_name(info.name)
            if name is not None and info.isdir():
                yield name, None
            elif name is not None and info.isreg() and not info.issparse():
                targets[info.name] = TarMember(name, path, stamp, info.offset_data, info.size, packing)
                yield name, targets[info.name]
            elif name is not None and info.islnk() and info.linkname in targets:
                target = targets[info.linkname]
                yield name, TarMember(name, path, stamp, target.offset, target.size, packing)


def stream_tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Give name and content of the wanted files in a tar, one after the other, in one pass.

    Raises:
        FileAccessError, FileFormatError: the tar cannot be read, is damaged, or is none.
    """
    with refusing_damage(path), _open_tar(path, _packing(_beginning(path))) as archive:
        for info in _each_member(archive):
            name = _clean_name(info.name)
            if name is not None and info.isreg() and wanted(name) and info.size <= MOST_BYTES:
                file = archive.extractfile(info)
                yield name, b"" if file is None else file.read()


@contextlib.contextmanager
def _open_tar(path: Path, packing: str) -> Iterator[tarfile.TarFile]:
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(OPENERS[packing](path, "rb") if packing else path.open("rb"))
        yield stack.enter_context(tarfile.open(fileobj=file, mode="r:"))


def _each_member(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := archive.next()) is not None:
        # The library keeps every member, which for millions of images is all memory.
        vars(archive)["members"].clear()
        yield info
    # It also takes a damaged header for the end, and would pass over all that follows.
    file = cast("IO[bytes]", archive.fileobj)
    file.seek(archive.offset)
    if any(file.read(tarfile.BLOCKSIZE)):
        raise tarfile.ReadError(f"there is no sound header at byte {archive.offset:,}")
    # Only at its end does a packed file compare all that it held with its checksum.
    while file.read(_STEP):
        pass
