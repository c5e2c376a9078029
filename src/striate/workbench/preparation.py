"""From files as people have them to what a network takes: size, channels, range of values."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError, DataError, FileAccessError, FileFormatError, StriateError
from striate.core.shapes import format_shape
from striate.datasets.decoding.decode import decode_image
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.images import MOST_PIXELS
from striate.datasets.folders.listing import list_folder
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import BadFile
from striate.datasets.source import DataBundle
from striate.datasets.tables.table import load_signals
from striate.datasets.tables.table_roles import NO_LABEL

ARRAY_SUFFIXES = (".npy", ".npz")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".ts", ".arff")
# What is looked for in an archive with several arrays, the first that is there.
_WANTED = ("x", "X", "images", "x_test", "X_test", "test_images")
_BYTE_RANGE = (0, 255)
_FILE_CHANNELS = (1, 3)


@dataclass(frozen=True)
class InputDescription:
    """What a network takes: `kind` 'image' or 'signal', the shape of one example, its values' range.

    `image_input` is how image files are brought to that; None where the network takes arrays only.
    """

    kind: str
    shape: tuple[int, ...]
    pixel_range: tuple[float, float] | None
    image_input: ImageInput | None = None


def describe_input(bundle: DataBundle) -> dict[str, Any]:
    """Say what a network trained on these data takes, in the words that its file keeps."""
    shape = list(bundle.train.x.shape[1:])
    given = bundle.image_input
    return {
        **({} if given is None else {"image_input": given.as_table()}),
        **({} if bundle.axis is None else {"axis": bundle.axis.label}),
        "kind": bundle.kind,
        "size": shape[:-1],
        "channels": shape[-1],
        "pixel_range": None if bundle.pixel_range is None else list(bundle.pixel_range),
    }


def read_description(preprocessing: Mapping[str, Any], source: str) -> InputDescription:
    """Read what a model's file says of its input.

    Raises:
        FileFormatError: the file says nothing of it, or nonsense.
    """
    try:
        shape = (*map(int, preprocessing["size"]), int(preprocessing["channels"]))
        given = preprocessing["pixel_range"]
        low_high = None if given is None else (float(given[0]), float(given[1]))
        kind = str(preprocessing["kind"])
        table = preprocessing.get("image_input")
        image_input = None if table is None else ImageInput.from_table(table)
        if image_input is None and kind == "image" and len(shape) == 3 and shape[-1] in _FILE_CHANNELS:
            # Trained on arrays, whose proportions nobody knows: image files are brought to their size.
            image_input = ImageInput(*shape, fit="stretch")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FileFormatError(
            f"{source} does not say what its network takes (size, channels, pixel_range, kind), as models of "
            "striate train do. In Python, striate.load(path).predict(x) takes arrays made to suit."
        ) from error
    axes = {"image": 3, "signal": 2}.get(kind)
    if axes != len(shape):
        raise FileFormatError(f"{source} says that its network takes {kind!r} of {format_shape(shape)}.")
    return InputDescription(kind, shape, low_high, image_input)


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples of one file as a network takes them, a name for each, and what could not be used.

    Shape:
        x: (examples, height, width, channels) or (examples, steps, channels)
    """

    names: list[str]
    x: np.ndarray
    bad: tuple[BadFile, ...] = ()

    def joined(self, others: Examples) -> Examples:
        """Put others behind these."""
        x = np.concatenate([self.x, others.x]) if len(self.x) else others.x
        return Examples([*self.names, *others.names], x, (*self.bad, *others.bad))


def files_of(path: str) -> list[str]:
    """List what a path stands for: the images in a folder and below it, else the path itself."""
    place = Path(path)
    if not place.is_dir():
        return [path]
    return [str(image.path) for image in list_folder(place).all_images() if image.path is not None] or [path]


def read_examples(path: str, wanted: InputDescription) -> Examples:
    """Read an image, a table of signals, or an array of many examples, as a network takes them.

    Raises:
        FileAccessError, FileFormatError, DataError: the file cannot be used, in words.
    """
    suffix = Path(path).suffix.lower()
    if suffix in ARRAY_SUFFIXES:
        examples = _fit_array(_read_array(path), wanted, path)
        names = [path] if len(examples) == 1 else [f"{path}[{row}]" for row in range(len(examples))]
        return Examples(names, examples)
    if wanted.kind == "image":
        return Examples([path], read_image_for(Path(path), wanted)[None])
    if not Path(path).exists():
        raise FileAccessError(f"there is no file {path} (seen from {Path.cwd()}).")
    if suffix not in TABLE_SUFFIXES:
        raise DataError(
            f"{path}: this network takes signals, {format_shape(wanted.shape)}, as "
            f"{', '.join(TABLE_SUFFIXES)}, {' or '.join(ARRAY_SUFFIXES)}."
        )
    return _read_table(path, wanted)


def _read_table(path: str, wanted: InputDescription) -> Examples:
    """Read the rows of a table: all its columns, or, where they are too many, those that are no labels."""
    problem: StriateError | None = None
    for label in (NO_LABEL, None):
        try:
            bundle = load_signals(path, SourceOptions(kind="signal", label=label))
        except StriateError as error:
            problem = problem or error
            continue
        shape = tuple(bundle.train.x.shape[1:])
        if shape == wanted.shape:
            return Examples(list(bundle.train.names or ()), bundle.train.x, bundle.bad_files)
        problem = problem or DataError(
            f"{path} holds signals of {format_shape(shape)}; this network takes {format_shape(wanted.shape)}."
        )
    raise problem or DataError(f"{path} holds no signals.")


def read_image_for(place: Path, wanted: InputDescription) -> np.ndarray:
    """Read an image file as a network takes it.

    Shape:
        out: (height, width, channels)

    Raises:
        FileAccessError, DataError: the file is missing, damaged or no image, by name.
    """
    if wanted.image_input is None:
        raise DataError(
            f"{place}: this network takes {wanted.shape[-1]} channels; an image file has 1 or 3. "
            "Give .npy or .npz."
        )
    if place.is_dir():
        raise FileAccessError(f"there is no image in the folder {place}.")
    try:
        content = place.read_bytes()
    except FileNotFoundError as error:
        raise FileAccessError(f"there is no image {place} (seen from {Path.cwd()}).") from error
    except OSError as error:
        raise FileAccessError(f"cannot read {place}: {error.strerror or error}.") from error
    try:
        pixels = decode_image(content, wanted.image_input, MOST_PIXELS)
    except DataError as error:
        raise DataError(f"{place} {error}.") from error
    return scale_pixels(pixels, _BYTE_RANGE, wanted.pixel_range)


def scale_pixels(
    pixels: np.ndarray, own: tuple[float, float] | None, wanted: tuple[float, float] | None
) -> np.ndarray:
    """Bring pixels from their own range of values to the wanted one; where both are alike they stay."""
    if own is None or wanted is None or tuple(own) == tuple(wanted):
        return pixels
    share = (pixels.astype(np.float32) - own[0]) / (own[1] - own[0])
    return (share * (wanted[1] - wanted[0]) + wanted[0]).astype(np.float32)


def match_range(
    pixels: np.ndarray, own: tuple[float, float] | None, wanted: tuple[float, float] | None
) -> tuple[np.ndarray, str]:
    """Bring whole data to a network's range of values, and say so where anything was changed.

    The range of arrays is a guess by their type: bytes may well hold 0 to 16. Data that lie within
    the wanted range and fill more than a quarter of it are taken to be in it already.
    """
    if own is None or wanted is None or own == wanted or not pixels.size:
        return pixels, ""
    low, high = float(pixels.min()), float(pixels.max())
    if wanted[0] <= low and wanted[0] + (wanted[1] - wanted[0]) / 4 < high <= wanted[1]:
        return pixels, ""
    change = f", pixels scaled from {own[0]:g}..{own[1]:g} to {wanted[0]:g}..{wanted[1]:g}"
    return scale_pixels(pixels, own, wanted), change


def _read_array(path: str) -> np.ndarray:
    try:
        # NumPy leaves a damaged file open where it opened it itself.
        with Path(path).open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded as archive:
                return archive[_key(archive.files, path)]
    except FileNotFoundError as error:
        raise FileAccessError(f"there is no file {path} (seen from {Path.cwd()}).") from error
    except DataError:
        raise
    except OSError as error:
        raise FileAccessError(f"cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise FileFormatError(f"{path} is damaged, or not an array of numbers that NumPy saved.") from error


def _key(names: list[str], path: str) -> str:
    found = [name for name in _WANTED if name in names]
    if found or len(names) == 1:
        return (found or names)[0]
    there = ", ".join(names) or "nothing"
    raise DataError(f"{path} holds {there}; wanted is one array, or one called {', '.join(_WANTED)}.")


def _fit_array(array: np.ndarray, wanted: InputDescription, path: str) -> np.ndarray:
    """Add the axes for a single example or a single channel where these are left out."""
    if array.dtype.kind not in "biuf":
        raise DataError(f"{path} has dtype {array.dtype}; examples are made of real numbers.")
    candidates = [array, array[None], array[..., None], array[None, ..., None]]
    for candidate in candidates:
        if candidate.shape[1:] == wanted.shape:
            if not len(candidate):
                raise DataError(f"{path} holds no examples.")
            return candidate
    raise DataError(
        f"{path} has the shape {format_shape(array.shape)}; this network takes "
        f"(examples, {', '.join(map(str, wanted.shape))}). Only image files are brought to that size."
    )


def check_top(top: int, classes: int) -> int:
    """Hand back how many answers to give, at most one a class.

    Raises:
        ArgumentError: less than one.
    """
    if top < 1:
        raise ArgumentError(f"top is how many answers to give for each file, from 1 up; got {top}.")
    return min(top, classes)
