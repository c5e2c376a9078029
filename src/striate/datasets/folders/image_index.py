"""Images by what people call them in lists."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from striate.datasets.folders.listing import is_image_name, without_image_suffix
from striate.datasets.folders.places import FilePlace, Place, shown_name


@dataclass(eq=False)
class ImageIndex:
    """Finds images by what lists call them: by path or by name, with ending or without.

    `base` is where paths begin that lead to images beyond the indexed ones, None where they may not.
    """

    by_key: dict[str, Place | None]
    base: Path | None = None

    @classmethod
    def of(cls, images: Iterable[Place], base: Path | None = None) -> ImageIndex:
        """Index images; what several of them could be called finds none of them."""
        full: dict[str, Place | None] = {}
        short: dict[str, Place | None] = {}
        for image in images:
            name = _key(image.name)
            _put(full, {name, without_image_suffix(name)}, image)
            last = name.rpartition("/")[2]
            _put(short, {last, without_image_suffix(last)}, image)
        return cls(short | full, base)

    def find(self, cell: str) -> Place | None:
        """Find an image by its path, or by less and less of its end."""
        parts = _key(cell).split("/")
        if parts != [""] and "/".join(parts) not in self.by_key and (place := self._beyond(cell)):
            return place
        for start in range(len(parts)):
            key = "/".join(parts[start:])
            if key and (key in self.by_key):
                return self.by_key[key]
        return None

    def _beyond(self, cell: str) -> Place | None:
        path = None if self.base is None or "\0" in cell else self.base / cell
        if path is None or not is_image_name(path.name) or not path.is_file():
            return None
        return FilePlace(shown_name(Path(cell).as_posix()), path)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip().replace("\\", "/").removeprefix("./").strip("/"))


def _put(index: dict[str, Place | None], keys: set[str], image: Place) -> None:
    for key in keys:
        index[key] = None if key in index else image
