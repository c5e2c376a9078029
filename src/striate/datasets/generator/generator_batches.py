"""The batches that the older image generator hands out: from arrays, and from files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import DataError, ShapeError
from striate.core.shapes import format_shape
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.keras_images import save_img
from striate.datasets.folders.image_files import read_files
from striate.datasets.generator.numbered_batches import EndlessBatches
from striate.datasets.labels import to_categorical

# From raw images (examples, height, width, channels) and one key each to changed and standardised ones.
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Flow:
    """What all kinds of the older generator's batches share.

    `change` makes a batch's images of the raw ones and a key each, `keys` those keys of seed, epoch and
    the examples' numbers. Changed images are also written to `save_to_dir` if there is one.
    """

    change: Change
    keys: Callable[[int, int, np.ndarray], np.ndarray]
    batch_size: int = 32
    shuffle: bool = True
    seed: int | None = None
    data_format: str = "channels_last"
    save_to_dir: str | None = None
    save_prefix: str = ""
    save_format: str = "png"


class GeneratedBatches(EndlessBatches):
    """Batches of freshly changed images, without end; by number they can be fed to `model.fit`.

    The same seed gives the same order and the same changes, so that two generators of one seed keep
    images and masks together.
    """

    def __init__(self, count: int, flow: Flow):
        super().__init__(count, flow.batch_size, flow.shuffle, flow.seed)
        self._flow = flow

    @abstractmethod
    def raw(self, indices: np.ndarray) -> np.ndarray:
        """The images with these numbers as they are, channels last."""

    @abstractmethod
    def answers(self, indices: np.ndarray, images: np.ndarray) -> Any:
        """What goes with them: None, labels, or a pair of labels and weights."""

    def examples(self, indices: np.ndarray) -> Any:
        """Make a batch: changed images, and what goes with them."""
        keys = self._flow.keys(self.seed, self.epoch, indices)
        images = self._flow.change(self.raw(indices), keys)
        if self._flow.save_to_dir is not None:
            self._save(images, indices)
        if self._flow.data_format == "channels_first":
            images = np.ascontiguousarray(np.moveaxis(images, -1, 1))
        answers = self.answers(indices, images)
        if answers is None:
            return images
        return (images, *answers) if isinstance(answers, tuple) else (images, answers)

    def _save(self, images: np.ndarray, indices: np.ndarray) -> None:
        folder = Path(self._flow.save_to_dir or ".")
        folder.mkdir(parents=True, exist_ok=True)
        for image, index in zip(images, indices, strict=True):
            name = f"{self._flow.save_prefix}_{index}_{self.epoch}.{self._flow.save_format}"
            save_img(folder / name, image)


class ImagesFromArray(GeneratedBatches):
    """Freshly changed images from an array, with labels and weights if there are any.

    Raises:
        ShapeError: images that are not of 4 axes.
        DataError: labels or weights of another number than the images.
    """

    def __init__(self, x: Any, y: Any, sample_weight: Any, flow: Flow):
        self.x = np.asarray(x)
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        if self.x.ndim != 4:
            raise ShapeError(f"images have 4 axes, the first of examples; got {format_shape(self.x.shape)}.")
        for what, part in (("labels", self.y), ("sample weights", self.sample_weight)):
            if part is not None and len(part) != len(self.x):
                raise DataError(f"there are {len(self.x)} images but {len(part)} {what}.")
        super().__init__(len(self.x), flow)

    def raw(self, indices: np.ndarray) -> np.ndarray:
        """Pick rows of the array."""
        images = self.x[indices]
        if self._flow.data_format == "channels_first":
            images = np.moveaxis(images, 1, -1)
        return np.ascontiguousarray(images if images.dtype == np.uint8 else images.astype(np.float32))

    def answers(self, indices: np.ndarray, images: np.ndarray) -> Any:
        """Pick labels and weights."""
        if self.y is None:
            return None
        labels = self.y[indices]
        return labels if self.sample_weight is None else (labels, self.sample_weight[indices])


@dataclass(frozen=True)
class Answers:
    """What goes with files, by the older generator's `class_mode`.

    `numbers` are class numbers, or lists of them where a file has several; `values` what a table
    says, for 'raw' and 'multi_output'.
    """

    class_mode: str | None
    class_names: Sequence[str] = ()
    numbers: Sequence[Any] = ()
    values: Sequence[np.ndarray] = ()
    weights: np.ndarray | None = None

    def of(self, indices: np.ndarray, images: np.ndarray) -> Any:
        """Give the answers of a batch; None for images alone."""
        if self.class_mode is None:
            return None
        labels = self._labels(indices, images)
        return labels if self.weights is None else (labels, self.weights[indices])

    def _labels(self, indices: np.ndarray, images: np.ndarray) -> Any:
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode == "raw":
            return self.values[0][indices]
        if self.class_mode == "multi_output":
            return [column[indices] for column in self.values]
        chosen = [self.numbers[index] for index in indices]
        if self.class_mode == "categorical":
            rows = [
                to_categorical(np.atleast_1d(one), len(self.class_names)).max(0, initial=0) for one in chosen
            ]
            return np.stack(rows).astype(np.float32)
        return np.asarray(chosen, dtype=np.float32)


class ImagesFromFiles(GeneratedBatches):
    """Freshly changed images read from files.

    `filenames` are seen from `directory`; `class_indices` goes from a class's name to its number,
    `classes` holds the number of each file's class.
    """

    def __init__(
        self, directory: Path, filenames: Sequence[str], answers: Answers, wanted: ImageInput, flow: Flow
    ):
        super().__init__(len(filenames), flow)
        self.directory, self.filenames = directory, list(filenames)
        self.filepaths = [str(directory / name) for name in filenames]
        self.class_mode = answers.class_mode
        self.class_indices = {name: number for number, name in enumerate(answers.class_names)}
        self.num_classes = len(answers.class_names)
        several = any(np.ndim(one) for one in answers.numbers)
        self.classes = list(answers.numbers) if several else np.asarray(answers.numbers, dtype=np.int32)
        self.target_size = (wanted.height, wanted.width)
        size = (*self.target_size, wanted.channels)
        self.image_shape = size if flow.data_format == "channels_last" else (size[2], *size[:2])
        self._answers, self._wanted = answers, wanted

    def file_names(self) -> list[str]:
        """The files of all examples."""
        return self.filepaths

    @property
    def labels(self) -> Any:
        """What goes with each file: its class's number, or what the table says."""
        if self._answers.values:
            return self._answers.values[0] if self.class_mode == "raw" else list(self._answers.values)
        return self.classes

    def raw(self, indices: np.ndarray) -> np.ndarray:
        """Read the files."""
        return read_files([Path(self.filepaths[index]) for index in indices], self._wanted)

    def answers(self, indices: np.ndarray, images: np.ndarray) -> Any:
        """By the class mode."""
        return self._answers.of(indices, images)
