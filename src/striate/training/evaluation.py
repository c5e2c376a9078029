"""Scoring and predicting, and single steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from striate.callbacks import CallbackList, History, LazyLogs, ProgbarLogger
from striate.core.arrays import plain
from striate.core.errors import DataError
from striate.core.tree import leaves, map_leaves
from striate.layers.base import mode_of
from striate.training.agreement import check_same_data, in_step, looked_at
from striate.training.chance import share_chance
from striate.training.checks import check_finite, check_range
from striate.training.compiled import Compiled
from striate.training.direct import whole_row_of
from striate.training.distributed import join, said_when_one_is_gone
from striate.training.feed import ArrayFeed, Batch, Feed, as_arrays, check_batch_size, holds_arrays
from striate.training.fit_data import make_feed
from striate.training.hooks import make_hooks
from striate.training.memory import guarded
from striate.training.step import Stepper, threads_for


def first(batches: Iterator[Batch], count: int | None) -> Iterator[Batch]:
    """Go through so many batches and leave the rest where it is."""
    if count is None:
        yield from batches
        return
    for _ in range(count):
        batch = next(batches, None)
        if batch is None:
            return
        yield batch


def run_scores(stepper: Stepper, feed: Feed, steps: int | None, hooks: CallbackList) -> dict[str, float]:
    """Score batches with the callbacks told; returns loss and metrics over all of them.

    Raises:
        DataError: there was no batch.
    """
    if stepper.scores is not None:
        stepper.scores.reset()
    group = None if stepper.together is None else stepper.together.group
    # Else a progress line shows this process's own: adding up takes all of them.
    exact = group is not None and looked_at(group, hooks, "on_test_batch_end")
    scored = 0
    for batch in first(in_step(feed, group), steps):
        hooks.on_test_batch_begin(scored)
        with guarded(stepper, batch):
            stepper.score(batch)
        seen = LazyLogs(stepper.logs if exact else stepper.own_logs)
        if exact:
            seen.copy()
        hooks.on_test_batch_end(scored, seen)
        scored += 1
    if not scored:
        raise DataError("there is nothing to score: the data gave no batch. Is the generator used up?")
    return stepper.logs()


def evaluate(
    module: nn.Module,
    compiled: Compiled,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
) -> Any:
    """Compute loss and metrics over data, in inference mode.

    Returns the loss, or a list of the loss and the metrics, or a dict with `return_dict`. Where torchrun
    has started several processes, all must call it, with the same data; each scores its part of every
    batch, and all get the scores of the whole.

    Raises:
        DataError, LabelError: data or labels that cannot be used.
    """
    group = join()
    stepper = Stepper(module, compiled, group)
    feed = make_feed(x, y, sample_weight, check_batch_size(batch_size), stepper.device)
    if group is not None:
        check_same_data(feed, group)
        feed.share = group.rank, group.size
    if isinstance(feed, ArrayFeed):
        check_finite(feed.x)
        check_range(getattr(module, "input_range", None), feed.x)
    hooks = make_hooks(module, callbacks, verbose, 1, steps or feed.steps)
    with threads_for(stepper), mode_of(module, False):
        hooks.on_test_begin()
        with said_when_one_is_gone(group):
            logs = run_scores(stepper, feed, steps, hooks)
        hooks.on_test_end(logs)
    return _as_asked(stepper, return_dict)


def predict(
    module: nn.Module,
    compiled: Compiled | None,
    x: Any,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """Compute the outputs as NumPy arrays, in inference mode, batch by batch.

    Where several processes train together, each that calls this predicts all of its data by itself.

    Raises:
        DataError: data that cannot be used.
    """
    stepper = Stepper(module, compiled or Compiled(precision="float32"))
    if holds_arrays(x):
        x = as_arrays(x)
        check_range(getattr(module, "input_range", None), x)
    feed = make_feed(x, None, None, check_batch_size(batch_size), stepper.device)
    hooks = make_hooks(module, callbacks, verbose, 1, steps or feed.steps)
    with threads_for(stepper), mode_of(module, False), torch.no_grad():
        straight = _plan_straight(stepper, feed, steps, hooks)
        done = 0 if straight is None else straight.batches
        if isinstance(feed, ArrayFeed):
            check_finite(feed.x, begin=done * feed.batch_size)
            feed.set_state({**feed.get_state(), "taken": done})
        hooks.on_predict_begin()
        collected: list[Any] = [] if straight is None else [_run_straight(straight, x, hooks)]
        for step, batch in enumerate(first(iter(feed), None if steps is None else steps - done), done):
            hooks.on_predict_batch_begin(step)
            with guarded(stepper, batch):
                collected.append(plain(stepper.forward(batch.inputs)))
            hooks.on_predict_batch_end(step)
        hooks.on_predict_end()
    if not collected:
        raise DataError("there is nothing to predict: the data gave no batch. Is the generator used up?")
    return _joined(collected)


def _plan_straight(stepper: Stepper, feed: Feed, steps: int | None, hooks: CallbackList) -> Any:
    """Plan to run all whole batches with nothing in between; None where a batch is to be handled by itself.

    A person's callback may change anything between two batches.
    """
    row = whole_row_of(stepper.module) if stepper.device.type == "cpu" else None
    ours = all(type(callback) in (History, ProgbarLogger) for callback in hooks.callbacks)
    if row is None or not ours or not isinstance(feed, ArrayFeed):
        return None
    inputs = feed.whole_tensor()
    batches = feed.examples // feed.batch_size
    batches = batches if steps is None else min(batches, steps)
    if inputs is None or not batches:
        return None
    with guarded(stepper, feed.peek()), stepper.runner.arithmetic():
        return row.straight(inputs, feed.batch_size, batches)


def _run_straight(straight: Any, x: Any, hooks: CallbackList) -> torch.Tensor:
    """Run all batches of the plan and hand over their answers.

    Raises:
        DataError: NaN or infinite values, which the kernels look for on the way.
    """
    with straight.turn():
        for step in range(straight.batches):
            hooks.on_predict_batch_begin(step)
            if not straight.run(step):
                check_finite(x)
            hooks.on_predict_batch_end(step)
    answers: torch.Tensor = straight.answers()
    return answers


def _joined(parts: list[Any]) -> Any:
    """Put the outputs of all batches together, each output by itself, as NumPy arrays."""
    columns = [[leaf.numpy() for leaf in column] for column in zip(*map(leaves, parts), strict=True)]
    whole = iter([np.concatenate(column) for column in columns])
    return map_leaves(lambda _: next(whole), parts[0])


def train_on_batch(
    module: nn.Module,
    compiled: Compiled,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    return_dict: bool = False,
) -> Any:
    """Take one step of training on one batch; returns loss and metrics as `evaluate` does.

    Raises:
        DataError, LabelError: data or labels that cannot be used.
    """
    group = join()
    stepper = Stepper(module, compiled, group)
    feed = ArrayFeed(x, y, sample_weight, batch_length(x), stepper.device)
    if group is not None:
        share_chance(group, stepper.device)
        feed.share = group.rank, group.size
    batch = next(iter(feed))
    with threads_for(stepper, training=True), mode_of(module, True):
        stepper.prepare(batch)
        stepper.guarded_train(batch)
    return _as_asked(stepper, return_dict)


def batch_length(x: Any) -> int:
    """Count the examples of arrays; 1 of none, so that whoever gets them says what is wrong."""
    return max(len(next(leaves(as_arrays(x)))), 1)


def _as_asked(stepper: Stepper, return_dict: bool) -> Any:
    """Keras's answer: the loss, or a list of loss and metrics in compile's order, or the dict."""
    logs = stepper.logs()
    if return_dict:
        return logs
    values = [logs[key] for key in stepper.scores.ordered_keys()] if stepper.scores else []
    return values if len(values) != 1 else values[0]
