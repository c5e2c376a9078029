"""Files that are either the old one or the whole new one, never a half of it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from striate.artifacts.part_files import part_name
from striate.core.durability import sync_folder
from striate.core.errors import FileAccessError
from striate.core.shapes import format_bytes


def write_atomically(path: str | os.PathLike[str], pieces: Iterable[bytes]) -> None:
    """Write the pieces one after another into a file that appears under its name only when complete.

    They go to a temporary file in the same folder, are flushed to the disk, and take the name in
    one step. When that fails, the temporary file is removed and a file that was there stays.

    Raises:
        FileAccessError: the folder is missing, or the file cannot be written; with the space
            needed and free.
    """
    target = _target(path)
    chunks = list(pieces)
    temporary = target.with_name(part_name())
    try:
        with temporary.open("xb") as file:
            _write_durably(file, chunks)
        temporary.replace(target)
    except OSError as error:
        needed = sum(len(chunk) for chunk in chunks)
        raise FileAccessError(_failure(os.fspath(path), error, needed, target.parent)) from error
    finally:
        # Where even that fails, the reason why the file was not written is the one to tell.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def _target(path: str | os.PathLike[str]) -> Path:
    place = os.fspath(path)
    try:
        # A link stays a link: the file that it points to is replaced.
        target = Path(path).resolve()
        has_folder, is_folder = target.parent.is_dir(), target.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise FileAccessError(f"cannot write {place}: {_words(error)}.") from error
    if not has_folder:
        raise FileAccessError(
            f"cannot write {place}: there is no folder {target.parent}. "
            "Create it first, or choose another place."
        )
    if is_folder:
        raise FileAccessError(f"cannot write {place}: this is a folder. Give the name of a file in it.")
    return target


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _write_durably(file: BinaryIO, chunks: list[bytes]) -> None:
    for chunk in chunks:
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())


def _failure(path: str, error: OSError, needed: int, folder: Path) -> str:
    try:
        free = format_bytes(shutil.disk_usage(folder).free)
    except OSError:
        free = "an unknown amount"
    return (
        f"cannot write {path}: {_words(error)} (needs {format_bytes(needed)}; {free} free in "
        f"{folder}). Nothing was changed. Make room, or choose another place."
    )


def read_bytes(path: str | os.PathLike[str], what: str, *, limit: int) -> bytes:
    """Read a small file whole.

    Raises:
        FileAccessError: it is missing, a folder, unreadable, or larger than `limit` bytes.
    """
    with reading(path, what) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise FileAccessError(
            f"{os.fspath(path)} is larger than a {what} can be ({format_bytes(limit)}). Is it the right file?"
        )
    return content


@contextlib.contextmanager
def reading(path: str | os.PathLike[str], what: str) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, with the reason in words where opening or reading fails.

    Raises:
        FileAccessError: it is missing, a folder, not readable, or its disk fails.
    """
    with open_for_reading(path, what) as file:
        try:
            yield file
        except FileAccessError:
            raise
        except OSError as error:
            raise FileAccessError(f"cannot read the {what} {os.fspath(path)}: {_words(error)}.") from error


def open_for_reading(path: str | os.PathLike[str], what: str) -> BinaryIO:
    """Open a file to read its bytes, with the reason in words where that fails.

    Raises:
        FileAccessError: it is missing, a folder, a pipe or device, or not readable.
    """
    place = Path(path)
    try:
        if place.is_dir():
            raise FileAccessError(
                f"expected a {what} but {place} is a folder. Give the path of the file in it."
            )
        if place.exists() and not place.is_file():
            # Opening a pipe waits for somebody to write into it, and a device may have no end.
            raise FileAccessError(f"expected a {what} but {place} is a pipe or a device, not a file.")
        return place.open("rb")
    except FileNotFoundError as error:
        raise FileAccessError(f"there is no {what} {place} (seen from {_here()}).") from error
    except FileAccessError:
        raise
    except (OSError, ValueError) as error:
        raise FileAccessError(f"cannot read the {what} {place}: {_words(error)}.") from error


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "a folder that was deleted"
