"""The contract between data and everything that uses them.

A data source is a function that returns one `DataBundle`: named sets (`fashion_mnist.load_bundle`),
arrays in a file (`load_arrays`), and whatever else brings examples. A bundle holds the parts
that the source itself draws apart; parts that it does not have are None, and cutting one off
the training part is the work of whoever trains.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.shapes import check_choice, format_shape
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.rejects import BadFile
from striate.datasets.rows import pick

KINDS = ("image", "signal")
_AXES = {"image": "(examples, height, width, channels)", "signal": "(examples, steps, channels)"}


@dataclass(frozen=True, eq=False)
class Axis:
    """What the steps of a signal stand for, such as wavelengths, for pictures.

    Shape:
        values: (steps,), in the order of the steps
    """

    label: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """Examples, and what is known of each.

    Shape:
        x: (examples, height, width, channels) for images, (examples, steps, channels) for
            signals; any dtype of numbers. A `np.memmap` serves for what memory cannot hold.
        y: (examples,) whole numbers from 0, the place of each answer in `class_names`; None for
            examples without answers.

    `names` says where each example comes from, such as its file. `groups` says what belongs
    together, such as the patient: examples of one group are never parted.

    Raises:
        DataError: x, y, names and groups are not of one length.
        LabelError: labels that are not whole numbers from 0, or have no class name.
    """

    x: np.ndarray
    y: np.ndarray | None = None
    class_names: list[str] | None = None
    names: list[str] | None = None
    groups: list[str] | None = None

    def __post_init__(self) -> None:
        if self.x.ndim == 0:
            raise DataError("examples are counted along the first axis, but the data are a single number.")
        for what, part in (("labels", self.y), ("names", self.names), ("groups", self.groups)):
            if part is not None and len(part) != len(self.x):
                raise DataError(
                    f"every example takes one entry of {what}: {len(self.x)} and {len(part)} came."
                )
        if self.y is not None:
            self._check_labels(self.y)

    def _check_labels(self, y: np.ndarray) -> None:
        if y.ndim != 1 or y.dtype.kind not in "iu":
            raise LabelError(
                f"labels are whole numbers of shape (examples,); got {y.dtype} of shape "
                f"{format_shape(y.shape)}."
            )
        lowest, highest = (int(y.min()), int(y.max())) if len(y) else (0, -1)
        if lowest < 0:
            raise LabelError(f"labels count from 0; got {lowest}.")
        if self.class_names is not None and highest >= len(self.class_names):
            raise LabelError(
                f"label {highest} has no name: there are {len(self.class_names)} class names, for labels "
                f"0 to {len(self.class_names) - 1}."
            )

    def __len__(self) -> int:
        return len(self.x)

    def take(self, indices: np.ndarray) -> Data:
        """Pick examples by their places, in the given order; what lies on the disk stays there."""
        return replace(
            self,
            x=pick(self.x, indices),
            y=None if self.y is None else self.y[indices],
            names=None if self.names is None else [self.names[index] for index in indices],
            groups=None if self.groups is None else [self.groups[index] for index in indices],
        )


@dataclass(frozen=True, eq=False)
class DataBundle:
    """All that a data source gives: its parts, and what they are.

    `kind` is 'image' or 'signal'. `pixel_range` is the lowest and highest value that a pixel can
    have, (0, 255) for bytes; None where the data say nothing of it, as with signals. `origin` is
    a sentence for people: where the data come from and what was done to them. `image_input` is how
    image files became arrays, None where they were arrays already; `axis` what a signal's steps
    stand for. `bad_files` were left out, each with its reason. `content` is a SHA-256 that stands
    for all examples and labels, where the source knows one without reading everything again.

    Raises:
        ArgumentError: a kind that is not known, or a range that is none.
        DataError: axes that do not suit the kind, or parts that do not suit each other.
    """

    name: str
    train: Data
    test: Data | None = None
    validation: Data | None = None
    kind: str = "image"
    pixel_range: tuple[float, float] | None = (0, 255)
    origin: str = ""
    image_input: ImageInput | None = None
    axis: Axis | None = None
    bad_files: tuple[BadFile, ...] = ()
    content: str | None = None

    def __post_init__(self) -> None:
        check_choice(self.kind, KINDS, "kind")
        if self.pixel_range is not None and not self.pixel_range[0] < self.pixel_range[1]:
            raise ArgumentError(
                f"pixel_range goes from the lowest to the highest value; got {self.pixel_range}."
            )
        for part, data in self.parts():
            axes = _AXES[self.kind]
            if data.x.ndim != axes.count(",") + 1:
                raise DataError(
                    f"{part} of {self.name}: {self.kind}s have the axes {axes}; "
                    f"got {format_shape(data.x.shape)}."
                )
            if data.x.shape[1:] != self.train.x.shape[1:]:
                raise DataError(
                    f"{part} of {self.name} has examples of shape {format_shape(data.x.shape[1:])}, "
                    f"the training part of {format_shape(self.train.x.shape[1:])}."
                )
            if data.class_names != self.train.class_names:
                raise DataError(f"{part} of {self.name} has other class names than the training part.")

    def parts(self) -> Iterator[tuple[str, Data]]:
        """Give the parts that there are, with their names."""
        for name in ("train", "validation", "test"):
            data = getattr(self, name)
            if data is not None:
                yield name, data

    @property
    def class_names(self) -> list[str] | None:
        """The names of the classes, in the order of the labels."""
        return self.train.class_names
