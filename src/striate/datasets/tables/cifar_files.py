"""CIFAR's sets by the path of their folder, one of their files, or their archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from striate.datasets import cifar10, cifar100
from striate.datasets.cifar import CifarSet
from striate.datasets.options import SourceOptions
from striate.datasets.source import DataBundle
from striate.datasets.split import limit_classes


def find_cifar(place: Path) -> CifarSet | None:
    """Say which of CIFAR's sets lies at a path; None for neither."""
    for known in (cifar10.CIFAR_SET, cifar100.CIFAR_SET):
        if place.is_file() and place.name in (known.archive.name, known.python_archive):
            return known
        for files in (known.binary_files, known.python_files):
            names = {Path(name).name for name in files}
            inner = place / Path(files[0]).parent.name
            if any(all((folder / name).is_file() for name in names) for folder in (place, inner)):
                return known
            if place.is_file() and place.name in names and find_cifar(place.parent) is known:
                return known
    return None


def load_cifar(place: Path, options: SourceOptions) -> DataBundle:
    """Load the set that `find_cifar` finds at a path.

    Raises:
        FileAccessError: its files are not there.
        FileFormatError: a file is damaged or holds something else.
        ArgumentError: a limit that cannot work.
    """
    known = find_cifar(place)
    folder = place if place.is_dir() else place.parent
    bundle = (known or cifar10.CIFAR_SET).load_bundle(folder)
    parts = {
        part: replace(data, names=[f"{part}[{row}]" for row in range(len(data))])
        for part, data in bundle.parts()
    }
    note = ""
    y = parts["train"].y
    if options.limit is not None and y is not None:
        parts["train"] = parts["train"].take(limit_classes(y, options.limit))
        note = f"; at most {options.limit} a class to train on"
    return replace(
        bundle, train=parts["train"], test=parts["test"], origin=f"{bundle.origin.rstrip('.')}{note}."
    )
