"""IDX files, the format of MNIST and its relatives, and sets made of four of them.

The format (LeCun, Cortes and Burges, "The MNIST database of handwritten digits"): two zero bytes,
a byte for the kind of number, a byte for the count of axes, each axis's length as a big-endian
32-bit number, then the numbers, big-endian, the last axis fastest.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from striate.core.cache import cache_folder
from striate.core.errors import FileAccessError, FileFormatError
from striate.core.shapes import format_bytes, format_shape
from striate.datasets.download import RemoteFile, download
from striate.datasets.source import Data, DataBundle

Part = tuple[np.ndarray, np.ndarray]

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_LARGEST = 1 << 32
_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an array from an IDX file, packed with gzip or not.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no IDX file, or shorter or longer than it says.
    """
    place = Path(path)
    try:
        with place.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with gzip.open(place, "rb") if packed else place.open("rb") as file:
            return _read_array(file, place)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileFormatError(f"{place} is damaged: {error}. Get another copy of it.") from error
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error


def _read_array(file: BinaryIO | gzip.GzipFile, place: Path) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES or not 1 <= magic[3] <= 8:
        raise FileFormatError(
            f"{place} is not an IDX file: it begins with {magic.hex(' ') or 'nothing'}, where 00 00, a "
            "kind of number (08 for bytes) and the count of axes belong."
        )
    dtype, axes = np.dtype(_DTYPES[magic[2]]), magic[3]
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise FileFormatError(f"{place} is cut off within its first lines.")
    shape = struct.unpack(f">{axes}L", lengths)
    expected = math.prod(shape) * dtype.itemsize
    if expected > _LARGEST:
        raise FileFormatError(
            f"{place} says it holds {format_shape(shape)}, {format_bytes(expected)}: more than Striate reads."
        )
    content = file.read(expected + 1)
    if len(content) != expected:
        more = "more" if len(content) > expected else f"only {len(content):,}"
        raise FileFormatError(
            f"{place} says it holds {format_shape(shape)}, {expected:,} bytes, but there are {more}. "
            "Get another copy of it."
        )
    return np.frombuffer(bytearray(content), dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


@dataclass(frozen=True)
class IdxSet:
    """A named set of images in four IDX files, and where these may be found.

    `system_folders` are looked through before anything is downloaded; `sizes` are the counts of
    training and test images; `checksums` are those of the four files packed with gzip, as the
    addresses give them: training images and labels, test images and labels.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    addresses: tuple[str, ...]
    checksums: tuple[str, ...]
    system_folders: tuple[str, ...] = ()
    sizes: tuple[int, int] = (60_000, 10_000)
    side: int = 28

    def load_data(self, data_dir: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
        """Load images (examples, side, side) and labels (examples,) as bytes, training and test.

        Raises:
            FileAccessError: the files are neither here nor to be had.
            FileFormatError: a file is damaged or holds something else.
        """
        paths = self._find(data_dir)
        images, labels, test_images, test_labels = (read_idx(path) for path in paths)
        for path, array, count in zip(paths[::2], (images, test_images), self.sizes, strict=True):
            self._check(path, array, (count, self.side, self.side))
        for path, array, count in zip(paths[1::2], (labels, test_labels), self.sizes, strict=True):
            self._check(path, array, (count,))
            if array.max() >= len(self.class_names):
                raise FileFormatError(
                    f"{path} holds label {array.max()}; {self.title} has {len(self.class_names)} classes."
                )
        return (images, labels), (test_images, test_labels)

    def load_bundle(self, data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
        """Load the set as a bundle, with a channel axis and class names."""
        parts = self.load_data(data_dir)
        train, test = (Data(x[..., None], y.astype(np.int64), list(self.class_names)) for x, y in parts)
        origin = (
            f"{self.title}: grey images of {self.side}x{self.side} pixels in {len(self.class_names)} classes."
        )
        return DataBundle(self.name, train, test, origin=origin)

    def _check(self, path: Path, array: np.ndarray, shape: tuple[int, ...]) -> None:
        if array.shape != shape or array.dtype != np.uint8:
            raise FileFormatError(
                f"{path} holds {array.dtype} of shape {format_shape(array.shape)}; this file of {self.title} "
                f"holds uint8 of shape {format_shape(shape)}."
            )

    def _find(self, data_dir: str | os.PathLike[str] | None) -> list[Path]:
        if data_dir is not None:
            found = _files_in(Path(data_dir))
            if found is None:
                raise FileAccessError(
                    f"{os.fspath(data_dir)} does not hold {self.title}: wanted are {', '.join(_FILES)}, "
                    "as they are or with .gz behind."
                )
            return found
        for folder in self.system_folders:
            found = _files_in(Path(folder))
            if found is not None:
                return found
        cached = cache_folder("datasets", self.name)
        return _files_in(cached) or [download(file, cached) for file in self.remote_files()]

    def remote_files(self) -> list[RemoteFile]:
        """List the four files as they can be downloaded."""
        names = [f"{name}.gz" for name in _FILES]
        return [
            RemoteFile(name, checksum, tuple(f"{address}/{name}" for address in self.addresses))
            for name, checksum in zip(names, self.checksums, strict=True)
        ]


def _files_in(folder: Path) -> list[Path] | None:
    found = []
    for name in _FILES:
        present = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
        if not present:
            return None
        found.append(present[0])
    return found
