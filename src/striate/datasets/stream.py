"""Images from tars as a stream of batches, for sets that neither memory nor the cache should hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched_or_none
from pathlib import Path
from typing import final

import numpy as np

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.runtime import cpu_count
from striate.datasets.archives import stream_tar
from striate.datasets.decoding import decode_image
from striate.datasets.examples import few
from striate.datasets.image_input import ImageInput
from striate.datasets.images import MOST_PIXELS
from striate.datasets.listing import is_image_name
from striate.datasets.rejects import BadFile, check_rejects
from striate.datasets.webdataset import LABEL_ENDINGS, expand_shards, key_of, parse_label


@final
class ImageStream:
    """Batches of images and labels straight from WebDataset's tars, nothing kept beyond them.

    It can be passed over again and again, such as by `fit`: each pass takes the tars in another
    order, and draws each example from `shuffle_buffer` waiting ones, as they lie in the tar.
    With a buffer of 0 everything comes as it lies. `epoch` is the number of the next pass: a pass of the
    same seed and number gives the same batches. `bad_files` are those of the last pass.

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
                f"batch_size is at least 1 and shuffle_buffer at least 0; got {batch_size} and {shuffle_buffer}."
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
        with ThreadPoolExecutor(cpu_count(), "striate-decode") as pool:
            for waiting in _in_batches(self._draw(generator), self.batch_size):
                total += len(waiting)
                decoded = list(pool.map(self._decode, waiting))
                good = [(pixels, one.label) for pixels, one in zip(decoded, waiting, strict=True) if pixels is not None]
                if good:
                    yield np.stack([pixels for pixels, _ in good]), np.array([y for _, y in good], np.int64)
        check_rejects(self.bad_files, total)
