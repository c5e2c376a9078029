"""Training, for any torch module."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from torch import nn

from striate.callbacks import History, TerminateOnNaN
from striate.core.console import say
from striate.core.errors import DataError, NumbersError
from striate.core.processes import is_first
from striate.layers.base import mode_of
from striate.training.agreement import Agreement, check_same_data, in_step
from striate.training.chance import share_chance
from striate.training.checks import check_whole
from striate.training.compiled import Compiled
from striate.training.distributed import join, said_when_one_is_gone
from striate.training.evaluation import first, run_scores
from striate.training.feed import ArrayFeed, Batch, Feed
from striate.training.fit_data import Cut, FitData, prepare_fit
from striate.training.hooks import make_hooks
from striate.training.state import Course
from striate.training.step import Stepper, threads_for
from striate.training.stopping import SharedStop, Stopped, StopRequest
from striate.training.tracing import bad_after, tell_where


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
    A loss that is NaN or infinite ends it before the weights are moved by it; with `TerminateOnNaN`
    among the callbacks quietly. Ctrl-C ends the training and keeps the module and the history so far.
    With `BackupAndRestore` among the callbacks a training that was cut off goes on where it stood.

    Where torchrun has started several processes, they train together as one would. Each calls this with
    the same data, arrays or a stream, and takes its part of every batch: `batch_size` counts the
    examples of all of them. Files and lines come from the first process.

    Shape:
        x (examples, ...), channels last; y (examples,), (examples, 1) or (examples, classes).

    Raises:
        DataError, LabelError: data or labels that cannot be used, in words.
        ArgumentError: arguments that contradict each other.
        NumbersError: the loss is no finite number any more, with the step, the layer and the examples.
        OutOfMemoryError: a batch does not fit, with the size that does.
    """
    schedule = Schedule(epochs, initial_epoch, steps_per_epoch)
    group = join()
    stepper = Stepper(module, compiled, group)
    share_chance(group, stepper.device)
    data = FitData(x, y, sample_weight, validation_data, class_weight, augment)
    cut = Cut(batch_size, steps_per_epoch, validation_split, validation_batch_size, shuffle)
    feeds = prepare_fit(data, cut, stepper.device)
    stepper.whole_targets = getattr(feeds.train, "y", None)
    hooks = make_hooks(module, callbacks, verbose, epochs, steps_per_epoch or feeds.train.steps)
    validation = Validation(feeds.validation, validation_steps, validation_freq)
    course = Course(stepper, feeds.train, feeds.validation, hooks, schedule.initial_epoch)
    with said_when_one_is_gone(group):
        _take_parts(course)
        history = _train(course, schedule, validation)
    if isinstance(feeds.train, ArrayFeed):
        module.input_range = feeds.input_range  # type: ignore[assignment]
    return history


def _take_parts(course: Course) -> None:
    """Where several processes train: let each take its part of every batch, and settle what all do alike."""
    if course.stepper.together is None:
        return
    group = course.stepper.together.group
    check_same_data(course.feed, group)
    for feed in (course.feed, course.validation):
        if feed is not None:
            feed.share = group.rank, group.size
    course.agreement = Agreement(group, course.hooks)


def _train(course: Course, schedule: Schedule, validation: Validation) -> History:
    hooks, stepper = course.hooks, course.stepper
    history = hooks.history or History()
    stepper.module.history = history
    stop = StopRequest() if course.group is None else SharedStop()
    watched = stop if course.backups or course.group else nullcontext()
    with threads_for(stepper, training=True), mode_of(stepper.module, True), watched:
        try:
            _run_epochs(course, schedule, validation, stop)
        except KeyboardInterrupt:
            history.interrupted = True
            _say_stopped(course, stop)
        stepper.compiled.optimizer.finalize_variable_values()
        hooks.on_train_end({key: values[-1] for key, values in history.history.items()})
    # One that came after the last step found nothing to interrupt.
    history.interrupted = history.interrupted or stop.seen()
    stop.hand_on()
    return history


def _say_stopped(course: Course, stop: StopRequest) -> None:
    cause = "SIGTERM" if stop.number == signal.SIGTERM else "Ctrl-C"
    epochs = len(getattr(course.stepper.module.history, "epoch", ()))
    say(f"\nstopped by {cause} after {epochs} whole epochs; weights and history are kept.")
    if course.backups:
        say(f"where it stopped is kept in {course.backups[0].backup_dir}.")


def _run_epochs(course: Course, schedule: Schedule, validation: Validation, stop: StopRequest) -> None:
    module, hooks = course.stepper.module, course.hooks
    module.stop_training = False  # type: ignore[assignment]
    course.stepper.numbers.tolerant = any(isinstance(one, TerminateOnNaN) for one in hooks.callbacks)
    hooks.on_train_begin()
    _go_on(course)
    begun, batches = course.epoch, _endless(course, resumed=course.steps > 0)
    while course.epoch < schedule.epochs and not (module.stop_training and not course.taken):
        epoch = course.epoch
        course.feed.epoch = epoch
        share_chance(course.group, course.stepper.device)
        if not course.taken:
            hooks.on_epoch_begin(epoch)
        left = None if schedule.steps is None else schedule.steps - course.taken
        whole = in_step(course.feed, course.group)
        _run_steps(course, whole if left is None else first(batches, left), stop)
        if not course.taken:
            _explain_end(epoch - begun, schedule)
            return
        _check_weights(course)
        logs = course.stepper.logs()
        if validation.is_due(epoch):
            logs |= {f"val_{key}": value for key, value in _score(course, validation).items()}
        hooks.on_epoch_end(epoch, logs)
        course.epoch, course.taken, course.logs = epoch + 1, 0, logs
        course.settle(stop)
        _write_down(course, stop)


def _go_on(course: Course) -> None:
    """Bring back an earlier training that was cut off, where there is one."""
    for backup in course.backups:
        state = backup.read() if is_first() else None
        if course.group is not None:
            state = course.group.from_first(state)
        if state is not None:
            course.set_state(state)
            return


def _write_down(course: Course, stop: StopRequest) -> None:
    """Write a checkpoint where one is due, and end where that was asked for.

    Raises:
        Stopped: a signal asked for the end.
    """
    wanted = stop.seen()
    for backup in course.backups:
        if wanted:
            backup.save(course)
        elif course.taken:
            if course.is_due(backup):
                backup.save(course)
        else:
            backup.after_epoch(course, course.logs)
    if wanted and stop.number is not None:
        raise Stopped(stop.number)


def _run_steps(course: Course, batches: Iterator[Batch], stop: StopRequest) -> None:
    """Train on the batches of one epoch, or on those that are left of it."""
    stepper, hooks = course.stepper, course.hooks
    course.logs = {}
    if stepper.scores is not None and not course.taken:
        stepper.scores.reset()
    for batch in batches:
        if not stepper.ready:
            stepper.prepare(batch)
        hooks.on_train_batch_begin(course.taken)
        try:
            stepper.guarded_train(batch)
        except NumbersError as error:
            tell_where(error, course.epoch + 1, course.taken + 1, course.feed.last_examples())
            raise
        hooks.on_train_batch_end(course.taken, course.batch_logs())
        course.taken, course.steps = course.taken + 1, course.steps + 1
        course.settle(stop)
        if stepper.module.stop_training:
            break
        if course.backups or course.group:
            _write_down(course, stop)


def _check_weights(course: Course) -> None:
    """Refuse weights that the epoch's last update has spoilt: nothing would notice before they are written.

    Raises:
        NumbersError: with the weight's name.
    """
    error = None if course.stepper.numbers.tolerant else bad_after(course.stepper)
    if error is not None:
        tell_where(error, course.epoch + 1, course.taken, None)
        raise error


def _endless(course: Course, resumed: bool) -> Iterator[Batch]:
    while True:
        # An earlier training may have taken all batches of the pass.
        empty, resumed = not resumed, False
        for batch in in_step(course.feed, course.group):
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


def _score(course: Course, validation: Validation) -> dict[str, float]:
    if course.validation is None:
        return {}
    stepper, hooks = course.stepper, course.hooks
    with mode_of(stepper.module, False):
        hooks.on_test_begin()
        logs = run_scores(stepper, course.validation, validation.steps, hooks)
        hooks.on_test_end(logs)
    return logs
