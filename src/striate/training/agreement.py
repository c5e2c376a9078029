"""What processes that train together settle between two steps, so that all do the same at the same one."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np

from striate.callbacks import CallbackList, LazyLogs, ProgbarLogger
from striate.callbacks.base import listens
from striate.core.errors import DataError
from striate.core.tree import leaves
from striate.training.batch import Batch
from striate.training.distributed import Processes
from striate.training.feed import ArrayFeed, Feed
from striate.training.step import Stepper
from striate.training.stopping import StopRequest

# How often the first process looks at loss and metrics within an epoch, as often as it draws a progress bar.
_SECONDS_BETWEEN_LOOKS = 0.1


@final
class Agreement:
    """Settles after each step whether training ends, a checkpoint is due, or somebody looks at the values.

    One small exchange answers all three. Values within an epoch are added up over the processes at every
    step where a callback looks at each, else as often as a progress bar is drawn; at the end of an epoch
    always.
    """

    def __init__(self, group: Processes, hooks: CallbackList, clock: Callable[[], float] = time.monotonic):
        self.group = group
        self.due = False
        self._always = looked_at(group, hooks, "on_train_batch_end")
        self._look = True
        self._latest: dict[str, float] = {}
        self._clock, self._looked_at = clock, clock()

    def batch_logs(self, stepper: Stepper) -> LazyLogs:
        """Loss and metrics for the end of a batch: those of all processes, as last added up."""
        if self._always or self._look:
            self._latest = stepper.logs()
        values = self._latest
        return LazyLogs(lambda: values)

    def settle(self, module: Any, stop: StopRequest, due: bool) -> None:
        """Tell the others of a signal, of `stop_training` and of a due checkpoint, and take theirs."""
        now = self._clock()
        look = self.group.is_first and now - self._looked_at >= _SECONDS_BETWEEN_LOOKS
        own = [stop.number or 0, int(bool(module.stop_training)), int(due and self.group.is_first), int(look)]
        number, ending, due_now, looking = self.group.largest(own)
        if number and stop.number is None:
            stop.number = number
        module.stop_training = bool(ending)
        self.due, self._look = bool(due_now), bool(looking)
        if looking:
            self._looked_at = now


def looked_at(group: Processes, hooks: CallbackList, hook: str) -> bool:
    """Whether in any of the processes a callback gets to see every batch, beside the progress line."""
    reading = [
        callback
        for callback in hooks.callbacks
        # ModelCheckpoint that saves after epochs does nothing after a batch.
        if listens(callback, hook)
        and not isinstance(callback, ProgbarLogger)
        and getattr(callback, "save_freq", None) != "epoch"
    ]
    return bool(group.largest([int(bool(reading))])[0])


def in_step(feed: Feed, group: Processes | None) -> Iterator[Batch]:
    """Go through a feed; where it is a stream, with a look at each batch whether all got one alike.

    Raises:
        DataError: the processes were given different streams.
    """
    if group is None or isinstance(feed, ArrayFeed):
        yield from feed
        return
    batches = iter(feed)
    while True:
        batch = next(batches, None)
        size = 0 if batch is None else (batch.whole or batch.size)
        largest, smallest = group.largest([size, -size])
        if largest != -smallest:
            raise DataError(
                f"the processes of this training see different data: one has a batch of {largest} examples "
                f"where another has {-smallest or 'none'}. Each must read the same batches in the same "
                "order, of which it takes its own part."
            )
        if batch is None:
            return
        yield batch


def check_same_data(feed: Feed, group: Processes) -> None:
    """Compare what the processes were given, by its length and the first batch.

    Raises:
        DataError: these differ.
    """
    if not isinstance(feed, ArrayFeed):
        return
    batch = feed.peek()
    sums = [zlib.crc32(np.ascontiguousarray(leaf.cpu().numpy()).tobytes()) for leaf in _tensors(batch)]
    own = [feed.examples, feed.batch_size, *sums]
    found = group.largest([*own, *(-number for number in own)])
    if found[: len(own)] != [-number for number in found[len(own) :]]:
        raise DataError(
            f"the processes of this training were given different data: this one has {feed.examples} "
            f"examples in batches of {feed.batch_size}. Give the same whole data to each process, which "
            "takes its own part of every batch."
        )


def _tensors(batch: Batch) -> Iterator[Any]:
    for structure in (batch.inputs, batch.targets, batch.weights):
        yield from (leaf for leaf in leaves(structure) if leaf is not None)
