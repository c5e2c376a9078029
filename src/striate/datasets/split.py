"""Cutting a part off the examples so that every class keeps its share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from striate.core.errors import ArgumentError, LabelError


def stratified_split(
    labels: np.ndarray,
    fraction: float,
    seed: int,
    class_names: Sequence[str] | None = None,
    word: str = "fraction",
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the places of examples to keep and of those to hold back, each class in the same shares.

    `word` is what the person who chose the fraction calls it.

    Shape:
        labels: (examples,)
        out: the places kept and the places held back, each in rising order; `fraction` of the
            examples is held back, from 0 to 1 without the ends

    Raises:
        ArgumentError: a fraction or seed that cannot work, or parts too small for one example
            of each class.
        LabelError: a class with a single example, by name.
    """
    from sklearn.model_selection import StratifiedShuffleSplit

    y = np.asarray(labels).reshape(-1)
    _check_fraction(fraction, seed, len(y))
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < 2:
        alone = _class_name(classes[counts.argmin()], class_names)
        raise LabelError(
            f"class {alone} has a single example, which cannot stand in both parts. "
            "Add examples, or leave it out."
        )
    held = math.ceil(fraction * len(y))
    smaller = min(held, len(y) - held)
    if smaller < len(classes):
        raise ArgumentError(
            f"holding back {fraction} of {len(y)} examples leaves a part of {smaller}, fewer than the "
            f"{len(classes)} classes. Choose another {word}, or add examples."
        )
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=held, random_state=int(seed))
    kept_places, held_places = next(splitter.split(np.empty((len(y), 0)), y))
    return np.sort(kept_places), np.sort(held_places)


def _check_fraction(fraction: float, seed: int, examples: int) -> None:
    if not 0 < fraction < 1:
        raise ArgumentError(f"the fraction to hold back lies between 0 and 1, as 0.2; got {fraction}.")
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**32:
        raise ArgumentError(f"seed must be a whole number from 0 to {2**32 - 1}; got {seed!r}.")
    if examples == 0:
        raise ArgumentError("there are no examples to split.")


def check_classes_present(labels: np.ndarray, class_names: Sequence[str]) -> None:
    """Make sure that every class has an example to learn from.

    Raises:
        LabelError: classes without one, by name.
    """
    present = set(np.unique(labels).tolist())
    missing = [name for place, name in enumerate(class_names) if place not in present]
    if missing:
        shown = ", ".join(map(repr, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise LabelError(
            f"{len(missing)} of {len(class_names)} classes have no example in the training part: {shown}. "
            "Shuffle before splitting, add examples, or leave these classes out."
        )


def check_not_all_copies(labels: np.ndarray, copies: np.ndarray, class_names: Sequence[str]) -> None:
    """Make sure that the examples of every class can stand on both sides, which copies of each other cannot.

    Shape:
        labels, copies: (examples,); examples with the same number in `copies` show the same

    Raises:
        LabelError: a class with nothing but copies of one example, by name.
    """
    for label in np.unique(labels):
        group = copies[labels == label]
        if len(group) > 1 and len(np.unique(group)) == 1:
            name = _class_name(label, class_names)
            raise LabelError(
                f"all {len(group)} examples of class {name} are copies of one another, "
                "and copies stay on one side of the split. Add other examples of it, or leave the class out."
            )


def _class_name(label: object, class_names: Sequence[str] | None) -> str:
    if class_names is not None and isinstance(label, np.integer) and 0 <= int(label) < len(class_names):
        return repr(class_names[int(label)])
    return str(label)


def grouped_split(
    labels: np.ndarray,
    groups: np.ndarray,
    fraction: float,
    seed: int,
    class_names: Sequence[str] | None = None,
    word: str = "fraction",
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the places of examples to keep and to hold back, never parting the examples of a group.

    Groups of several are dealt out first, the largest first, each to where it brings the classes'
    shares nearest to `fraction`; examples that stand alone then fill up each class. Where all
    stand alone this is `stratified_split`.

    Shape:
        labels, groups: (examples,)
        out: the places kept and the places held back, each in rising order

    Raises:
        ArgumentError: a fraction or seed that cannot work, or parts too small.
        LabelError: a class with a single example, or whose examples are all of one group.
    """
    y, (_, members, sizes) = np.asarray(labels).reshape(-1), _members(groups)
    single = sizes[members] == 1
    if single.all():
        return stratified_split(y, fraction, seed, class_names, word)
    classes, numbers, counts = np.unique(y, return_inverse=True, return_counts=True)
    _check_fraction(fraction, seed, len(y))
    _check_groups(classes, numbers, members, class_names)
    generator = np.random.default_rng(int(seed))
    wanted = np.maximum(np.round(fraction * counts), 1)
    held_groups = _deal(numbers, members, sizes, wanted, generator)
    held = held_groups[members]
    for number in range(len(classes)):
        alone = generator.permutation(np.flatnonzero(single & (numbers == number)))
        missing = int(wanted[number] - held[numbers == number].sum())
        held[alone[: max(min(missing, len(alone)), 0)]] = True
    _check_both_parts(held, classes, numbers, class_names, word)
    return np.flatnonzero(~held), np.flatnonzero(held)


def limit_classes(labels: np.ndarray, limit: int) -> np.ndarray:
    """Pick at most `limit` examples of each class, evenly spread over the order in which they come.

    Shape:
        labels: (examples,)
        out: places, in rising order

    Raises:
        ArgumentError: a limit below 1.

    >>> limit_classes(np.array([0, 0, 0, 0, 1]), 2).tolist()
    [0, 3, 4]
    """
    if isinstance(limit, bool) or not hasattr(limit, "__index__") or int(limit) < 1:
        raise ArgumentError(f"limit is how many examples a class are taken, from 1 up; got {limit!r}.")
    y = np.asarray(labels).reshape(-1)
    taken = []
    for number in np.unique(y):
        places = np.flatnonzero(y == number)
        spread = np.linspace(0, len(places) - 1, min(int(limit), len(places))).round().astype(np.int64)
        taken.append(places[spread])
    return np.sort(np.concatenate(taken)) if taken else np.zeros(0, dtype=np.int64)


def _members(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The groups' names, the number of its group for each example, and the groups' sizes."""
    names, members, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return names, members.reshape(-1), sizes


def _deal(
    numbers: np.ndarray,
    members: np.ndarray,
    sizes: np.ndarray,
    wanted: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """Decide for each group of several whether it is held back, bringing each class near what is wanted."""
    table = np.zeros((len(sizes), len(wanted)))
    np.add.at(table, (members, numbers), 1)
    several = generator.permutation(np.flatnonzero(sizes > 1))
    held, so_far = np.zeros(len(sizes), dtype=np.bool_), np.zeros(len(wanted))
    for group in several[np.argsort(-sizes[several], kind="stable")]:
        with_it = so_far + table[group]
        if np.square((wanted - with_it) / wanted).sum() < np.square((wanted - so_far) / wanted).sum():
            held[group], so_far = True, with_it
    return held


def _check_groups(
    classes: np.ndarray, numbers: np.ndarray, members: np.ndarray, class_names: Sequence[str] | None
) -> None:
    for number, label in enumerate(classes):
        if len(np.unique(members[numbers == number])) < 2:
            raise LabelError(
                f"all examples of class {_class_name(label, class_names)} belong to one group, which cannot "
                "stand in both parts. Add examples of another group, or leave the class out."
            )


def _check_both_parts(
    held: np.ndarray, classes: np.ndarray, numbers: np.ndarray, class_names: Sequence[str] | None, word: str
) -> None:
    for part, chosen in (("held back", held), ("kept", ~held)):
        missing = np.setdiff1d(np.arange(len(classes)), numbers[chosen])
        if len(missing):
            raise ArgumentError(
                f"the groups cannot be parted so that every class stands on both sides: none of class "
                f"{_class_name(classes[missing[0]], class_names)} is {part}. Choose another {word}, or "
                "bring the test part as data of its own."
            )
