"""Copies among the examples: found by an index, confirmed pixel by pixel, put into groups."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# Below this many pixels a side, different images look alike to any hash: only exact copies count.
LEAST_SIDE = 64
# Grey values of two images that show the same agree at least so well once they lie on each other.
LEAST_CORRELATION = 0.99
# How far two copies may be shifted against each other, as a share of a side.
LARGEST_SHIFT = 0.125
# Bits by which the hashes of two copies may differ; the index finds all pairs that differ in up to 7.
_LARGEST_DISTANCE = 10
_BANDS = 8
_SIDE, _KEPT = 32, 8
# Larger buckets of the index hold images without much in them; in those only near neighbours are compared.
_LARGEST_BUCKET = 256
# So many of the images that are nearest to each are compared with it.
_NEAREST = 4
_CHUNK = 512


@dataclass(frozen=True, eq=False)
class Copies:
    """Which examples show the same: `group` is the place of the first that does, for each example.

    Shape:
        group: (examples,); an example without copies has its own place
        exact: (examples,) whether the example has the very values of the first of its group
    """

    group: np.ndarray
    exact: np.ndarray

    def groups(self) -> list[np.ndarray]:
        """The places of the examples of every group with more than one."""
        order = np.argsort(self.group, kind="stable")
        bounds = np.flatnonzero(np.diff(self.group[order])) + 1
        return [places for places in np.split(order, bounds) if len(places) > 1]


class _Joined:
    """Arrays read as one, without copying them."""

    def __init__(self, parts: Sequence[np.ndarray]):
        self.parts = parts
        self.starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __iter__(self) -> Iterator[np.ndarray]:
        for part in self.parts:
            yield from part

    def __getitem__(self, place: int) -> np.ndarray:
        number = int(np.searchsorted(self.starts, place, side="right")) - 1
        return self.parts[number][place - self.starts[number]]


def find_copies(parts: Sequence[np.ndarray], kind: str = "image") -> Copies:
    """Find examples that are copies of each other, exact ones and, among images, near ones.

    Near copies are images that were scaled, compressed, brightened, mirrored or shifted a little.
    A perceptual hash nominates pairs, by an index and not all against all; a pair counts only if
    the grey values correlate by 0.99 once the images lie on each other. Of images with a side
    below 64 pixels, and of signals, only exact copies count.

    Shape:
        parts: each (examples, height, width, channels), or (examples, steps, channels); places in
            what comes out count through all parts
    """
    x = _Joined(parts)
    first = _exact_firsts(x)
    parents = first.copy()
    if kind == "image" and min(parts[0].shape[1:3]) >= LEAST_SIDE:
        _join_near_copies(x, np.flatnonzero(first == np.arange(len(x))), parents)
    group = np.array([root_of(parents, place) for place in range(len(x))], dtype=np.int64)
    return Copies(group, first == group)


def _exact_firsts(x: _Joined) -> np.ndarray:
    """For each example the place of the first with the very same values."""
    seen: dict[bytes, int] = {}
    return np.array(
        [
            seen.setdefault(
                hashlib.blake2b(np.ascontiguousarray(example).data, digest_size=16).digest(), place
            )
            for place, example in enumerate(x)
        ],
        dtype=np.int64,
    )


def root_of(parents: np.ndarray, place: int) -> int:
    """Follow the parents up to the place that stands for a whole group, and shorten the way."""
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = int(parents[place])
    return place


def join(parents: np.ndarray, one: int, two: int) -> None:
    """Make one group of those of two places; the first place of all stands for it."""
    first, second = sorted((root_of(parents, one), root_of(parents, two)))
    parents[second] = first


def _join_near_copies(x: _Joined, places: np.ndarray, parents: np.ndarray) -> None:
    small, mirrored = _hashes(x, places)
    # A mirrored copy has the hash that the other has when it is mirrored.
    hashes = np.concatenate([small, mirrored])
    count = len(places)
    for one, two in _nominated(hashes).tolist():
        if one >= count:
            continue
        first, second = int(places[one]), int(places[two % count])
        apart = root_of(parents, first) != root_of(parents, second)
        if apart and _show_the_same(x[first], x[second], mirrored=two >= count):
            join(parents, first, second)


def _grey(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32).mean(axis=-1)


def _hashes(x: _Joined, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """64 bits an image, and the same of its mirror image: signs of the lowest frequencies.

    (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2.1;
    here each frequency is compared with the median of all.)
    """
    waves = _cosines()
    found: list[list[np.ndarray]] = [[], []]
    for start in range(0, len(places), _CHUNK):
        grey = _shrink(
            _grey(np.stack([x[int(place)] for place in places[start : start + _CHUNK]])), (_SIDE, _SIDE)
        )
        for bits, images in zip(found, (grey, grey[:, :, ::-1]), strict=True):
            low = (waves @ images @ waves.T).reshape(len(images), -1)
            low[:, 0] = 0
            bits.append(np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1))
    width = _KEPT * _KEPT // 8
    plain, mirrored = (np.concatenate(bits) if bits else np.zeros((0, width), np.uint8) for bits in found)
    return plain, mirrored


def _cosines() -> np.ndarray:
    """The lowest waves of the discrete cosine transform (type II), a row each."""
    steps = np.arange(_SIDE) + 0.5
    return np.cos(np.pi / _SIDE * np.arange(_KEPT)[:, None] * steps).astype(np.float32)


def _shrink(grey: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bring images down to a height and width by the means of areas."""
    for axis, side in enumerate(size, start=1):
        edges = np.linspace(0, grey.shape[axis], side + 1).round().astype(int)
        sums = np.add.reduceat(grey, edges[:-1], axis=axis)
        widths = np.diff(edges).astype(np.float32)
        grey = sums / (widths[:, None] if axis == 1 else widths)
    return grey


def _nominated(hashes: np.ndarray) -> np.ndarray:
    """Pairs whose hashes differ in few bits, the nearest of each image.

    Hashes so near agree in some byte, so bytes are the index; not all pairs are looked at.

    Shape:
        out: (pairs, 2) places, the smaller first
    """
    found = [np.zeros((0, 3), dtype=np.int64)]
    for band in range(_BANDS):
        order = np.lexsort((*(hashes[:, other] for other in range(_BANDS)), hashes[:, band]))
        bounds = np.flatnonzero(np.diff(hashes[order, band])) + 1
        found += [_near_in(bucket, hashes) for bucket in np.split(order, bounds) if len(bucket) > 1]
    pairs = np.unique(np.concatenate(found), axis=0)
    # Pictures that are all alike, such as slices of scans, would nominate each other without end.
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 2], pairs[:, 0]))]
    starts = np.searchsorted(pairs[:, 0], pairs[:, 0], side="left")
    return pairs[np.arange(len(pairs)) - starts < _NEAREST, :2]


def _near_in(bucket: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Near pairs of one bucket with their distances; of a large one only those that lie close in order."""
    found = []
    for start in range(0, len(bucket), _LARGEST_BUCKET):
        part = bucket[start : start + 2 * _LARGEST_BUCKET]
        bits = np.unpackbits(hashes[part], axis=1).astype(np.float32)
        distances = bits @ (1 - bits).T
        distances += distances.T
        one, two = np.nonzero(np.triu(distances <= _LARGEST_DISTANCE, k=1))
        places = np.sort(np.stack([part[one], part[two]], axis=1), axis=1)
        found.append(np.column_stack([places, distances[one, two].astype(np.int64)]))
    return np.concatenate(found)


def _show_the_same(one: np.ndarray, two: np.ndarray, mirrored: bool) -> bool:
    """Whether two images correlate by 0.99 where they overlap, laid on each other by the best shift.

    At their own size for copies that were shifted, and at half of it, where scaling and compressing
    have left little trace.
    """
    first, second = _grey(one[None]), _grey(two[None])
    second = second[:, :, ::-1] if mirrored else second
    half = (first.shape[1] // 2, first.shape[2] // 2)
    small = (_shrink(first, half)[0], _shrink(second, half)[0])
    return any(_best_overlap(*pair) >= LEAST_CORRELATION for pair in (small, (first[0], second[0])))


def _best_overlap(one: np.ndarray, two: np.ndarray) -> float:
    """The correlation where two images overlap once they lie on each other; 0 if that is far off."""
    down, right = _shift_between(one, two)
    height, width = one.shape
    if max(abs(down) / height, abs(right) / width) > LARGEST_SHIFT:
        return 0.0
    top, left = max(down, 0), max(right, 0)
    rows, columns = height - abs(down), width - abs(right)
    a = one[top : top + rows, left : left + columns]
    b = two[top - down : top - down + rows, left - right : left - right + columns]
    return _correlation(a, b)


def _shift_between(one: np.ndarray, two: np.ndarray) -> tuple[int, int]:
    """How far down and right `two` must be moved to lie on `one`: the peak of their cross-correlation."""
    spectrum = np.fft.rfft2(one - one.mean()) * np.conj(np.fft.rfft2(two - two.mean()))
    surface = np.fft.irfft2(spectrum, s=one.shape)
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    height, width = one.shape
    return (
        int(down) - height if down > height // 2 else int(down),
        int(right) - width if right > width // 2 else int(right),
    )


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    a, b = one - one.mean(), two - two.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    # Without any contrast there is nothing to compare; exact copies were found before.
    return float((a * b).sum()) / scale if scale > 0 else 0.0
