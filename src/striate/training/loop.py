"""Training, for any torch module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from striate.callbacks import CallbackList, History, LazyLogs
from striate.core.console import say
from striate.layers.base import mode_of
from striate.training.compiled import Compiled
from striate.training.evaluation import first, run_scores
from striate.training.feed import ArrayFeed, Batch, Feed
from striate.training.fit_data import FitData, prepare_fit
from striate.training.hooks import make_hooks
from striate.training.step import Stepper


@dataclass(frozen=True)
class Schedule:
    """How long to train: epochs, and steps in each where that is not the length of the data."""

    epochs: int
    initial_epoch: int
    steps: int | None


def fit(
    module: nn.Module,
    compiled: Compiled,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: str | int = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | list[int] = 1,
) -> History:
    """Train a module: any `torch.nn.Module`, on arrays or on anything that yields batches.

    With `steps_per_epoch` and arrays and no `batch_size`, one epoch is the whole array cut
    into that many steps. `validation_split` takes the last examples, before shuffling.
    Ctrl-C ends the training and keeps the module and the history so far.

    Shape:
        x (examples, ...), channels last; y (examples,), (examples, 1) or (examples, classes).

    Raises:
        DataError, LabelError: data or labels that cannot be used, in words.
        ArgumentError: arguments that contradict each other.
    """
    stepper = Stepper(module, compiled)
    data = prepare_fit(
        FitData(x, y, sample_weight, validation_data, class_weight),
        stepper.device,
        batch_size,
        steps_per_epoch,
        validation_split,
        validation_batch_size,
        shuffle,
    )
    stepper.whole_targets = getattr(data.train, "y", None)
    steps = steps_per_epoch or data.train.steps
    hooks = make_hooks(module, callbacks, verbose, epochs, steps)
    schedule = Schedule(epochs, initial_epoch, steps_per_epoch)
    validation = Validation(data.validation, validation_steps, validation_freq)
    history = hooks.history or History()
    with mode_of(module, True):
        try:
            _run_epochs(stepper, data.train, schedule, hooks, validation)
        except KeyboardInterrupt:
            history.interrupted = True
            say(f"\nstopped by Ctrl-C after {len(history.epoch)} whole epochs; weights and history are kept.")
        hooks.on_train_end({key: values[-1] for key, values in history.history.items()})
    if isinstance(data.train, ArrayFeed):
        module.input_range = data.input_range  # type: ignore[assignment]
    module.history = history
    return history


@dataclass(frozen=True)
class Validation:
    """What is scored after an epoch, and after which epochs."""

    feed: Feed | None
    steps: int | None
    frequency: int | list[int]

    def is_due(self, epoch: int) -> bool:
        """Whether to score after this epoch, counted from 0."""
        if self.feed is None:
            return False
        if isinstance(self.frequency, int):
            return (epoch + 1) % self.frequency == 0
        return epoch + 1 in self.frequency


def _run_epochs(
    stepper: Stepper, feed: Feed, schedule: Schedule, hooks: CallbackList, validation: Validation
) -> None:
    module = stepper.module
    module.stop_training = False  # type: ignore[assignment]
    hooks.on_train_begin()
    batches: Iterator[Batch] | None = None
    for epoch in range(schedule.initial_epoch, schedule.epochs):
        hooks.on_epoch_begin(epoch)
        if stepper.scores is not None:
            stepper.scores.reset()
        if schedule.steps is None or batches is None:
            batches = _endless(feed) if schedule.steps else iter(feed)
        for step, batch in enumerate(first(batches, schedule.steps)):
            if step == 0 and epoch == schedule.initial_epoch:
                stepper.prepare(batch)
            hooks.on_train_batch_begin(step)
            stepper.guarded_train(batch)
            hooks.on_train_batch_end(step, LazyLogs(stepper.logs))
            if module.stop_training:
                break
        logs = stepper.logs()
        if validation.is_due(epoch):
            logs |= {f"val_{key}": value for key, value in _score(stepper, validation, hooks).items()}
        hooks.on_epoch_end(epoch, logs)
        if module.stop_training:
            break


def _endless(feed: Feed) -> Iterator[Batch]:
    while True:
        empty = True
        for batch in feed:
            empty = False
            yield batch
        if empty:
            return


def _score(stepper: Stepper, validation: Validation, hooks: CallbackList) -> dict[str, float]:
    if validation.feed is None:
        return {}
    with mode_of(stepper.module, False):
        hooks.on_test_begin()
        logs = run_scores(stepper, validation.feed, validation.steps, hooks)
        hooks.on_test_end(logs)
    return logs
