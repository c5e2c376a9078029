"""Images with their labels, before anything is decoded: what every layout is turned into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from striate.core.errors import ArgumentError, DataError, LabelError, unknown_name
from striate.datasets.counting import counted
from striate.datasets.folders.places import Place
from striate.datasets.labels import several_in_one
from striate.datasets.rejects import BadFile

PARTS = ("train", "validation", "test")
_PART_WORDS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
}
# What a column or field of labels is called, by how surely it is meant.
LABEL_WORDS = (
    "label", "labels", "class", "class_name", "classname", "label_name", "class_id", "classid", "cls",
    "category", "target", "answer", "y", "classes", "diagnosis", "dx", "species", "breed",
)  # fmt: skip
_NO_COLUMNS: Mapping[str, str] = {}


def part_of(word: str) -> str | None:
    """Say which part a folder, file or cell is meant for: 'train', 'validation', 'test', or None.

    >>> part_of("Valid"), part_of("training"), part_of("test1"), part_of("cats")
    ('validation', 'train', 'test', None)
    """
    return _PART_WORDS.get(re.sub(r"[_ -]?(set|data|images|\d)$", "", word.strip().lower()))


@dataclass(frozen=True, slots=True)
class Example:
    """An image, its class by name, the folder below its class's, and what a table says of it."""

    place: Place
    label: str
    folder: str = ""
    columns: Mapping[str, str] = field(default_factory=lambda: _NO_COLUMNS)


@dataclass(eq=False)
class Found:
    """All examples that a layout holds, by part; what was left out, in words; what cannot be used."""

    parts: dict[str, list[Example]]
    notes: list[str] = field(default_factory=list)
    bad: list[BadFile] = field(default_factory=list)
    # Where the names of the classes are known with their order, as from a table's own description.
    class_names: list[str] | None = None


def class_name(text: str) -> str:
    """Make one class name of the spellings that look the same: 'é' may be one sign or two."""
    return unicodedata.normalize("NFC", text.strip())


def sort_classes(names: Iterable[str]) -> list[str]:
    """Sort class names, by their number where all are whole numbers.

    >>> sort_classes(["10", "9"]), sort_classes(["dog", "cat"])
    (['9', '10'], ['cat', 'dog'])
    """
    different = set(names)
    if all(re.fullmatch(r"-?\d+", name, re.ASCII) for name in different):
        return sorted(different, key=lambda name: (int(name), name))
    return sorted(different)


def check_classes_repeat(labels: Sequence[str], what: str) -> None:
    """See that labels are classes, and no texts or measurements of which hardly two are the same.

    Raises:
        LabelError: more than twenty different labels, and more than half as many as examples.
    """
    different = {label for label in labels if label}
    if len(different) > 20 and 2 * len(different) > len(labels):
        raise LabelError(
            f"{what} holds {len(different)} different labels for {len(labels)} images, such as "
            f"{min(different)!r}: these are no classes. Name what holds the classes: label=..."
        )


def settle_classes(found: Found, where: str) -> list[str]:
    """Settle the classes by the training part, and see that the other parts have no others.

    A test part whose only class is none of these is without labels, as is common for contests:
    it is left out, and said.

    Raises:
        DataError: no training part, a single class, or a class that only another part has.
    """
    train = found.parts.get("train", [])
    if not train:
        others = " and ".join(name for name in PARTS if found.parts.get(name)) or "nothing"
        raise DataError(f"{where} holds {others} but no training part. Name its folder or split 'train'.")
    names = found.class_names or sort_classes(example.label for example in train)
    present = {example.label for example in train}
    if len(present) < 2:
        raise DataError(
            f"all {len(train)} images of {where} are of one class, {next(iter(present))!r}; a network learns "
            "to tell at least two apart. Make a folder for each class, or a list of files and labels."
        )
    found.notes += filter(None, [several_in_one(names)])
    for part in [part for part in PARTS[1:] if part in found.parts]:
        _check_part(found, part, names, where)
    return names


def _check_part(found: Found, part: str, names: Sequence[str], where: str) -> None:
    labels = {example.label for example in found.parts[part]}
    strange = sort_classes(labels - set(names))
    if part == "test" and len(labels) == 1 and strange:
        count = len(found.parts.pop(part))
        found.notes.append(
            f"{counted(count, 'image')} of the test part, all in {strange[0]!r}, without labels: left out"
        )
        return
    if strange:
        raise DataError(
            f"the {part} part of {where} has classes that the training part lacks: {few(strange)}. "
            f"The training part has {few(names)}."
        )
    missing = [name for name in names if name not in labels]
    if missing:
        found.notes.append(f"the {part} part has no image of {few(missing)}")


def few(names: Sequence[str]) -> str:
    """Put the first five names into words, and how many more there are."""
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def limit_examples(examples: Sequence[Example], limit: int) -> list[Example]:
    """Take at most so many examples of each class, evenly spread over their order by name.

    Nothing is drawn by chance: the same files give the same choice.

    Raises:
        ArgumentError: a limit below 1.
    """
    if isinstance(limit, bool) or limit < 1:
        raise ArgumentError(f"limit is how many examples a class are taken, at least 1; got {limit!r}.")
    by_class: dict[str, list[int]] = {}
    for place, example in enumerate(examples):
        by_class.setdefault(example.label, []).append(place)
    taken: set[int] = set()
    for places in by_class.values():
        count = min(limit, len(places))
        taken.update(places[number * len(places) // count] for number in range(count))
    return [examples[place] for place in sorted(taken)]


def group_examples(examples: Sequence[Example], rule: str) -> tuple[list[str], str]:
    """Name the group of each example, and say in words how many there are.

    `rule` is 'folder' (the folders below the class's), 'column:NAME', or a regular expression
    whose one bracket picks the group out of the name. An example that has none is alone.

    Raises:
        ArgumentError: a regular expression that is none, or without its bracket.
        UnknownNameError: no such column.
        DataError: no example has a group, or all are in one.
    """
    if rule == "folder":
        keys = [example.folder or None for example in examples]
        advice = "the images lie directly in their class's folder."
    elif rule.startswith("column:"):
        keys = _column(examples, rule.removeprefix("column:"))
        advice = "the column is empty."
    else:
        pattern = _group_pattern(rule)
        found = [pattern.search(example.place.name) for example in examples]
        keys = [match.group(1) if match else None for match in found]
        advice = f"it matches no name, such as {examples[0].place.name!r}."
    groups = {key for key in keys if key}
    if not groups:
        raise DataError(f"group={rule!r} puts no example into a group: {advice}")
    alone = sum(not key for key in keys)
    if len(groups) + alone == 1:
        raise DataError(f"group={rule!r} puts all examples into one group, {next(iter(groups))!r}.")
    named = [key or f"alone: {example.place.name}" for key, example in zip(keys, examples, strict=True)]
    note = f"{counted(len(groups), 'group')} by {rule!r}"
    note += f", {counted(alone, 'image')} in none" if alone else ""
    return named, note


def _column(examples: Sequence[Example], name: str) -> list[str | None]:
    known = dict.fromkeys(column for example in examples for column in example.columns)
    if not known:
        raise ArgumentError(
            f"group='column:{name}' names a column of a list, and a folder has no columns. Group by "
            "'folder' or by a regular expression, or put a list of files beside the images."
        )
    if name not in known:
        raise unknown_name("column", name, known)
    return [example.columns.get(name) or None for example in examples]


def _group_pattern(rule: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(rule)
    except re.error as error:
        raise ArgumentError(f"group={rule!r} is no regular expression: {error}.") from error
    if pattern.groups != 1:
        raise ArgumentError(
            f"group is 'folder', 'column:NAME' or a regular expression with one bracket around the group, "
            f"as 'patient_(\\d+)'; {rule!r} has {pattern.groups} brackets."
        )
    return pattern


def encode_classes(examples: Sequence[Example], names: Sequence[str]) -> np.ndarray:
    """Turn class names into numbers from 0.

    Shape:
        out: (examples,) int64
    """
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[example.label] for example in examples], np.int64)
