"""What lies in a folder or an archive, as a tree of images and other files; nothing is decoded."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from striate.core.errors import FileAccessError, StriateError
from striate.datasets.folders.places import FilePlace, Place, shown_name
from striate.datasets.rejects import BadFile

# By its name a file is an image if Pillow or tifffile may read it, or if people would call it one:
# what then cannot be decoded is listed as a bad file, not passed over.
_SUFFIXES = frozenset(
    (
        ".apng", ".avif", ".bmp", ".btf", ".cur", ".dcx", ".dds", ".dib", ".fli", ".gif",
        ".heic", ".heif", ".hif", ".icns", ".ico", ".im", ".j2c", ".j2k", ".jfif", ".jp2",
        ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".pbm", ".pcx", ".pfm",
        ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi", ".ras", ".sgi", ".tf8", ".tga",
        ".tif", ".tiff", ".webp", ".xbm", ".xpm",
    )
)  # fmt: skip
# The first bytes of images that came without an ending.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SYSTEM = frozenset(
    (
        "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "lost+found",
        "__pycache__", "system volume information", "icon\r",
    )
)  # fmt: skip


@dataclass(eq=False)
class Folder:
    """A folder, on the disk or in an archive: the folders in it, its images, its other files.

    `name` is its own name, '' at the top. `unreadable` says that it could not be opened; at the top, which
    folders could not.
    """

    name: str = ""
    folders: dict[str, Folder] = field(default_factory=dict)
    images: list[Place] = field(default_factory=list)
    others: list[Place] = field(default_factory=list)
    unreadable: list[BadFile] = field(default_factory=list)

    def all_images(self) -> list[Place]:
        """List the images here and in all folders below, by name."""
        return sorted((image for folder in self.walk() for image in folder.images), key=_name)

    def all_others(self) -> list[Place]:
        """List the files here and below that are no images, by name."""
        return sorted((file for folder in self.walk() for file in folder.others), key=_name)

    def walk(self) -> Iterator[Folder]:
        """Give this folder and all below it."""
        yield self
        for name in sorted(self.folders):
            yield from self.folders[name].walk()

    def has_images(self) -> bool:
        """Say whether there is an image here or anywhere below."""
        return any(folder.images for folder in self.walk())

    def is_empty(self) -> bool:
        """Say whether there is no file at all here and below."""
        return not any(folder.images or folder.others for folder in self.walk())

    def folder_of(self, parts: Iterable[str]) -> Folder:
        """Find the folder below this one, or make it."""
        folder = self
        for part in parts:
            folder = folder.folders.setdefault(part, Folder(part))
        return folder

    def add(self, place: Place) -> None:
        """Put a file where its name says."""
        *parts, name = place.name.split("/")
        folder = self.folder_of(parts)
        (folder.images if _is_image(place, name) else folder.others).append(place)


def _name(place: Place) -> str:
    return place.name


def is_image_name(name: str) -> bool:
    """Say whether a file of this name is an image, by its ending.

    >>> is_image_name("Cat.JPG"), is_image_name("notes.txt")
    (True, False)
    """
    return os.path.splitext(name)[1].lower() in _SUFFIXES  # noqa: PTH122


def without_image_suffix(name: str) -> str:
    """Take the ending off an image's name, and off no other: 'cat.0.jpg' is 'cat.0', as is 'cat.0'."""
    return name.rpartition(".")[0] if is_image_name(name) else name


def is_hidden(name: str) -> bool:
    """Say whether a file or folder is the system's own and not the person's."""
    return name.startswith(".") or name.lower() in _SYSTEM


def _is_image(place: Place, name: str) -> bool:
    if "." in name:
        return is_image_name(name)
    return _beginning(place).startswith(_BEGINNINGS)


def _beginning(place: Place) -> bytes:
    try:
        if place.path is None:
            return place.read()[:16]
        with place.path.open("rb") as file:
            return file.read(16)
    except (OSError, StriateError):
        return b""


def list_folder(path: Path) -> Folder:
    """List a folder on the disk with all below it, leaving out what is hidden or the system's.

    Links are followed, except to folders that are listed anyway: those inside `path`, so that
    circles of links end.

    Raises:
        FileAccessError: the folder is missing or cannot be opened.
    """
    try:
        path.stat()
        next(path.iterdir(), None)
    except OSError as error:
        raise FileAccessError(
            f"cannot open the folder {shown_name(str(path))}: {error.strerror or error}."
        ) from error
    top = Folder()
    _list_into(top, top, path, "", path.resolve(), set())
    return top


def _list_into(top: Folder, folder: Folder, path: Path, prefix: str, root: Path, seen: set[Path]) -> None:
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        reason = f"the folder cannot be opened: {error.strerror or error}"
        for one in {id(top): top, id(folder): folder}.values():
            one.unreadable.append(BadFile(prefix.rstrip("/"), reason, path))
        return
    for entry in entries:
        if is_hidden(entry.name):
            continue
        name = prefix + shown_name(entry.name)
        if _is_folder(entry):
            if not entry.is_symlink() or _is_new(Path(entry.path).resolve(), root, seen):
                inner = folder.folder_of([shown_name(entry.name)])
                _list_into(top, inner, Path(entry.path), name + "/", root, seen)
        elif _may_be_read(entry):
            place = FilePlace(name, Path(entry.path))
            (folder.images if _is_image(place, entry.name) else folder.others).append(place)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _may_be_read(entry: os.DirEntry[str]) -> bool:
    # A pipe or a device would be waited for; a link that leads nowhere is a bad file, with its reason.
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return True


def _is_new(target: Path, root: Path, seen: set[Path]) -> bool:
    if target == root or root in target.parents or target in root.parents or target in seen:
        return False
    seen.add(target)
    return True
