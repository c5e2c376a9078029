"""Training, for any torch module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from striate.callbacks import CallbackList, History, LazyLogs
from striate.core.console import say
from striate.core.errors import DataError
from striate.layers.base import mode_of
from striate.training.checks import check_whole
from striate.training.compiled import Compiled
from striate.training.evaluation import first, run_scores
from striate.training.feed import ArrayFeed, Batch, Feed
from striate.training.fit_data import Cut, FitData, prepare_fit
from striate.training.hooks import make_hooks
from striate.training.step import Stepper


@dataclass(frozen=True)
class Schedule:
    """How long to train: epochs, and steps in each where that is not the length of the data."""

    epochs: int
    initial_epoch: int
    steps: int | None

    def __post_init__(self) -> None:
        check_whole(self.epochs, "epochs", least=0)
        check_whole(self.initial_epoch, "initial_epoch", least=0)
        if self.steps is not None:
            check_whole(self.steps, "steps_per_epoch")


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
        if isinstance(self.frequency, (list, tuple, set)):
            return epoch + 1 in self.frequency
        return (epoch + 1) % check_whole(self.frequency, "validation_freq") == 0


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
    augment: Any = None,
) -> History:
    """Train a module: any `torch.nn.Module`, on arrays or on anything that yields batches.

    With `steps_per_epoch` and arrays and no `batch_size`, one epoch is the whole array cut
    into that many steps. `validation_split` takes the last examples, before shuffling.
    `augment` changes training examples at random, anew in each epoch: an `Augment`, or the name
    of a preset, 'light', 'standard' or 'strong'.
    Ctrl-C ends the training and keeps the module and the history so far.

    Shape:
        x (examples, ...), channels last; y (examples,), (examples, 1) or (examples, classes).

    Raises:
        DataError, LabelError: data or labels that cannot be used, in words.
        ArgumentError: arguments that contradict each other.
    """
    schedule = Schedule(epochs, initial_epoch, steps_per_epoch)
    stepper = Stepper(module, compiled)
    data = FitData(x, y, sample_weight, validation_data, class_weight, augment)
    cut = Cut(batch_size, steps_per_epoch, validation_split, validation_batch_size, shuffle)
    feeds = prepare_fit(data, cut, stepper.device)
    stepper.whole_targets = getattr(feeds.train, "y", None)
    hooks = make_hooks(module, callbacks, verbose, epochs, steps_per_epoch or feeds.train.steps)
    validation = Validation(feeds.validation, validation_steps, validation_freq)
    history = _train(stepper, feeds.train, schedule, hooks, validation)
    if isinstance(feeds.train, ArrayFeed):
        module.input_range = feeds.input_range  # type: ignore[assignment]
    return history


def _train(
    stepper: Stepper, feed: Feed, schedule: Schedule, hooks: CallbackList, validation: Validation
) -> History:
    history = hooks.history or History()
    stepper.module.history = history
    with mode_of(stepper.module, True):
        try:
            _run_epochs(stepper, feed, schedule, hooks, validation)
        except KeyboardInterrupt:
            history.interrupted = True
            say(f"\nstopped by Ctrl-C after {len(history.epoch)} whole epochs; weights and history are kept.")
        stepper.compiled.optimizer.finalize_variable_values()
        hooks.on_train_end({key: values[-1] for key, values in history.history.items()})
    return history


def _run_epochs(
    stepper: Stepper, feed: Feed, schedule: Schedule, hooks: CallbackList, validation: Validation
) -> None:
    module = stepper.module
    module.stop_training = False  # type: ignore[assignment]
    module.resumed_epoch = schedule.initial_epoch  # type: ignore[assignment]
    hooks.on_train_begin()
    batches = _endless(feed)
    # A callback that brings back an earlier training says how far that had come.
    for epoch in range(getattr(module, "resumed_epoch", 0), schedule.epochs):
        feed.epoch = epoch
        hooks.on_epoch_begin(epoch)
        taken = _run_steps(stepper, first(batches, schedule.steps) if schedule.steps else iter(feed), hooks)
        if not taken:
            _explain_end(epoch - schedule.initial_epoch, schedule)
            return
        logs = stepper.logs()
        if validation.is_due(epoch):
            logs |= {f"val_{key}": value for key, value in _score(stepper, validation, hooks).items()}
        hooks.on_epoch_end(epoch, logs)
        if module.stop_training:
            return


def _run_steps(stepper: Stepper, batches: Iterator[Batch], hooks: CallbackList) -> int:
    """Train on the batches of one epoch; returns how many there were."""
    if stepper.scores is not None:
        stepper.scores.reset()
    taken = 0
    for batch in batches:
        if not stepper.ready:
            stepper.prepare(batch)
        hooks.on_train_batch_begin(taken)
        stepper.guarded_train(batch)
        hooks.on_train_batch_end(taken, LazyLogs(stepper.logs))
        taken += 1
        if stepper.module.stop_training:
            break
    return taken


def _endless(feed: Feed) -> Iterator[Batch]:
    while True:
        empty = True
        for batch in feed:
            empty = False
            yield batch
        if empty:
            return


def _explain_end(whole_epochs: int, schedule: Schedule) -> None:
    if not whole_epochs:
        raise DataError("there is nothing to train on: the data gave no batch. Is the generator used up?")
    wanted = schedule.epochs - schedule.initial_epoch
    say(
        f"the data ended after {whole_epochs} of {wanted} epochs: a generator can be read only once. "
        "Let it go on for ever and give steps_per_epoch, or give something with a length."
    )


def _score(stepper: Stepper, validation: Validation, hooks: CallbackList) -> dict[str, float]:
    if validation.feed is None:
        return {}
    with mode_of(stepper.module, False):
        hooks.on_test_begin()
        logs = run_scores(stepper, validation.feed, validation.steps, hooks)
        hooks.on_test_end(logs)
    return logs
