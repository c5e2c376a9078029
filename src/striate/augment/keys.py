"""Chance that can be replayed: every number is hashed from an example's key and a counter.

An example has one key an epoch. Whatever is drawn for it is a hash of that key and of where in the
list of changes the draw stands, so it depends on neither the batch, its order nor the number of
workers, and the same keys always give the same numbers.

The hash is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014): a Weyl sequence followed by Stafford's 13th mixer, here used as a function of the
counter instead of a state.
"""

from __future__ import annotations

import numpy as np

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
# Draws of one change; changes get counters this far apart, so that none ever shares a number.
_DRAWS_PER_STREAM = 1 << 40


def _mix(values: np.ndarray) -> np.ndarray:
    """Stafford's mixer: every bit of what goes in changes half of the bits that come out."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))


def hashed(keys: np.ndarray, counters: np.ndarray) -> np.ndarray:
    """Hash keys with counters, elementwise after broadcasting.

    Shape:
        keys and counters broadcast to the shape of what comes out; all uint64.
    """
    # NumPy wraps arrays around silently but warns of single numbers.
    steps = np.atleast_1d(np.asarray(counters, np.uint64)) + np.uint64(1)
    return _mix(_mix(np.atleast_1d(np.asarray(keys, np.uint64))) + steps * _GAMMA)


def example_keys(seed: int, epoch: int, indices: np.ndarray) -> np.ndarray:
    """Make one key for each example in an epoch, from the run's seed and the examples' numbers.

    Shape:
        in: indices (examples,), whole numbers, the place of each example in the data set.
        out: (examples,) uint64.

    >>> first = example_keys(7, 0, np.array([3, 4]))
    >>> bool(first[1] == example_keys(7, 0, np.array([4]))[0])
    True
    """
    start = hashed(np.array([seed % 2**64], np.uint64), np.array([epoch % 2**64], np.uint64))
    return hashed(start, np.atleast_1d(np.asarray(indices)).astype(np.uint64))


class Chance:
    """The random numbers of one change for a batch of examples, drawn from the examples' keys.

    Each call takes the next counters of the change's own stream: the first call gives the same
    numbers whatever is asked for later. `size` is the shape of what one example gets; the answer
    has the examples in front of it.
    """

    def __init__(self, keys: np.ndarray, stream: int):
        self.keys = np.atleast_1d(np.asarray(keys, np.uint64))
        self._next = stream * _DRAWS_PER_STREAM

    def __len__(self) -> int:
        return len(self.keys)

    def bits(self, size: tuple[int, ...] = ()) -> np.ndarray:
        """Draw 64 random bits each.

        Shape:
            out: (examples, *size) uint64.
        """
        count = int(np.prod(size, dtype=np.int64))
        counters = np.arange(self._next, self._next + count, dtype=np.uint64).reshape(size)
        self._next += count
        return hashed(self.keys.reshape(-1, *(1 for _ in size)), counters)

    def uniform(self, low: float = 0.0, high: float = 1.0, size: tuple[int, ...] = ()) -> np.ndarray:
        """Draw evenly from `low` (included) to `high`.

        Shape:
            out: (examples, *size) float64.
        """
        fractions = (self.bits(size) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return low + (high - low) * fractions

    def happens(self, probability: float | np.ndarray) -> np.ndarray:
        """Decide for each example whether something happens to it: never at 0, always at 1.

        Shape:
            out: (examples,) bool.
        """
        return self.uniform() < probability

    def whole(self, low: int, high: int, size: tuple[int, ...] = ()) -> np.ndarray:
        """Draw whole numbers from `low` up to `high`, both included.

        Shape:
            out: (examples, *size) int64.
        """
        return np.floor(self.uniform(low, high + 1, size)).astype(np.int64)

    def normal(self, mean: float = 0.0, stddev: float = 1.0, size: tuple[int, ...] = ()) -> np.ndarray:
        """Draw from a normal distribution (Box and Muller 1958).

        Shape:
            out: (examples, *size) float64.
        """
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(size=size)))
        return mean + stddev * radius * np.cos(2.0 * np.pi * self.uniform(size=size))

    def beta(self, shape: float | np.ndarray) -> np.ndarray:
        """Draw from the symmetric beta distribution with both parameters `shape`, above 0 and up to 1.

        Pairs of powers of even numbers are drawn until their sum is at most 1 (Jöhnk 1964); the
        powers are kept as logarithms, because small parameters make them vanish.

        Shape:
            out: (examples,) float64, 0 to 1.
        """
        result = np.full(len(self), np.nan)
        powers = np.broadcast_to(np.asarray(shape, np.float64), result.shape)
        while (open_ := np.isnan(result)).any():
            logs = np.log1p(-self.uniform(size=(2,))) / powers[:, None]
            total = np.logaddexp(logs[:, 0], logs[:, 1])
            taken = open_ & (total <= 0)
            result[taken] = np.exp(logs[taken, 0] - total[taken])
        return result
