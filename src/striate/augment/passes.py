"""What happens to values and colours, as steps that can be put together.

Linear steps in a row become one: `x' = gain x + offset + pull m`, where m is the channel's mean
over the image as the row of steps found it. Nothing is cut off or rounded between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Linear:
    """Each value becomes a weighted sum of the pixel's values, a constant, and the channels' means.

    Shape:
        gain and pull: (examples, channels), a factor a channel, or (examples, channels, channels).
        offset: (examples, channels).
    """

    gain: np.ndarray
    offset: np.ndarray
    pull: np.ndarray

    def part(self, start: int, stop: int) -> Linear:
        """The step for the examples from `start` up to `stop`."""
        return Linear(self.gain[start:stop], self.offset[start:stop], self.pull[start:stop])

    def then(self, later: Linear) -> Linear:
        """The one step that does what this and then `later` would do.

        The later step's mean is this one's result for the mean: gain m + offset + pull m.
        """
        return Linear(
            _product(later.gain, self.gain),
            _applied(later.gain, self.offset) + later.offset + _applied(later.pull, self.offset),
            _sum(_product(later.gain, self.pull), _product(later.pull, _sum(self.gain, self.pull))),
        )

    @property
    def needs_means(self) -> bool:
        """Whether the images' means matter."""
        return bool(np.any(self.pull))

    def settled(self, means: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Gain and offset for images with these means; None where they do not matter."""
        return self.gain, self.offset if means is None else self.offset + _applied(self.pull, means)


@dataclass(frozen=True)
class Table:
    """Each value, as one of 256 levels from the lowest to the highest, is looked up.

    Shape:
        levels: (examples, 256) uint8, the new level of each.
    """

    levels: np.ndarray

    def part(self, start: int, stop: int) -> Table:
        """The step for the examples from `start` up to `stop`."""
        return Table(self.levels[start:stop])


@dataclass(frozen=True)
class HueSaturation:
    """Hue is turned and saturation multiplied, in the cone of hue, saturation and value.

    Shape:
        turn: (examples,) in turns of the colour circle; gain: (examples,).
    """

    turn: np.ndarray
    gain: np.ndarray

    def part(self, start: int, stop: int) -> HueSaturation:
        """The step for the examples from `start` up to `stop`."""
        return HueSaturation(self.turn[start:stop], self.gain[start:stop])

    def then(self, later: HueSaturation) -> HueSaturation:
        """The one step that does what this and then `later` would do, but for saturations above 1."""
        return HueSaturation(self.turn + later.turn, self.gain * later.gain)


Step = Linear | Table | HueSaturation


def linear(
    examples: int,
    channels: int,
    gain: float | np.ndarray = 1.0,
    offset: float | np.ndarray = 0.0,
    pull: float | np.ndarray = 0.0,
) -> Linear:
    """Make a linear step that treats all channels alike, from one number an example."""

    def columns(value: float | np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, np.float64).reshape(-1, 1), (examples, channels))

    return Linear(columns(gain), columns(offset), columns(pull))


def put_together(steps: Sequence[Step]) -> list[Step]:
    """Multiply neighbouring linear steps into one; the order of the others stays."""
    result: list[Step] = []
    for step in steps:
        before = result[-1] if result else None
        if isinstance(step, Linear) and isinstance(before, Linear):
            result[-1] = before.then(step)
        else:
            result.append(step)
    return result


def full(matrix: np.ndarray) -> np.ndarray:
    """Write factors a channel as a matrix; a matrix stays one."""
    return matrix if matrix.ndim == 3 else matrix[:, :, None] * np.eye(matrix.shape[1])


def _sum(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first + second if first.ndim == second.ndim else full(first) + full(second)


def _product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    if first.ndim == second.ndim == 2:
        return first * second
    return np.einsum("nij,njk->nik", full(first), full(second))


def _applied(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    return matrix * values if matrix.ndim == 2 else np.einsum("nij,nj->ni", matrix, values)
