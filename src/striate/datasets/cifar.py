"""The CIFAR sets' files: their binary archive, and their Python one without running it.

Krizhevsky, "Learning multiple layers of features from tiny images" (2009). A binary file is rows
of label bytes (CIFAR-100: coarse, then fine) and 3,072 pixels: the red plane, green, blue.
The Python files are pickles; only arrays of bytes, lists and texts are taken out of them, and
nothing in them can call anything.
"""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.cache import cache_folder
from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets.download import RemoteFile, download
from striate.datasets.source import Data, DataBundle

Part = tuple[np.ndarray, np.ndarray]

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
_MOST_BYTES = 1 << 29


@dataclass(frozen=True)
class CifarSet:
    """A CIFAR set: its files in both versions, and where the binary archive can be had.

    `label_names` are the names that the Python version gives to the label bytes of the binary
    one, in that version's order; `chosen` is the place of the wanted label among them.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    archive: RemoteFile
    binary_files: tuple[str, ...]
    python_archive: str
    python_files: tuple[str, ...]
    label_names: tuple[bytes, ...]
    chosen: int = 0
    sizes: tuple[int, int] = (50_000, 10_000)

    def load_data(self, data_dir: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
        """Load images (examples, 32, 32, 3) and labels (examples, 1) as bytes, training and test.

        The last of the files is the test part.

        Raises:
            FileAccessError: the archive is neither here nor to be had.
            FileFormatError: it is damaged or holds something else.
        """
        read, files, decode = self._open(data_dir)
        pieces = [decode(read(name), name) for name in files]
        train_x = np.concatenate([x for x, _ in pieces[:-1]])
        train_y = np.concatenate([y for _, y in pieces[:-1]])
        parts = ((train_x, train_y), pieces[-1])
        for (x, y), count in zip(parts, self.sizes, strict=True):
            if len(x) != count or y.max(initial=0) >= len(self.class_names):
                raise FileFormatError(
                    f"{self.title} has {count:,} images in {len(self.class_names)} classes here; the files "
                    f"hold {len(x):,}, with labels up to {y.max(initial=0)}."
                )
        return parts

    def load_bundle(self, data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
        """Load the set as a bundle with class names."""
        parts = self.load_data(data_dir)
        train, test = (Data(x, y[:, 0].astype(np.int64), list(self.class_names)) for x, y in parts)
        origin = f"{self.title}: colour images of 32x32 pixels in {len(self.class_names)} classes."
        return DataBundle(self.name, train, test, origin=origin)

    def _open(
        self, data_dir: str | os.PathLike[str] | None
    ) -> tuple[Callable[[str], bytes], tuple[str, ...], Callable[[bytes, str], Part]]:
        folder = Path(data_dir) if data_dir is not None else cache_folder("datasets", self.name)
        for archive, files, decode in (
            (self.archive.name, self.binary_files, self._decode_binary),
            (self.python_archive, self.python_files, self._decode_python),
        ):
            for place in (folder, folder / Path(files[0]).parent.name):
                if all((place / Path(name).name).is_file() for name in files):
                    return (lambda name, place=place: _read_file(place / Path(name).name)), files, decode
            if (folder / archive).is_file():
                return _read_archive(folder / archive, files).__getitem__, files, decode
        if data_dir is not None:
            raise FileAccessError(
                f"{folder} does not hold {self.title}: wanted is {self.archive.name} or "
                f"{self.python_archive}, packed or unpacked."
            )
        path = download(self.archive, folder)
        return _read_archive(path, self.binary_files).__getitem__, self.binary_files, self._decode_binary

    def _decode_binary(self, content: bytes, name: str) -> Part:
        width = len(self.label_names) + _PIXELS
        if not content or len(content) % width:
            raise FileFormatError(
                f"{name} has {len(content):,} bytes, which is no number of rows of {width:,}."
            )
        rows = np.frombuffer(content, np.uint8).reshape(-1, width)
        return _to_images(rows[:, len(self.label_names) :]), rows[:, [self.chosen]].copy()

    def _decode_python(self, content: bytes, name: str) -> Part:
        batch = read_plain_pickle(content, name)
        label_name = self.label_names[self.chosen]
        pixels = batch.get(b"data") if isinstance(batch, dict) else None
        labels = batch.get(label_name) if isinstance(batch, dict) else None
        if isinstance(pixels, _ArrayOfBytes):
            pixels = pixels.decode()
        if (
            not isinstance(pixels, np.ndarray)
            or pixels.shape[1:] != (_PIXELS,)
            or not isinstance(labels, list)
            or len(labels) != len(pixels)
            or not all(isinstance(label, int) and 0 <= label < 256 for label in labels)
        ):
            raise FileFormatError(f"{name} does not hold rows of {_PIXELS:,} pixels with as many labels.")
        return _to_images(pixels), np.array(labels, np.uint8)[:, None]


def _to_images(rows: np.ndarray) -> np.ndarray:
    planes = rows.reshape(-1, 3, _SIDE, _SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > _MOST_BYTES:
        raise FileFormatError(f"{path} is larger than any file of this set.")
    return path.read_bytes()


def _read_archive(path: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        # One pass from front to back: seeking in a packed archive would unpack it again each time.
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name in names and member.isfile() else None
                if file is not None and member.size <= _MOST_BYTES:
                    found[member.name] = file.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise FileFormatError(f"{path} is damaged: {error}. Get another copy of it.") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise FileFormatError(f"{path} lacks {', '.join(missing)}. Is it the archive of this set?")
    return found


class _ArrayOfBytes:
    """Stands where a pickle rebuilds a NumPy array: keeps what it is told and does nothing."""

    def __init__(self, *arguments: object):
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def decode(self) -> np.ndarray | None:
        """Make the array, if the pickle told of rows of bytes."""
        match self.state:
            case (
                _,
                (int(rows), int(columns)),
                _DtypeName(name="u1" | b"u1"),
                int(by_columns),
                bytes(content),
            ):
                if rows > 0 and columns > 0 and rows * columns == len(content):
                    shape = (columns, rows) if by_columns else (rows, columns)
                    array = np.frombuffer(content, np.uint8).reshape(shape)
                    return array.T if by_columns else array
        return None


class _DtypeName:
    """Stands where a pickle rebuilds a dtype."""

    def __init__(self, name: object = None, *arguments: object):
        self.name = name

    def __setstate__(self, state: Any) -> None:
        """Byte order and the like say nothing about bytes."""


class _BytesAsText:
    """Stands where Python 3 wrote bytes as text, as it does in the old protocol 2."""

    def __new__(cls, text: str, encoding: str) -> Any:
        return text.encode("latin-1")

    def __setstate__(self, state: Any) -> None:
        """Without this, a pickle could change the class itself."""


_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"): _ArrayOfBytes,
    ("numpy._core.multiarray", "_reconstruct"): _ArrayOfBytes,
    ("numpy", "ndarray"): _ArrayOfBytes,
    ("numpy", "dtype"): _DtypeName,
    ("_codecs", "encode"): _BytesAsText,
}


class _PlainUnpickler(pickle.Unpickler):
    """Reads data and refuses every name of a program but those that stand for arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _HARMLESS[module, name]


def read_plain_pickle(content: bytes, source: str) -> Any:
    """Read a pickle of plain data; arrays come as stand-ins, and no code of the file is run.

    Raises:
        FileFormatError: damaged, or it asks for anything but data.
    """
    try:
        return _PlainUnpickler(io.BytesIO(content), encoding="bytes").load()
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError,
        AttributeError, OverflowError, MemoryError, RecursionError,
    ) as error:  # fmt: skip
        raise FileFormatError(f"{source} is not a pickle of plain data: {str(error)[:200]}.") from error
