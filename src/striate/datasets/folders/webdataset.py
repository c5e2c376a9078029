"""WebDataset's tars: an image and its label are two members of one name, `0001.jpg` and `0001.cls`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from striate.core.errors import FileAccessError, LabelError, StriateError
from striate.datasets.folders.examples import LABEL_WORDS, Example, Found, check_classes_repeat, class_name
from striate.datasets.folders.label_list import part_in_name
from striate.datasets.folders.listing import Folder
from striate.datasets.folders.places import Place, shown_name
from striate.datasets.rejects import BadFile

# By how surely a member of this ending is the label.
LABEL_ENDINGS = ("cls", "class", "label", "json", "txt")
_ENOUGH = 0.5
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def key_of(name: str) -> tuple[str, str]:
    """Part a member's name into the example's key and the ending: at the first dot after the folders.

    >>> key_of("a/0001.seg.png")
    ('a/0001', 'seg.png')
    """
    folder, slash, last = name.rpartition("/")
    stem, _, ending = last.partition(".")
    return folder + slash + stem, ending.lower()


def expand_shards(pattern: str) -> list[Path]:
    """List the files that a pattern stands for: `train-{000..009}.tar`, `shards/*.tar`, or one path.

    Raises:
        FileAccessError: there is no such file.
    """
    match = _RANGE.search(pattern)
    if match:
        first, last = match.groups()
        numbers = range(int(first), int(last) + 1)
        spelled = [pattern[: match.start()] + f"{n:0{len(first)}}" + pattern[match.end() :] for n in numbers]
        return [path for one in spelled for path in expand_shards(one)]
    path = Path(pattern)
    if path.exists():
        return sorted(path.rglob("*.tar*")) if path.is_dir() else [path]
    found = sorted(path.parent.glob(path.name)) if any(sign in path.name for sign in "*?[") else []
    if not found:
        raise FileAccessError(f"there is no file {pattern} (seen from {Path.cwd()}).")
    return found


def parse_label(content: bytes, ending: str, wanted: str | None = None) -> tuple[str, dict[str, str]]:
    """Read a label out of a member, and the other fields where it is JSON; '' where there is no label.

    Raises:
        LabelError: the member is no text, or no JSON.
    """
    try:
        text = content.decode("utf-8-sig").strip()
        said = json.loads(text) if ending.endswith("json") else text
    except ValueError as error:
        raise LabelError(f"its label (.{ending}) cannot be read: {error}") from error
    if not isinstance(said, Mapping):
        return ("" if isinstance(said, list) else class_name(_text(said))), {}
    columns = {str(key): _text(value) for key, value in said.items() if not isinstance(value, list | dict)}
    names = [wanted] if wanted else LABEL_WORDS
    return next((class_name(columns[name]) for name in names if columns.get(name)), ""), columns


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def find_in_shards(shards: Sequence[tuple[Path, Folder]], wanted: str | None = None) -> Found | None:
    """Find the examples of tars whose images have labels beside them; None where most have none.

    A tar called after a part (`val-000.tar`, `val/000.tar`) is that part's, where there are several.

    Raises:
        LabelError: labels that are no classes.
    """
    found = Found({})
    unlabelled = total = 0
    for path, folder in shards:
        alone = len(shards) == 1
        part = None if alone else part_in_name(path.stem) or part_in_name(path.parent.name)
        examples = found.parts.setdefault(part or "train", [])
        images = folder.all_images()
        labels = _label_members(folder.all_others())
        total += len(images)
        for image in sorted(images, key=lambda image: image.order):
            member = labels.get(key_of(image.name)[0])
            name = image.name if alone else f"{shown_name(path.stem)}/{image.name}"
            if member is None:
                unlabelled += 1
                continue
            example = _read_example(image, name, member, wanted, found.bad)
            if example is not None:
                examples.append(example)
    if not total or unlabelled > (1 - _ENOUGH) * total:
        return None
    if unlabelled:
        found.notes.append(f"{unlabelled} images without a label beside them are left out")
    check_classes_repeat([example.label for example in found.parts.get("train", [])], "the tar")
    found.parts = {part: examples for part, examples in found.parts.items() if examples}
    return found


def _label_members(files: Iterable[Place]) -> dict[str, Place]:
    best: dict[str, tuple[int, Place]] = {}
    for file in files:
        key, ending = key_of(file.name)
        if ending in LABEL_ENDINGS:
            rank = LABEL_ENDINGS.index(ending)
            if key not in best or rank < best[key][0]:
                best[key] = rank, file
    return {key: file for key, (_, file) in best.items()}


def _read_example(
    image: Place, name: str, member: Place, wanted: str | None, bad: list[BadFile]
) -> Example | None:
    try:
        label, columns = parse_label(member.read(), key_of(member.name)[1], wanted)
    except StriateError as error:
        bad.append(BadFile(name, str(error)))
        return None
    if not label:
        bad.append(BadFile(name, f"its label ({member.name}) is empty"))
        return None
    # Every place is a dataclass, which the protocol cannot say.
    renamed = image if name == image.name else replace(image, name=name)  # type: ignore[type-var]
    return Example(renamed, label, name.rpartition("/")[0], columns)
