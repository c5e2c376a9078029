"""Which examples are for what: decided once, used again by everything later (split_file.py keeps it)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from striate.core.errors import FileFormatError, LabelError
from striate.datasets.duplicates import LEAST_SIDE, Copies, find_copies, join, root_of
from striate.datasets.source import Data, DataBundle
from striate.datasets.split import check_classes_present, check_not_all_copies, grouped_split

PARTS = ("train", "validation", "test")
# How many file names a sentence about copies gives; all stand in splits.csv.
_NAMED = 3


def fingerprint(bundle: DataBundle) -> str:
    """Name the exact examples and labels of a bundle by a SHA-256."""
    if bundle.content is not None:
        return bundle.content
    digest = hashlib.sha256()
    for name, data in bundle.parts():
        digest.update(f"{name} {data.x.dtype.str} {data.x.shape};".encode())
        digest.update(np.ascontiguousarray(data.x).data)
        if data.y is not None:
            digest.update(np.ascontiguousarray(data.y, dtype="<i8").data)
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Split:
    """Which examples are for what: for each part, the part of the source and the places in it.

    `left_out` are places of the source's parts that nothing uses, since a copy of theirs stands on
    the other side. `copy_of` says for each example that is a copy which one it repeats, as (source,
    place) both; `leaks` says in sentences what was found.
    """

    sources: dict[str, str]
    places: dict[str, np.ndarray]
    fingerprint: str
    left_out: dict[str, np.ndarray] = field(default_factory=dict)
    copy_of: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    leaks: tuple[str, ...] = ()

    def take(self, bundle: DataBundle, part: str) -> Data:
        """Pick the examples of a part."""
        source: Data = getattr(bundle, self.sources[part])
        places = self.places[part]
        whole = len(places) == len(source) and bool((places == np.arange(len(source))).all())
        return source if whole else source.take(places)


def class_names_of(bundle: DataBundle) -> list[str]:
    """The classes' names; their numbers where they have none."""
    if bundle.class_names is not None:
        return list(bundle.class_names)
    highest = max(int(data.y.max()) for _, data in bundle.parts() if data.y is not None and len(data))
    return [str(number) for number in range(highest + 1)]


def split_data(bundle: DataBundle, test_share: float, validation_share: float, seed: int) -> Split:
    """Decide which examples are for training, for choosing the best epoch, and for the test.

    Parts that the data bring are used as they are; others are drawn from the training part so
    that each class keeps its share. Examples of one group, and copies of each other, are never
    parted; training examples with a copy in a test or validation part of the data are left out.
    With a validation share of 0 nothing is held back to choose the best epoch.

    Raises:
        LabelError: no labels, fewer than two classes, a class without an example to train on, with
            a single one, or of nothing but copies.
        ArgumentError: too few examples for the parts.
    """
    y = bundle.train.y
    if y is None:
        raise LabelError(f"{bundle.name} has no labels; training needs a class for each example.")
    names = class_names_of(bundle)
    if len(names) < 2 or len(np.unique(y)) < 2:
        raise LabelError(
            f"all {len(y)} examples of {bundle.name} are of one class, "
            f"{names[int(y[0])]!r}: there is nothing to tell apart. Add examples of another class."
        )
    check_classes_present(y, names)
    order = [part for part, _ in bundle.parts()]
    copies = find_copies([data.x for _, data in bundle.parts()], bundle.kind)
    numbered = _Numbered(bundle, order)
    left_out = _crossing(copies, numbered)
    kept = np.setdiff1d(np.arange(len(y)), left_out.get("train", []))
    together = _together(bundle.train, copies.group[: len(y)])
    sources, places = {"train": "train"}, {}
    for part, share in (("test", test_share), ("validation", validation_share)):
        own: Data | None = getattr(bundle, part)
        sources[part] = part if own is not None else "train"
        if own is not None:
            places[part] = np.setdiff1d(np.arange(len(own)), left_out.get(part, []))
        elif share == 0:
            places[part] = np.zeros(0, dtype=np.int64)
        else:
            check_not_all_copies(y[kept], copies.group[kept], names)
            stay, held = grouped_split(y[kept], together[kept], share, seed, names, f"{part}_share")
            places[part], kept = kept[held], kept[stay]
    leaks = tuple(_say_leaks(copies, numbered, left_out))
    return Split(
        sources, {"train": kept, **places}, fingerprint(bundle), left_out, numbered.copies(copies), leaks
    )


class _Numbered:
    """Examples of all parts counted through, as `find_copies` does, with their names and classes."""

    def __init__(self, bundle: DataBundle, order: list[str]):
        self.bundle, self.order = bundle, order
        self.lengths = [len(getattr(bundle, part)) for part in order]
        self.part_of = np.repeat(np.arange(len(order)), self.lengths)
        self.starts = np.cumsum([0, *self.lengths])
        self.class_names = class_names_of(bundle)

    def where(self, place: int) -> tuple[str, int]:
        part = int(self.part_of[place])
        return self.order[part], int(place - self.starts[part])

    def name(self, place: int) -> str:
        return name_of(self.bundle, *self.where(place))

    def label(self, place: int) -> int | None:
        part, inside = self.where(place)
        y = getattr(self.bundle, part).y
        return None if y is None else int(y[inside])

    def copies(self, copies: Copies) -> dict[tuple[str, int], tuple[str, int]]:
        repeated = np.flatnonzero(copies.group != np.arange(len(copies.group))).tolist()
        return {self.where(place): self.where(int(copies.group[place])) for place in repeated}


def name_of(bundle: DataBundle, part: str, place: int) -> str:
    """Name an example: by its file, or by its place in its part."""
    names = getattr(bundle, part).names
    return f"{part} {place}" if names is None else str(names[place])


def _crossing(copies: Copies, numbered: _Numbered) -> dict[str, np.ndarray]:
    """The examples that have a copy in a part of the data that counts for more: test, then validation."""
    rank = np.array([("train", "validation", "test").index(part) for part in numbered.order])
    found: dict[str, list[int]] = {}
    for group in copies.groups():
        ranks = rank[numbered.part_of[group]]
        for place in group[ranks < ranks.max()]:
            part, inside = numbered.where(int(place))
            found.setdefault(part, []).append(inside)
    return {part: np.sort(np.array(places, dtype=np.int64)) for part, places in found.items()}


def _together(data: Data, copies: np.ndarray) -> np.ndarray:
    """Number the examples so that those that must stay together have one number."""
    if data.groups is None:
        return copies
    parents = np.arange(len(data))
    first_of: dict[str, int] = {}
    for place, group in enumerate(data.groups):
        for other in (first_of.setdefault(group, place), int(copies[place])):
            join(parents, place, other)
    return np.array([root_of(parents, place) for place in range(len(data))], dtype=np.int64)


def _say_leaks(copies: Copies, numbered: _Numbered, left_out: Mapping[str, np.ndarray]) -> Iterator[str]:
    groups = copies.groups()
    if groups:
        repeated = sum(len(group) - 1 for group in groups)
        exact = sum(int(copies.exact[group].sum()) - 1 for group in groups)
        shown = "; ".join(
            f"{numbered.name(group[1])} = {numbered.name(group[0])}" for group in groups[:_NAMED]
        )
        what = "example is a copy of another" if repeated == 1 else "examples are copies of others"
        yield (
            f"{repeated:,} {what} ({exact:,} of them exact), kept on one side of the "
            f"split: {shown}{'; ...' if len(groups) > _NAMED else ''}{_how_looked(numbered.bundle)}"
        )
    for part, places in left_out.items():
        shown = ", ".join(name_of(numbered.bundle, part, int(place)) for place in places[:_NAMED])
        has, are = ("has", "is") if len(places) == 1 else ("have", "are")
        yield (
            f"{len(places):,} of the {part} part {has} a copy in a part that is scored, and {are} left out: "
            f"{shown}{', ...' if len(places) > _NAMED else ''}"
        )
    doubtful = [group for group in groups if len({numbered.label(place) for place in group}) > 1]
    if doubtful:
        shown = "; ".join(
            " and ".join(f"{numbered.name(place)} ({_class_of(numbered, place)})" for place in group[:2])
            for group in doubtful[:_NAMED]
        )
        what = "group of copies is" if len(doubtful) == 1 else "groups of copies are"
        yield f"{len(doubtful):,} {what} labelled in several ways: {shown}"


def _how_looked(bundle: DataBundle) -> str:
    """Say where near copies cannot be told: image files that were decoded small."""
    sides = bundle.train.x.shape[1:3]
    if bundle.kind != "image" or bundle.image_input is None or min(sides) >= LEAST_SIDE:
        return ""
    return f" (near copies are looked for from {LEAST_SIDE} x {LEAST_SIDE} pixels up; here only exact ones)"


def _class_of(numbered: _Numbered, place: int) -> str:
    label = numbered.label(place)
    return "no class" if label is None else numbered.class_names[label]


def own_parts(bundle: DataBundle, split: Split, source: str) -> Mapping[str, Data]:
    """Pick all parts of a run's own data, after making sure that they are still the same.

    Raises:
        FileFormatError: the data have changed since.
    """
    if fingerprint(bundle) != split.fingerprint:
        raise FileFormatError(
            f"{bundle.name} is no longer what {source} was trained on, so its test part cannot be found "
            "again. Bring the old data back, or score other data with --data."
        )
    return {part: split.take(bundle, part) for part in PARTS}
