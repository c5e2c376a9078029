"""Named sets: from "fashion_mnist" to its data."""

from __future__ import annotations

import importlib
import os

from striate.core.errors import ArgumentError, unknown_name
from striate.datasets.source import DataBundle

NAMES = ("cifar10", "cifar100", "digits", "fashion_mnist", "mnist")
_WITHOUT_FILES = ("digits",)


def load_named(name: str, data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
    """Load a named set as a bundle; `data_dir` is the folder that holds its files.

    Raises:
        UnknownNameError: no such set.
        ArgumentError: a folder for a set that has no files.
        FileAccessError: the files are neither here nor to be had.
        FileFormatError: a file is damaged or holds something else.
    """
    wanted = name.lower().replace("-", "_")
    if wanted not in NAMES:
        raise unknown_name("data set", name, NAMES)
    module = importlib.import_module(f"striate.datasets.{wanted}")
    if wanted not in _WITHOUT_FILES:
        return module.load_bundle(data_dir)
    if data_dir is not None:
        raise ArgumentError(f"the set {wanted} comes with Striate's libraries and takes no data_dir.")
    return module.load_bundle()
