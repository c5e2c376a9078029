"""From the examples of each part, as any reader of tables or series leaves them, to a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from striate.core.errors import DataError, LabelError, add_context
from striate.datasets.labels import encode_labels, several_in_one
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import BadFile, check_rejects
from striate.datasets.source import Axis, Data, DataBundle
from striate.datasets.split import limit_classes


@dataclass(eq=False)
class Part:
    """The examples of one part as read, with labels as they stand in the file.

    `lost` are classes of which nothing can be used.

    Shape:
        x: (examples, ...); labels: (examples,) numbers or text
    """

    x: np.ndarray
    labels: np.ndarray | None
    names: list[str]
    groups: list[str] | None = None
    bad: list[BadFile] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def take(self, places: np.ndarray) -> Part:
        """Pick examples by their places."""
        return Part(
            self.x[places],
            None if self.labels is None else self.labels[places],
            [self.names[place] for place in places],
            None if self.groups is None else [self.groups[place] for place in places],
            self.bad,
            self.lost,
        )


@dataclass
class Description:
    """What a bundle says of itself beside its examples.

    `notes` follow the origin; `noun` is what an example is called in the files.
    """

    name: str
    origin: str
    kind: str = "signal"
    pixel_range: tuple[float, float] | None = None
    axis: Axis | None = None
    notes: list[str] = field(default_factory=list)
    noun: str = "row"


def make_bundle(
    parts: Mapping[str, Part],
    about: Description,
    options: SourceOptions,
    class_names: list[str] | None = None,
    where: str | None = None,
) -> DataBundle:
    """Number the labels of all parts alike, refuse what is too bad, and put everything together.

    `class_names` are those that the data bring themselves; `where` is put in front of what is
    said of labels.

    Raises:
        DataError: nothing to train on, or too much that cannot be used.
        LabelError: labels that are no classes.
        ArgumentError: a policy for bad files, or a limit, that cannot work.
    """
    if "train" not in parts or (not len(parts["train"].x) and not parts["train"].bad):
        raise DataError(f"{about.name} has no examples to train on.")
    bad = [file for part in parts.values() for file in part.bad]
    total = len(bad) + sum(len(part.x) for part in parts.values())
    check_rejects(bad, total, options.bad_files, noun=about.noun)
    lost = [name for part in parts.values() for name in part.lost]
    labels, class_names = _encode(parts, about, class_names, where or about.name)
    if lost:
        # The first name stands for all classes that there are.
        check_rejects(
            bad, total, options.bad_files, np.zeros(1, np.int64), ["", *sorted(set(lost))], about.noun
        )
    made = {}
    for name, part in parts.items():
        made[name] = Data(part.x, labels.get(name), class_names, part.names, part.groups)
    if options.limit is not None and made["train"].y is not None:
        made["train"] = made["train"].take(limit_classes(made["train"].y, options.limit))
        about.notes.append(f"at most {options.limit} a class to train on")
    return DataBundle(
        about.name,
        made["train"],
        made.get("test"),
        made.get("validation"),
        kind=about.kind,
        pixel_range=about.pixel_range,
        origin="; ".join([about.origin, *about.notes]) + ".",
        axis=about.axis,
        bad_files=tuple(bad),
    )


def _encode(
    parts: Mapping[str, Part], about: Description, class_names: list[str] | None, where: str
) -> tuple[dict[str, np.ndarray], list[str] | None]:
    labelled = {name: part.labels for name, part in parts.items() if part.labels is not None}
    if not labelled:
        return {}, None
    try:
        encoded = encode_labels(list(labelled.values()), class_names)
    except LabelError as error:
        raise add_context(error, where) from error.__cause__
    made = dict(zip(labelled, encoded.parts, strict=True))
    # Where labels are numbers from 0, these are the classes' names.
    highest = max((int(part.max()) for part in encoded.parts if len(part)), default=-1)
    names = encoded.class_names or [str(number) for number in range(highest + 1)]
    about.notes += filter(None, [encoded.note, several_in_one(names)])
    return made, names
