"""Images from tars as a stream of batches, for sets that neither memory nor the cache should hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.runtime import cpu_count
from striate.datasets.decoding.decode import decode_image
from striate.datasets.decoding.image_choice import choose_image_input
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.images import MOST_PIXELS
from striate.datasets.decoding.quiet_decoders import quiet_decoders
from striate.datasets.folders.archives import stream_tar
from striate.datasets.folders.examples import few, sort_classes
from striate.datasets.folders.listing import is_image_name
from striate.datasets.folders.webdataset import LABEL_ENDINGS, expand_shards, key_of, parse_label
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import BadFile, check_rejects

# So many images are looked at to choose the size and the channels of all.
_LOOKED_AT = 200


class _Waiting(NamedTuple):
    """An image file as it lies in the tar, and its class."""

    name: str
    content: bytes
    label: int


class _Held(NamedTuple):
    """An image that was read already, as a place."""

    name: str
    content: bytes
    path: Path | None = None

    @property
    def order(self) -> tuple[str, int]:
        return "", 0

    def read(self) -> bytes:
        return self.content

    def stamp(self) -> str:
        return self.name


@final
class ImageStream:
    """Batches of images and labels straight from WebDataset's tars, nothing kept beyond them.

    It can be passed over again and again, such as by `fit`: each pass takes the tars in another
    order, and draws each example from `shuffle_buffer` waiting ones, as they lie in the tar.
    With a buffer of 0 everything comes as it lies. `epoch` is the number of the next pass: a pass
    of the same seed and number gives the same batches. `bad_files` are those of the last pass.

    Labels are whole numbers from 0, or names that `class_names` lists; without it, names are found by
    a first pass over the labels. Without `image_input`, one is chosen by the first images, as
    `open_data` does.

    Shape:
        x: (examples, height, width, channels) uint8, 0 to 255
        y: (examples,) int64; the last batch may be smaller

    Raises:
        ArgumentError: a batch size or a buffer that cannot work.
        FileAccessError, FileFormatError: a tar is missing, or damaged.
        LabelError: a label that is no class.
        DataError: more than 5% of the images cannot be used, or, without `image_input`, none at all.

    An example, with tars of image and label files beside it:

        stream = ImageStream("shards/train-{000..009}.tar", batch_size=64)
        model = small_cnn(stream.image_input.shape, len(stream.class_names), rescale=1 / 255)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(stream, epochs=3)
    """

    def __init__(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        image_input: ImageInput | None = None,
        batch_size: int = 32,
        shuffle_buffer: int = 1000,
        seed: int = 0,
        class_names: Sequence[str] | None = None,
    ):
        if batch_size < 1 or shuffle_buffer < 0:
            raise ArgumentError(
                "batch_size is at least 1 and shuffle_buffer at least 0; "
                f"got {batch_size} and {shuffle_buffer}."
            )
        given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        self.shards = [shard for path in given for shard in expand_shards(os.fspath(path))]
        self.image_input = image_input or self._choose_input()
        self.batch_size = batch_size
        self.shuffle_buffer = shuffle_buffer
        self.seed = seed
        self._class_names = None if class_names is None else list(class_names)
        self._by_number = False
        self.epoch = 0
        self.bad_files: list[BadFile] = []

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, in the order of the labels; found by passing over all labels once."""
        if self._class_names is None:
            labels = {label for shard in self.shards for label in _labels_in(shard)}
            if all(label.isdecimal() for label in labels):
                # Whole numbers are taken as they are, so none of them may be left out.
                highest = max(map(int, labels), default=-1)
                self._class_names = [str(number) for number in range(highest + 1)]
            else:
                self._class_names = sort_classes(labels)
        return self._class_names

    def _choose_input(self) -> ImageInput:
        sample = (
            _Held(name, content)
            for shard in self.shards
            for name, content in stream_tar(shard, is_image_name)
        )
        places = list(islice(sample, _LOOKED_AT))
        if not places:
            raise DataError(f"there are no images in {', '.join(map(str, self.shards[:3]))}.")
        return choose_image_input(places, SourceOptions())[0]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        generator = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        self.bad_files = []
        total = 0
        ready: list[tuple[np.ndarray, int]] = []
        examples = self._draw(generator)
        with ThreadPoolExecutor(cpu_count(), "striate-decode") as pool:
            while waiting := list(islice(examples, self.batch_size)):
                total += len(waiting)
                with quiet_decoders():
                    ready += filter(None, pool.map(self._decode, waiting))
                if len(ready) >= self.batch_size:
                    yield _batch(ready[: self.batch_size])
                    del ready[: self.batch_size]
        if ready:
            yield _batch(ready)
        check_rejects(self.bad_files, total)

    def get_state(self) -> dict[str, Any]:
        """Say which pass comes next, so that a training that is cut off can go on."""
        return {"seed": self.seed, "epoch": self.epoch}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go back to the pass of which `get_state` told."""
        self.seed, self.epoch = int(state["seed"]), int(state["epoch"])

    def _draw(self, generator: np.random.Generator) -> Iterator[_Waiting]:
        """Give the examples, each drawn from among the buffer's."""
        buffer: list[_Waiting] = []
        for example in self._read(generator):
            if len(buffer) < self.shuffle_buffer:
                buffer.append(example)
                continue
            if buffer:
                place = int(generator.integers(len(buffer)))
                buffer[place], example = example, buffer[place]
            yield example
        generator.shuffle(buffer)
        yield from buffer

    def _read(self, generator: np.random.Generator) -> Iterator[_Waiting]:
        """Give the examples as they lie in the tars, these in another order each pass."""
        order = generator.permutation(len(self.shards)) if self.shuffle_buffer else range(len(self.shards))
        for number in order:
            members = stream_tar(self.shards[number], _is_wanted)
            # What belongs together lies together: that is WebDataset's one rule.
            for key, files in groupby(members, lambda member: key_of(member[0])[0]):
                by_ending = {key_of(name)[1]: (name, content) for name, content in files}
                image = next((item for item in by_ending.values() if is_image_name(item[0])), None)
                label = next((ending for ending in LABEL_ENDINGS if ending in by_ending), None)
                if image is not None:
                    if label is None:
                        raise LabelError(f"{image[0]} in {self.shards[number]} has no label ({key}.cls).")
                    yield _Waiting(*image, self._class(by_ending[label], label))

    def _class(self, member: tuple[str, bytes], ending: str) -> int:
        label, _ = parse_label(member[1], ending)
        if label.isdecimal() and self._class_names is None:
            # Numbers need no names, and no pass over all labels to find them.
            self._by_number = True
            return int(label)
        if self._class_names is None and self._by_number:
            raise LabelError(
                f"{member[0]} holds the label {label!r}, and those before it are whole numbers. Name all "
                "classes: class_names=[...]."
            )
        if label in self.class_names:
            return self.class_names.index(label)
        if label.isdecimal() and int(label) < len(self.class_names):
            return int(label)
        raise LabelError(
            f"{member[0]} holds the label {label!r}. Labels are {few(self.class_names)}, or their numbers."
        )

    def _decode(self, example: _Waiting) -> tuple[np.ndarray, int] | None:
        try:
            return decode_image(example.content, self.image_input, MOST_PIXELS), example.label
        except DataError as error:
            self.bad_files.append(BadFile(example.name, str(error)))
            return None


def _labels_in(shard: Path) -> set[str]:
    members = stream_tar(shard, lambda name: key_of(name)[1] in LABEL_ENDINGS)
    found: dict[str, tuple[int, str]] = {}
    for name, content in members:
        key, ending = key_of(name)
        rank = LABEL_ENDINGS.index(ending)
        # An example with several files of labels goes by the first kind of them.
        if key not in found or rank < found[key][0]:
            found[key] = rank, parse_label(content, ending)[0]
    return {label for _, label in found.values()}


def _is_wanted(name: str) -> bool:
    return is_image_name(name) or key_of(name)[1] in LABEL_ENDINGS


def _batch(examples: Sequence[tuple[np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([pixels for pixels, _ in examples]), np.array([label for _, label in examples], np.int64)
