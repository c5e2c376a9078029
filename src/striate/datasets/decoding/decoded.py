"""All images of a source as one array of bytes: decoded once, on all cores, and kept for the next time."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from striate.core.cache import cache_folder
from striate.core.errors import DataError, FileAccessError, FileFormatError
from striate.core.runtime import available_memory, cpu_count
from striate.core.shapes import format_bytes
from striate.datasets.counting import counted
from striate.datasets.decoding.decode import DECODER_VERSION, decode_image
from striate.datasets.decoding.decoded_cache import (
    About,
    PixelWriter,
    good_rows,
    open_pixels,
    read_about,
)
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.quiet_decoders import quiet_decoders
from striate.datasets.folders.places import Place, shown_name
from striate.datasets.options import Progress, SourceOptions, no_progress
from striate.datasets.rejects import BadFile

_WHAT = "decoding images"
_TASKS_AHEAD = 8
_BYTES_AHEAD = 256 * 2**20
# Progress is said this often, in images.
_SAID_EVERY = 50
# What stays free on the disk.
_MARGIN = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Decoded:
    """Decoded images, which of the places they are, and the files that could not be used.

    `content` is a SHA-256 of all their pixels. `note` is a sentence for people where something
    is not as it should be, such as no room on the disk.

    Shape:
        x: (good images, height, width, channels) uint8, mapped from the disk where there is a cache
        good: (good images,) their places in the list that was given, rising
    """

    x: np.ndarray
    good: np.ndarray
    bad: list[BadFile]
    content: str
    note: str = ""


def decode_all(
    places: Sequence[Place],
    image_input: ImageInput,
    options: SourceOptions | None = None,
    progress: Progress = no_progress,
) -> Decoded:
    """Decode every image as `image_input` says, or take them from the cache where they lie already.

    The cache is keyed by the stamps of all places, in their order, and by all settings that change
    a pixel. Bad files are noted with their reasons and left out; refusing them is the caller's work.

    Raises:
        FileAccessError: room for the decoded images neither on the disk nor in memory.
    """
    chosen = options or SourceOptions()
    folder: Path | None = None
    if chosen.cache:
        folder = cache_folder("decoded", _key(places, image_input, chosen.most_pixels))
        found = _from_cache(folder, places, settled=True)
        if found is not None:
            return found
    work = _Work(places, image_input, chosen.most_pixels, progress)
    return _onto_disk(work, folder) if folder is not None else _for_this_process(work)


def _key(places: Sequence[Place], image_input: ImageInput, most_pixels: int) -> str:
    settings = {"decoder": DECODER_VERSION, "input": image_input.as_table(), "most_pixels": most_pixels}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for place in places:
        try:
            stamp = place.stamp()
        except (FileAccessError, FileFormatError) as error:
            stamp = f"unreadable: {error}"
        digest.update(b"\0" + stamp.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def _from_cache(folder: Path, places: Sequence[Place], settled: bool = False) -> Decoded | None:
    about = read_about(folder)
    if about is None or about.shape[0] + len(about.bad) != len(places) or (settled and not about.settled):
        return None
    pixels = open_pixels(folder, about)
    return None if pixels is None else _result(pixels, places, about)


def _result(pixels: np.ndarray, places: Sequence[Place], about: About, note: str = "") -> Decoded:
    bad = [BadFile(places[row].name, reason, places[row].path) for row, reason in about.bad]
    return Decoded(pixels, good_rows(len(places), about.bad), bad, about.content, note)


@dataclass
class _Work:
    """Images to be decoded, and what has become known of them so far."""

    places: Sequence[Place]
    image_input: ImageInput
    most_pixels: int
    progress: Progress
    bad: list[tuple[int, str]] = field(default_factory=list)
    digests: dict[int, bytes] = field(default_factory=dict)
    settled: bool = True

    def afresh(self) -> _Work:
        """Give the same work, with nothing of it done."""
        return replace(self, bad=[], digests={}, settled=True)

    @property
    def size(self) -> int:
        """How many bytes all of them take once decoded."""
        return len(self.places) * int(np.prod(self.image_input.shape))

    def decode(self) -> Generator[tuple[int, np.ndarray], None, None]:
        """Give each good image with its place in the list, in the order in which they are best read.

        Threads do it: the decoders let go of Python's lock, and there is no process to lose.
        """
        count = len(self.places)
        order = iter(sorted(range(count), key=lambda row: self.places[row].order))
        workers = max(1, min(cpu_count(), count))
        ahead = max(workers, min(workers * _TASKS_AHEAD, _BYTES_AHEAD * count // max(self.size, 1)))
        pool = ThreadPoolExecutor(workers, "striate-decode")
        waiting: deque[tuple[int, Future[tuple[np.ndarray, bytes] | str]]] = deque()
        done = 0
        try:
            with quiet_decoders():
                self.progress(_WHAT, 0, count)
                while True:
                    while len(waiting) < ahead and (row := next(order, None)) is not None:
                        waiting.append((row, pool.submit(self._decode_one, row)))
                    if not waiting:
                        return
                    row, future = waiting.popleft()
                    outcome = future.result()
                    done += 1
                    if done % _SAID_EVERY == 0 or done == count:
                        self.progress(_WHAT, done, count)
                    if isinstance(outcome, str):
                        self.bad.append((row, outcome))
                    else:
                        self.digests[row] = outcome[1]
                        yield row, outcome[0]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _decode_one(self, row: int) -> tuple[np.ndarray, bytes] | str:
        try:
            pixels = decode_image(self.places[row].read(), self.image_input, self.most_pixels)
        except (DataError, FileAccessError, FileFormatError) as error:
            if isinstance(error, FileAccessError) or isinstance(error.__cause__, MemoryError):
                self.settled = False
            return str(error)
        return pixels, hashlib.sha256(pixels.data).digest()

    def about(self) -> About:
        """Say what has come out, once all are decoded."""
        total = hashlib.sha256(json.dumps(self.image_input.shape).encode())
        for row in sorted(self.digests):
            total.update(self.digests[row])
        shape = (len(self.digests), *self.image_input.shape)
        number = counted(shape[0], "image")
        title = f"{_data_name(self.places)}: {number} of {' x '.join(map(str, shape[1:]))}"
        title = title.encode("utf-8", "replace").decode("utf-8")
        return About(title, shape, tuple(sorted(self.bad)), total.hexdigest(), self.settled)


def _data_name(places: Sequence[Place]) -> str:
    """The name of the folder or file that a person named: what the images' names are seen from."""
    if not places:
        return "nothing"
    path, name = places[0].path, places[0].name
    if path is None:
        return shown_name(Path(places[0].order[0]).name)
    whole = path.absolute()
    depth = name.count("/") if shown_name(whole.as_posix()).endswith(f"/{name}") else 0
    return shown_name(whole.parents[depth].name)


def _onto_disk(work: _Work, folder: Path) -> Decoded:
    """Decode into the cache; where the disk does not take it, into memory, and say so."""
    failure = _lack_of_room(folder, work.size)
    if failure is None:
        failure = _write(work, folder)
        found = _from_cache(folder, work.places) if failure is None else None
        if found is not None:
            return found
    what = (
        f"Decoded images are not kept for the next time: {failure or 'they were removed at once'} ({folder})."
    )
    return _for_this_process(work.afresh(), what)


def _lack_of_room(folder: Path, size: int) -> str | None:
    there = next((parent for parent in (folder, *folder.parents) if parent.is_dir()), None)
    free = shutil.disk_usage(there).free if there is not None else 0
    if size + _MARGIN <= free:
        return None
    return f"they take {format_bytes(size)}, and {format_bytes(free)} are free"


def _write(work: _Work, folder: Path) -> str | None:
    """Decode everything into the folder; the reason where it cannot be written."""
    images = work.decode()
    try:
        with PixelWriter(folder, work.image_input.shape) as writer:
            # A hand-made loop: what `decode` itself raises is no failure to write.
            while (image := next(images, None)) is not None:
                writer.put(*image)
            about = work.about()
            writer.finish(good_rows(len(work.places), about.bad), about)
    except FileAccessError as failure:
        return str(failure)
    finally:
        images.close()
    return None


def _for_this_process(work: _Work, note: str = "") -> Decoded:
    """Decode into memory, or, where it takes more than half of what is free, into a temporary file."""
    free = available_memory(torch.device("cpu"))
    if free is None or work.size <= free / 2:
        return _in_memory(work, note)
    with tempfile.TemporaryDirectory(prefix="striate-", ignore_cleanup_errors=True) as name:
        failure = _lack_of_room(Path(name), work.size) or _write(work, Path(name))
        found = _from_cache(Path(name), work.places) if failure is None else None
        if found is None:
            raise FileAccessError(
                f"there is no room for {len(work.places)} decoded images: {failure} in {name}, and "
                f"{format_bytes(free)} of memory are free. Make room, choose a smaller size, or set "
                "STRIATE_CACHE to a folder on a larger disk."
            )
        # The name goes, the pixels stay as long as they are mapped.
        return replace(found, note=note)


def _in_memory(work: _Work, note: str) -> Decoded:
    pixels = np.empty((len(work.places), *work.image_input.shape), np.uint8)
    for row, image in work.decode():
        pixels[row] = image
    about = work.about()
    for place, row in enumerate(good_rows(len(work.places), about.bad)):
        if place != row:
            pixels[place] = pixels[row]
    return _result(pixels[: about.shape[0]], work.places, about, note)
