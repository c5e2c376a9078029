"""Images from a folder in batches, in the words of Keras's `image_dataset_from_directory`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from striate.core.console import say
from striate.core.errors import ArgumentError, DataError
from striate.core.runtime import fresh_numpy_generator
from striate.core.shapes import check_choice
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.folders.image_files import all_files, files_by_class, image_input, read_files
from striate.datasets.generator.numbered_batches import NumberedBatches
from striate.datasets.labels import to_categorical

LABEL_MODES = ("int", "binary", "categorical", None)
SUBSETS = ("training", "validation", "both", None)


class ImageDataset(NumberedBatches):
    """Batches of images read from files, with their labels; `model.fit(dataset)` takes it as it is.

    Each batch is a pair (images, labels) of tensors, or images alone where there are no labels.
    Images are float32, 0 to 255. `class_names` and `file_paths` say what they are; `cache()` keeps the
    decoded pixels in memory.
    """

    def __init__(
        self,
        file_paths: Sequence[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        wanted: ImageInput,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int | None = None,
    ):
        super().__init__(len(file_paths), batch_size, shuffle, seed)
        self.file_paths = list(file_paths)
        self.labels, self.class_names, self.image_input = labels, class_names, wanted
        self._pixels: np.ndarray | None = None
        self._functions: list[Callable[..., Any]] = []

    def examples(self, indices: np.ndarray) -> Any:
        """Read the images with these numbers."""
        if self._pixels is None:
            paths = [Path(self.file_paths[index]) for index in indices]
            pixels = read_files(paths, self.image_input)
        else:
            pixels = self._pixels[indices]
        images = torch.from_numpy(pixels.astype(np.float32))
        item: Any = images
        if self.labels is not None:
            item = (images, torch.from_numpy(self.labels[indices]))
        for function in self._functions:
            item = function(*item) if isinstance(item, tuple) else function(item)
        return item

    def file_names(self) -> list[str]:
        """The files of all examples."""
        return self.file_paths

    def cache(self) -> ImageDataset:
        """Decode all images now, and keep their pixels (one byte a value) in memory."""
        if self._pixels is None:
            self._pixels = read_files([Path(path) for path in self.file_paths], self.image_input)
        return self

    def map(self, function: Callable[..., Any]) -> ImageDataset:
        """Change each batch by a function of (images, labels), or of images alone, when it is read."""
        mapped = ImageDataset(
            self.file_paths,
            self.labels,
            self.class_names,
            self.image_input,
            self.batch_size,
            self.shuffle,
            self.seed,
        )
        mapped._pixels, mapped._functions = self._pixels, [*self._functions, function]
        return mapped

    def take(self, count: int) -> Iterator[Any]:
        """Give the first batches of this epoch."""
        return (self[number] for number in range(min(count, len(self))))


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    verbose: bool = True,
) -> Any:
    """Make batches of the images in `directory/class_name/*`, in the words of Keras's function.

    `labels` may also be None, or one whole number for each image in the order of their names; they
    are then numbered from 0, and `class_names` keeps what stood there. With
    `validation_split` the `subset` 'training' or 'validation' is handed back, or a pair for 'both';
    the same `seed` parts the same files. Where images are made smaller all their pixels count.

    Shape:
        images (batch, height, width, channels) float32, 0 to 255; labels (batch,) int32 for 'int',
        (batch, 1) float32 for 'binary', (batch, classes) float32 for 'categorical'.

    Raises:
        ArgumentError: an argument that cannot work, or two that do not go together.
        FileAccessError: the folder is missing or cannot be opened.
        DataError: no class folders, or no images.
    """
    check_choice(label_mode, LABEL_MODES, "label_mode")  # type: ignore[arg-type]
    _check_parts(validation_split, subset, shuffle, seed)
    wanted = _wanted(image_size, color_mode, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio)
    paths, numbers, names = _find(directory, labels, class_names, follow_links)
    if verbose:
        of = f" belonging to {len(names)} classes" if names is not None else ""
        say(f"Found {len(paths)} files{of}.")
    rows = None if label_mode is None or numbers is None else _rows(numbers, label_mode, names or [])
    seed = int(fresh_numpy_generator().integers(2**31)) if seed is None else seed
    order = np.random.default_rng(seed).permutation(len(paths)) if shuffle else np.arange(len(paths))

    def part(chosen: np.ndarray, shuffled: bool) -> ImageDataset:
        own = None if rows is None else rows[chosen]
        files = [paths[index] for index in chosen]
        return ImageDataset(files, own, names, wanted, batch_size, shuffled, seed)

    if subset is None or validation_split is None:
        return part(order, shuffle)
    training, validation = _cut(order, validation_split)
    if subset == "both":
        return part(training, shuffle), part(validation, False)
    return part(training if subset == "training" else validation, shuffle)


def _wanted(
    size: int | tuple[int, int], color_mode: str, interpolation: str, crop: bool, pad: bool
) -> ImageInput:
    if crop and pad:
        raise ArgumentError(
            "proportions are kept by crop_to_aspect_ratio or by pad_to_aspect_ratio, not by both."
        )
    return image_input(size, color_mode, interpolation, "crop" if crop else "pad" if pad else "stretch")


def _check_parts(split: float | None, subset: str | None, shuffle: bool, seed: int | None) -> None:
    check_choice(subset, SUBSETS, "subset")  # type: ignore[arg-type]
    if split is not None and not 0 < split < 1:
        raise ArgumentError(f"validation_split is a share between 0 and 1; got {split!r}.")
    if (split is None) != (subset is None):
        raise ArgumentError(
            "validation_split and subset go together: which share is kept apart, and which part is wanted; "
            f"got validation_split={split!r} and subset={subset!r}."
        )
    if split is not None and shuffle and seed is None and subset != "both":
        raise ArgumentError(
            "with validation_split and shuffle, give a seed: the same one for both subsets, or an image may "
            "come to lie in both."
        )


def _find(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None,
    class_names: Sequence[str] | None,
    follow_links: bool,
) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    if isinstance(labels, str):
        check_choice(labels, ("inferred",), "labels")
        found = files_by_class(directory, class_names, follow_links)
        paths = [str(one.root / file) for one in found for file in one.files]
        counts = [len(one.files) for one in found]
        _refuse_none(paths, directory)
        return paths, np.repeat(np.arange(len(found)), counts), [one.name for one in found]
    if class_names is not None:
        raise ArgumentError("class_names go with labels='inferred' only: they name the folders.")
    paths = [str(Path(directory) / file) for file in all_files(directory, follow_links)]
    _refuse_none(paths, directory)
    if labels is None:
        return paths, None, None
    if len(labels) != len(paths):
        raise DataError(f"there are {len(paths)} images in {directory} but {len(labels)} labels.")
    values, numbers = np.unique(np.asarray(labels), return_inverse=True)
    return paths, numbers.astype(np.int64), [str(value) for value in values]


def _refuse_none(paths: list[str], directory: str | os.PathLike[str]) -> None:
    if not paths:
        raise DataError(f"there are no images in {directory}.")


def _rows(numbers: np.ndarray, label_mode: str, names: list[str]) -> np.ndarray:
    if label_mode == "int":
        return numbers.astype(np.int32)
    if label_mode == "categorical":
        return to_categorical(numbers, len(names)).astype(np.float32)
    if len(names) != 2:
        raise ArgumentError(
            f"label_mode='binary' is for two classes; found {len(names)}: {', '.join(names)}."
        )
    return numbers.astype(np.float32)[:, None]


def _cut(order: np.ndarray, split: float) -> tuple[np.ndarray, np.ndarray]:
    validation = int(len(order) * split)
    if validation == 0:
        raise DataError(
            f"validation_split={split:g} of {len(order)} images leaves none for validation; take a larger "
            "share."
        )
    return order[:-validation], order[-validation:]
