"""One row for each data source: what test_data_sources.py proves of it.

A new source is one more row here: how it is loaded, how its files are made (small, but in the
real format), and what the bundle promises.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow
from pyarrow import parquet

from striate import datasets
from striate.datasets import DataBundle, cifar10, cifar100, digits, fashion_mnist, mnist
from tests.datasets.layouts import files_of, write_tar, write_zip
from tests.datasets.test_cifar import files_of_cifar10, pack
from tests.datasets.test_idx import NAMES, idx_bytes

TRAIN, TEST = 20, 4


@dataclass(frozen=True)
class SourceRow:
    """A data source, its files, and the examples and classes that it promises."""

    name: str
    load: Callable[[Path], DataBundle]
    example: tuple[int, ...]
    class_names: list[str]
    write: Callable[[Path], None] | None = None
    module: ModuleType | None = None
    sizes: tuple[int, ...] = (TRAIN, TEST)
    pixel_range: tuple[float, float] = (0, 255)


def write_idx(folder: Path) -> None:
    """Write the four files of MNIST and its relatives, two of them packed."""
    random = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        count = (TRAIN, TRAIN, TEST, TEST)[number]
        images = random.integers(0, 256, (count, 28, 28), np.uint8)
        content = idx_bytes(np.arange(count, dtype=np.uint8) % 10 if number % 2 else images)
        packed = number % 2
        (folder / (f"{name}.gz" if packed else name)).write_bytes(
            gzip.compress(content, mtime=0) if packed else content
        )


def write_cifar10(folder: Path) -> None:
    """Write the binary archive of CIFAR-10."""
    pack(folder / "cifar-10-binary.tar.gz", files_of_cifar10("binary"))


def write_cifar100(folder: Path) -> None:
    """Write the unpacked files of CIFAR-100."""
    random = np.random.default_rng(0)
    for name, count in (("train", TRAIN), ("test", TEST)):
        rows = random.integers(0, 256, (count, 2 + 3072), np.uint8)
        rows[:, 0], rows[:, 1] = np.arange(count) % 20, np.arange(count) * 4
        (folder / f"{name}.bin").write_bytes(rows.tobytes())


def write_npz(folder: Path) -> None:
    """Write an archive of arrays with labels in words."""
    random = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", TRAIN), ("test", TEST)):
        parts[f"x_{part}"] = random.integers(0, 256, (count, 6, 5, 3), np.uint8)
        parts[f"y_{part}"] = np.array(["cat", "dog"])[np.arange(count) % 2]
    np.savez_compressed(folder / "mine.npz", **parts)


def labelled_files(folder: str, count: int) -> dict[str, bytes]:
    """Make pictures of two classes below a folder."""
    names = [f"{folder}{('cat', 'dog')[number % 2]}/{number}.png" for number in range(count)]
    return files_of(*names)


def write_zip_of_images(folder: Path) -> None:
    """Pack a training and a test part of class folders."""
    write_zip(labelled_files("train/", TRAIN) | labelled_files("test/", TEST), folder / "pets.zip")


def write_tar_of_images(folder: Path) -> None:
    """Pack images with their labels beside them, as WebDataset does."""
    files = labelled_files("", TRAIN)
    labels = {name.replace(".png", ".cls"): name.partition("/")[0].encode() for name in files}
    write_tar(files | labels, folder / "pets.tar.gz")


def write_parquet_of_images(folder: Path) -> None:
    """Write images and labels as the columns of a table."""
    files = labelled_files("", TRAIN)
    images = [{"bytes": content, "path": name} for name, content in files.items()]
    labels = [name.partition("/")[0] for name in files]
    parquet.write_table(pyarrow.table({"image": images, "label": labels}), folder / "pets.parquet")


def write_pixels(folder: Path) -> None:
    """Write a packed table of pixels with labels in words."""
    random = np.random.default_rng(0)
    lines = [",".join(["label", *(f"pixel{number}" for number in range(64))])]
    for number in range(TRAIN):
        pixels = random.integers(0, 256, 64)
        lines.append(",".join([("cat", "dog")[number % 2], *map(str, pixels)]))
    (folder / "mine.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def write_pair(folder: Path) -> None:
    """Write one pair of IDX files, whose labels count from 1."""
    random = np.random.default_rng(0)
    (folder / NAMES[0]).write_bytes(idx_bytes(random.integers(0, 256, (TRAIN, 6, 5), np.uint8)))
    (folder / NAMES[1]).write_bytes(idx_bytes((np.arange(TRAIN) % 3 + 1).astype(np.uint8)))


def named(module: ModuleType, example: tuple[int, ...], write: Callable[[Path], None]) -> SourceRow:
    """Make the row of a named set with files."""
    name = module.__name__.rpartition(".")[2]
    return SourceRow(name, module.load_bundle, example, module.CLASS_NAMES, write, module)


ROWS = [
    SourceRow(
        "digits",
        lambda folder: digits.load_bundle(),
        (8, 8, 1),
        digits.CLASS_NAMES,
        sizes=(1797,),
        pixel_range=(0, 16),
    ),
    named(mnist, (28, 28, 1), write_idx),
    named(fashion_mnist, (28, 28, 1), write_idx),
    named(cifar10, (32, 32, 3), write_cifar10),
    named(cifar100, (32, 32, 3), write_cifar100),
    SourceRow(
        "load_arrays",
        lambda folder: datasets.load_arrays(folder / "mine.npz"),
        (6, 5, 3),
        ["cat", "dog"],
        write_npz,
    ),
    SourceRow(
        "load_images",
        lambda folder: datasets.load_images(folder / "pets.zip"),
        (4, 4, 3),
        ["cat", "dog"],
        write_zip_of_images,
    ),
    SourceRow(
        "load_images of WebDataset",
        lambda folder: datasets.load_images(folder / "pets.tar.gz"),
        (4, 4, 3),
        ["cat", "dog"],
        write_tar_of_images,
        sizes=(TRAIN,),
    ),
    SourceRow(
        "load_images of Parquet",
        lambda folder: datasets.load_images(folder / "pets.parquet"),
        (4, 4, 3),
        ["cat", "dog"],
        write_parquet_of_images,
        sizes=(TRAIN,),
    ),
    SourceRow(
        "load_signals",
        lambda folder: datasets.load_signals(folder / "mine.csv.gz"),
        (8, 8, 1),
        ["cat", "dog"],
        write_pixels,
        sizes=(TRAIN,),
    ),
    SourceRow(
        "load_array_file",
        lambda folder: datasets.load_array_file(folder / NAMES[0]),
        (6, 5, 1),
        ["1", "2", "3"],
        write_pair,
        sizes=(TRAIN,),
    ),
]

# Finds a source by its name, and is none.
EXCEPTED = {"load_named"}


def public_sources() -> set[str]:
    """Every name in `striate.datasets` that gives a bundle."""
    functions = {name for name in datasets.__all__ if name.startswith("load_")}
    modules = {name for name in datasets.__all__ if hasattr(getattr(datasets, name), "load_bundle")}
    return functions | modules
