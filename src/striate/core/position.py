"""Where a step of training stands: which step, which examples of the batch, in how many processes.

A batch may be worked on in parts: by several processes, or one part after the other where it does not
fit into memory. What is drawn at random for an example must not depend on that. So before each part
the training says where it stands, and whatever draws looks here::

    with at(Position(step=7, batch=32, first=16, rows=8)):
        outputs = network(inputs)             # the rows 16 to 23 of 32

    spot = here()                             # inside: that Position; outside of a training step: None

`step` counts the steps of the optimiser, so it goes on where a training is taken up again. What draws by
a generator draws for `batch` rows and takes its own (`own_rows`); what hashes (seed, layer, step,
example, element) takes `spot.step` and `spot.first + row` as step and example. A tensor whose first axis
is a multiple of `rows` holds several entries an example, those of one example side by side.

A process without an example of its own in a batch goes through the motions with the batch's first
one, so that it takes part in what all do together: then `counts` is False, and that row must not enter
any statistics.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Position:
    """The part of a batch that is computed now.

    `batch` is the number of examples that all parts and processes work on in this step, `first` the
    number of this part's first row among them, from 0, `rows` how many it has. `processes` work on
    the batch at the same time; with `synchronize` each BatchNormalization joins their statistics.
    """

    step: int
    batch: int
    first: int
    rows: int
    processes: int = 1
    synchronize: bool = False
    counts: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether this part is the whole batch."""
        return self.rows == self.batch


_here: ContextVar[Position | None] = ContextVar("position", default=None)


def here() -> Position | None:
    """The part that is computed now; None where no step of training is under way.

    None as well to `torch.compile`, which cannot read it and only ever translates for whole batches.
    """
    return None if torch.compiler.is_compiling() else _here.get()


class at:  # noqa: N801 - a context manager, used as a verb
    """Say for a while which part is computed; None stands for none."""

    __slots__ = ("_before", "_position")

    def __init__(self, position: Position | None):
        self._position = position

    def __enter__(self) -> None:
        self._before: Token[Position | None] = _here.set(self._position)

    def __exit__(self, *error: object) -> None:
        _here.reset(self._before)


def own_rows(length: int, draw: Callable[[int], torch.Tensor]) -> torch.Tensor:
    """Draw for the whole batch and hand back the rows of the part that is computed now.

    `length` is the first axis that is wanted; `draw` makes random numbers for a first axis of any length.
    Outside of a training step, or where the part is the whole batch, that is `draw(length)`.

    >>> with at(Position(step=0, batch=6, first=2, rows=3)):
    ...     own_rows(3, torch.arange).tolist()
    [2, 3, 4]
    """
    spot = here()
    if spot is None or spot.is_whole or length % spot.rows:
        return draw(length)
    entries = length // spot.rows
    return draw(spot.batch * entries)[spot.first * entries : spot.first * entries + length]
