"""From what a person names, a set, a folder or a file, to the source that reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from striate.core.errors import ArgumentError, DataError, FileAccessError, did_you_mean, unknown_name
from striate.core.shapes import check_choice
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.listing import is_image_name
from striate.datasets.folders.webdataset import expand_shards
from striate.datasets.named import NAMES, load_named
from striate.datasets.options import Progress, SourceOptions, no_progress
from striate.datasets.rejects import POLICIES
from striate.datasets.source import KINDS, DataBundle
from striate.datasets.split import limit_classes
from striate.datasets.tables.array_files import load_array_file
from striate.datasets.tables.table import load_signals

Load = Callable[[Path, SourceOptions, Progress], DataBundle]

_ARRAYS = (".npz", ".npy", ".mat")
_PLAIN_TABLES = (".csv", ".tsv", ".txt", ".ts", ".arff", ".data")
_TABLES = (*_PLAIN_TABLES, *(f"{suffix}.gz" for suffix in _PLAIN_TABLES))
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tbz2", ".txz")
_IDX = re.compile(r".*-ubyte(\.gz)?", re.IGNORECASE)
_CIFAR = re.compile(
    r"cifar-100?.*\.tar\.gz|data_batch_\d(\.bin)?|test_batch(\.bin)?|(train|test)\.bin", re.IGNORECASE
)
# Enough of a list to see whether its cells name images.
_LOOKED_AT = 65_536
# A table whose cells are not called like images, but like most of those that lie beside it, lists them.
_MOST_ROWS = 0.5
_IMAGE_WORDS = ("size", "fit", "channels", "interpolation")
# Files in a folder that are looked at to say what it holds.
_MOST_LISTED = 2_000
_IMAGE_NAME = re.compile(
    r"[^\s,;\"']+\.(jpe?g|jfif|png|webp|bmp|gif|tiff?|jp2|avif|ppm|pgm)\b", re.IGNORECASE
)


def open_data(
    text: str,
    options: SourceOptions | None = None,
    progress: Progress = no_progress,
    base: Path | None = None,
) -> DataBundle:
    """Open a named set, or whatever lies at a path; `base` is a second folder to look from.

    Images: a folder with a folder a class, also below train, val and test; files called
    cat.0.jpg; a list of files and labels; a .zip or .tar of any of these; WebDataset's tars;
    Parquet. Signals: tables (.csv, .tsv, .txt, .ts, .arff) and folders of them. Both: arrays
    (.npz, .npy, .mat), IDX and CIFAR's files.

    Raises:
        UnknownNameError: a word that names no set.
        FileAccessError: nothing is there, or it cannot be read.
        DataError, FileFormatError, LabelError: it cannot be used, in words.
        ArgumentError: an option that does not suit.
    """
    chosen = options or SourceOptions()
    check_choice(chosen.bad_files, POLICIES, "bad_files")
    if chosen.kind is not None:
        check_choice(chosen.kind, KINDS, "kind")
    place = _find(text, base)
    if place is None:
        return _open_named(text, chosen)
    if chosen.data_dir is not None:
        raise ArgumentError(
            f"{text} lies on the disk itself; data_dir goes with a named set: {', '.join(NAMES)}."
        )
    load = choose_source(place, chosen)
    _check_options(text, load, chosen)
    return load(place, chosen, progress)


def _check_options(text: str, load: Load, options: SourceOptions) -> None:
    """Refuse what these data have no use for."""
    if load is load_images:
        return
    what, goes = "a table of numbers", "image files"
    # What a trained network brings along of images is no wish of the person's.
    words = _IMAGE_WORDS if options.image_input is None else ()
    if load is not load_signals:
        what, goes, words = "arrays as they are", "files, tables and lists", (*words, "group", "label")
    for word in words:
        if getattr(options, word) is not None:
            raise ArgumentError(f"{text} holds {what}; {word} goes with {goes}. Leave it out.")


def source_of(text: str) -> str:
    """Say what a person names: a 'named' set, 'arrays', a 'table' of signals, or 'images'; '' for nothing.

    Raises:
        ArgumentError: a file of no known kind.
    """
    if _is_named(text):
        return "named"
    place = Path(text)
    if not place.exists():
        return ""
    load = choose_source(place, SourceOptions())
    return "images" if load is load_images else "table" if load is load_signals else "arrays"


def _open_named(name: str, options: SourceOptions) -> DataBundle:
    if options.data_dir is not None and not Path(options.data_dir).is_dir():
        raise FileAccessError(
            f"there is no folder {options.data_dir} (seen from {Path.cwd()}). data_dir is the folder that "
            f"holds the files of {name}."
        )
    if options.kind == "signal":
        raise DataError(f"{name} holds images and no signals; kind is 'signal'. Leave kind out.")
    asked = [word for word in (*_IMAGE_WORDS, "label", "group") if getattr(options, word)]
    if asked:
        raise ArgumentError(
            f"{name} is a set of arrays as they are; {asked[0]} goes with files of one's own."
        )
    return _limited(load_named(name, options.data_dir), options.limit)


def _limited(bundle: DataBundle, limit: int | None) -> DataBundle:
    """Keep at most `limit` examples a class of the training part."""
    if limit is None or bundle.train.y is None:
        return bundle
    train = bundle.train.take(limit_classes(bundle.train.y, limit))
    return replace(
        bundle,
        train=train,
        origin=f"{bundle.origin.rstrip('.')}; at most {limit} a class to train on.",
        content=None,
    )


def _is_named(text: str) -> bool:
    return text.lower().replace("-", "_") in NAMES


def _find(text: str, base: Path | None) -> Path | None:
    """Say which file or folder is meant; None for a named set."""
    place = Path(text)
    if _is_named(text):
        return None
    for candidate in (place, *([] if base is None else [base / place])):
        # UCR's sets are named by the stem of their files, shards of a tar by a pattern.
        if candidate.exists() or list(_siblings(candidate)) or _matches(candidate):
            return candidate
    here = place.parent if place.parent.is_dir() else Path()
    beside = sorted(path for path in here.iterdir() if not path.name.startswith("."))
    near = [os.path.normpath(path) for path in beside]
    if place.suffix or place.name != text:
        raise FileAccessError(
            f"there is no file or folder {text} (seen from {Path.cwd()}).{did_you_mean(text, near)}"
        )
    data = [os.path.normpath(path) for path in beside if _may_be_data(path)]
    raise unknown_name("data set, file or folder", text, [*NAMES, *data[:20]])


def _may_be_data(path: Path) -> bool:
    name = path.name.lower()
    ends = (*_ARRAYS, *_TABLES, *_ARCHIVES, ".parquet", ".jsonl")
    return path.is_dir() or name.endswith(ends) or bool(_IDX.fullmatch(name) or _CIFAR.fullmatch(name))


def _siblings(stem: Path) -> Iterator[Path]:
    for suffix in _PLAIN_TABLES:
        for part in ("_TRAIN", "_train"):
            candidate = stem.with_name(f"{stem.name}{part}{suffix}") if stem.name else stem
            if candidate.is_file():
                yield candidate


def _matches(pattern: Path) -> bool:
    if not any(sign in pattern.name for sign in "*?[{") or not pattern.parent.is_dir():
        return False
    return any(shard.is_file() for shard in expand_shards(str(pattern)))


def choose_source(place: Path, options: SourceOptions) -> Load:
    """Choose the source for a file or folder, by what it is called and what it holds."""
    if place.is_dir():
        return _for_folder(place, options)
    name = place.name.lower()
    if name.endswith(_ARRAYS) or _IDX.fullmatch(name) or _CIFAR.fullmatch(name):
        return _arrays
    if name.endswith(_TABLES) or (not place.exists() and list(_siblings(place))):
        listed = options.kind != "signal" and _lists_images(place, options.label)
        return load_images if listed else load_signals
    if name.endswith((*_ARCHIVES, ".parquet", ".jsonl")) or _matches(place):
        return load_images
    known = ", ".join((*_ARRAYS, *_TABLES, *_ARCHIVES, ".parquet"))
    raise ArgumentError(
        f"{place} is of no kind that Striate trains on: folders of images, and files {known}."
    )


def _for_folder(folder: Path, options: SourceOptions) -> Load:
    names = list(_names_in(folder))
    images = any(_IMAGE_NAME.fullmatch(name.replace(" ", "_")) for name in names)
    if images and options.kind != "signal":
        return load_images
    if options.kind == "signal" and any(name.endswith(_TABLES) for name in names):
        return load_signals
    if any(_IDX.fullmatch(name) or _CIFAR.fullmatch(name) or name.endswith(_ARRAYS) for name in names):
        return _arrays
    if any(name.endswith(_TABLES) for name in names):
        return load_signals
    if images:
        raise DataError(
            f"{folder} holds images and no signals; kind is {options.kind!r}. Leave kind out, or name the "
            "table or the arrays of the signals."
        )
    return load_images


def _names_in(folder: Path) -> Iterator[str]:
    """The names of files in a folder and below it, lower case, some of them where there are many."""
    count = 0
    for _, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(files)[:_MOST_LISTED]:
            if not name.startswith("."):
                yield name.lower()
                count += 1
        if count >= _MOST_LISTED:
            return


def _lists_images(table: Path, label: str | None) -> bool:
    """Whether a table lists image files: its cells name some, or an outer column does without endings."""
    if not table.is_file():
        return False
    with table.open("rb") as file:
        beginning = file.read(_LOOKED_AT).decode("utf-8", "replace")
    if _IMAGE_NAME.search(beginning):
        return True
    lines = [line for line in beginning.splitlines() if line.strip()]
    # What was cut off names nothing.
    rows = [_cells_of(line) for line in (lines if len(beginning) < _LOOKED_AT else lines[:-1])]
    below = {_stem(name) for name in _names_in(table.parent) if _IMAGE_NAME.fullmatch(name)}
    beside = {_stem(path.name.lower()) for path in table.parent.iterdir() if is_image_name(path.name)}
    header = [cell.lower() for cell in rows[0]] if rows else []
    return any(
        _names_most([row[column].lower() for row in rows], below, beside)
        for column in (0, -1)
        # The column of the classes does not name the files.
        if header and label != ("first", "last")[column] and header[column] != (label or "").lower()
    )


def _cells_of(line: str) -> list[str]:
    cells = re.split(r"[,;\t]", line) if re.search(r"[,;\t]", line) else line.split()
    return [cell.strip(' "') for cell in cells]


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]


def _names_most(cells: list[str], below: set[str], beside: set[str]) -> bool:
    """Whether most cells of a column are files' names; plain numbers must be those of files right beside."""
    numbers = [cell for cell in cells if cell.isdecimal()]
    if 2 * len(numbers) > len(cells):
        # Classes are numbers too, but the same few again.
        return len(set(numbers)) == len(numbers) and len(beside & set(numbers)) > _MOST_ROWS * len(numbers)
    found = [cell for cell in cells if cell.rsplit("/", 1)[-1] in below]
    return len(found) > _MOST_ROWS * (len(cells) - 1)


def _arrays(place: Path, options: SourceOptions, progress: Progress) -> DataBundle:
    return load_array_file(place, options)
