"""Which files beside each other are the parts of one set: NAME_TRAIN and NAME_TEST, train and test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from striate.core.errors import DataError, FileAccessError

# A word for a part, at the beginning or end of a name or between signs.
_WORD = re.compile(
    r"(?:^|(?<=[_\-. ]))(train|training|val|valid|validation|dev|test|testing)(?=$|[_\-. ])", re.IGNORECASE
)
_PARTS = {"train": "train", "training": "train", "test": "test", "testing": "test"}


def part_of(stem: str) -> tuple[str, str] | None:
    """Take the word for a part out of a name: what is left, and the part; None where there is none.

    >>> part_of("GunPoint_TEST"), part_of("train"), part_of("strain")
    (('GunPoint', 'test'), ('', 'train'), None)
    """
    found = list(_WORD.finditer(stem))
    if not found:
        return None
    word = found[-1]
    left = (stem[: word.start()] + stem[word.end() :]).strip("_-. ")
    return left, _PARTS.get(word[0].lower(), "validation")


def stem_of(path: Path) -> str:
    """The name of a file without its suffix, and without .gz."""
    name = path.name.removesuffix(".gz")
    return name[: -len(Path(name).suffix)] if Path(name).suffix else name


def suffix_of(path: Path) -> str:
    """The suffix of a file in lower case, that in front of .gz."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def find_part_files(place: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Find the files of each part, for a folder, one of the files, or the stem that they share.

    Where a part is there in several formats, the format of the named file goes first, then the
    order of `suffixes`.

    Raises:
        FileAccessError: there is nothing.
        DataError: a folder with several sets, or with tables that are no parts of one.
    """
    if place.is_file():
        named = part_of(stem_of(place))
        if named is None:
            return {"train": place}
        order = [suffix_of(place), *suffixes]
        found = _parts(_files(place.parent, suffixes), order).get(named[0], {})
        # A test file alone is all the data there are.
        return _in_order({**found, named[1]: place}) if found or named[1] == "train" else {"train": place}
    if place.is_dir():
        return _find_in_folder(place, suffixes)
    sets = _parts(_files(place.parent, suffixes), suffixes) if place.parent.is_dir() else {}
    if place.name not in sets:
        raise FileAccessError(f"there is no file or folder {place}, and no {place.name}_TRAIN beside it.")
    return _in_order(sets[place.name])


def _find_in_folder(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    files = _files(folder, suffixes)
    sets = _parts(files, suffixes)
    for name in (folder.name, ""):
        if name in sets:
            return _in_order(sets[name])
    if len(sets) == 1:
        return _in_order(next(iter(sets.values())))
    if sets:
        listed = ", ".join(sorted(f"{name}_..." if name else "train ..." for name in sets))
        raise DataError(f"{folder} holds several sets ({listed}). Name one of their files.")
    if len(files) == 1:
        return {"train": files[0]}
    if not files:
        raise DataError(
            f"{folder} holds no tables ({', '.join(suffixes)}). Name the folder or the file that holds them."
        )
    listed = ", ".join(path.name for path in files[:5])
    raise DataError(
        f"{folder} holds no table called train, but {listed}{', ...' if len(files) > 5 else ''}. Call the "
        "files train and test, or name one of them."
    )


def _files(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if suffix_of(path) in suffixes and not path.name.startswith(".") and path.is_file()
    )


def _parts(files: Sequence[Path], order: Sequence[str]) -> dict[str, dict[str, Path]]:
    """Sort files into sets of parts, by what is left of their names."""
    sets: dict[str, dict[str, Path]] = {}
    for path in sorted(files, key=lambda path: (list(order).index(suffix_of(path)), path.name)):
        named = part_of(stem_of(path))
        if named is not None:
            sets.setdefault(named[0], {}).setdefault(named[1], path)
    return {name: parts for name, parts in sets.items() if "train" in parts}


def _in_order(parts: dict[str, Path]) -> dict[str, Path]:
    return {part: parts[part] for part in ("train", "validation", "test") if part in parts}
