"""Images from tars as a stream of batches, for sets that neither memory nor the cache should hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from typing import Any, NamedTuple, final

import numpy as np

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.runtime import cpu_count
from striate.datasets.decoding.decode import decode_image
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.images import MOST_PIXELS
from striate.datasets.decoding.quiet_decoders import quiet_decoders
from striate.datasets.folders.archives import stream_tar
from striate.datasets.folders.examples import few
from striate.datasets.folders.listing import is_image_name
from striate.datasets.folders.webdataset import LABEL_ENDINGS, expand_shards, key_of, parse_label
from striate.datasets.rejects import BadFile, check_rejects


class _Waiting(NamedTuple):
    """An image file as it lies in the tar, and its class."""

    name: str
    content: bytes
    label: int


@final
class ImageStream:
    """Batches of images and labels straight from WebDataset's tars, nothing kept beyond them.

    It can be passed over again and again, such as by `fit`: each pass takes the tars in another
    order, and draws each example from `shuffle_buffer` waiting ones, as they lie in the tar.
    With a buffer of 0 everything comes as it lies. `epoch` is the number of the next pass: a pass
    of the same seed and number gives the same batches. `bad_files` are those of the last pass.

    Labels are whole numbers from 0, or names that `class_names` lists.

    Shape:
        x: (examples, height, width, channels) uint8, 0 to 255
        y: (examples,) int64; the last batch may be smaller

    Raises:
        ArgumentError: a batch size or a buffer that cannot work.
        FileAccessError, FileFormatError: a tar is missing, or damaged.
        LabelError: a label that is no class.
        DataError: more than 5% of the images cannot be used.
    """

    def __init__(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        image_input: ImageInput,
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
        self.image_input = image_input
        self.batch_size = batch_size
        self.shuffle_buffer = shuffle_buffer
        self.seed = seed
        self.class_names = None if class_names is None else list(class_names)
        self.epoch = 0
        self.bad_files: list[BadFile] = []

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
        if self.class_names is not None and label in self.class_names:
            return self.class_names.index(label)
        if label.isdecimal() and (self.class_names is None or int(label) < len(self.class_names)):
            return int(label)
        known = "whole numbers from 0; name the classes: class_names=[...]"
        if self.class_names is not None:
            known = f"{few(self.class_names)}, or their numbers"
        raise LabelError(f"{member[0]} holds the label {label!r}. Labels are {known}.")

    def _decode(self, example: _Waiting) -> tuple[np.ndarray, int] | None:
        try:
            return decode_image(example.content, self.image_input, MOST_PIXELS), example.label
        except DataError as error:
            self.bad_files.append(BadFile(example.name, str(error)))
            return None


def _is_wanted(name: str) -> bool:
    return is_image_name(name) or key_of(name)[1] in LABEL_ENDINGS


def _batch(examples: Sequence[tuple[np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([pixels for pixels, _ in examples]), np.array([label for _, label in examples], np.int64)
