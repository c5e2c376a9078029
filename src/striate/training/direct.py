"""A step of a network that is one native program: forward, loss and back without autograd between.

On a small network autograd's bookkeeping and a dozen small operations for loss and metrics take longer
than the kernels. Here the program is run forward, one call gives the usual losses with their gradient and
the number of right answers, and the program is run back into gradients that stay where they are. Any
other loss is computed by autograd from the scores on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import torch

from striate import activations
from striate.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from striate.losses.reduction import MEANS
from striate.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from striate.metrics.base import FunctionMetric
from striate.ops.native.answers import CLASSES, UNITS, Measure, Measured, measure_answers
from striate.ops.native.library import native_library
from striate.ops.native.mode import fusing
from striate.training.batch import Batch
from striate.training.scores import Scores


@dataclass(frozen=True)
class Form:
    """A loss that one call can measure: how, behind which tail, and the accuracy of the same labels."""

    kind: int
    columns: bool
    tail: Callable[..., torch.Tensor]
    accuracy: type[FunctionMetric]


_FORMS: dict[type, Form] = {
    BinaryCrossentropy: Form(UNITS, False, activations.sigmoid, BinaryAccuracy),
    CategoricalCrossentropy: Form(CLASSES, True, activations.softmax, CategoricalAccuracy),
    SparseCategoricalCrossentropy: Form(CLASSES, False, activations.softmax, SparseCategoricalAccuracy),
}


@dataclass(frozen=True)
class Counting:
    """How one call measures the answers, and the metrics that its number of right ones is for."""

    measure: Measure
    metrics: tuple[Any, ...]


def whole_row_of(module: torch.nn.Module) -> Any:
    """The module as one native program, where by its own word it is one; else None."""
    whole = getattr(module, "whole_row", None)
    return None if whole is None else whole()


@final
class DirectStep:
    """Takes the part of a step up to the gradients, where the whole module is one program."""

    def __init__(self) -> None:
        self._row: Any = None
        # For which scores, set how, they are counted in which way.
        self._counted: tuple[Scores | None, Any, Counting | None] = None, None, None

    def settle(self, module: torch.nn.Module) -> None:
        """Find out, once the weights are there, whether the module is one program."""
        self._row = whole_row_of(module)

    def learn(self, stepper: Any, part: Batch) -> torch.Tensor | float | None:
        """Give the weights their gradients and count the part into the scores.

        Returns the loss, or None, with nothing done, where the step is to be taken in the usual way.
        """
        if self._row is None or stepper.rules.are_in_loss:
            return None
        with self._row.turn():
            return self._learn(stepper, part)

    def _learn(self, stepper: Any, part: Batch) -> torch.Tensor | float | None:
        with fusing(stepper.precision == "bfloat16"):
            scores = self._row.forward(part.inputs)
        if scores is None:
            return None
        if stepper.scores is None or not stepper.checked:
            stepper.scores_for(self._answers(scores), part)
        table: Scores = stepper.scores
        measured = self._measure(table, scores, part)
        if measured is None:
            return self._learn_by_autograd(table, scores, part)
        self._row.backward(measured.gradient)
        self._count(table, measured, part)
        return measured.loss

    def _answers(self, scores: torch.Tensor) -> torch.Tensor:
        tail = self._row.tail
        answers: torch.Tensor = scores if tail is None else tail(scores)
        return answers

    def _measure(self, table: Scores, scores: torch.Tensor, part: Batch) -> Measured | None:
        settings = _settings(table)
        if self._counted[0] is not table or self._counted[1] != settings:
            self._counted = table, settings, _counting(table, self._row.tail)
        counting, library = self._counted[2], native_library()
        plain = part.weights is None and isinstance(part.targets, torch.Tensor)
        if counting is None or library is None or not plain:
            return None
        return measure_answers(library.functions, counting.measure, scores, part.targets)

    def _learn_by_autograd(self, table: Scores, scores: torch.Tensor, part: Batch) -> torch.Tensor:
        scores.requires_grad_()
        # A person's loss may write into what it gets.
        answers = self._answers(scores) if self._row.tail else scores.clone()
        loss, parts = table.loss(answers, part.targets, part.weights)
        table.update(answers, part.targets, part.weights, loss, parts, part.size)
        loss.backward()
        if scores.grad is not None:
            self._row.backward(scores.grad.contiguous())
        return loss.detach()

    def _count(self, table: Scores, measured: Measured, part: Batch) -> None:
        counted = self._counted[2].metrics if self._counted[2] else ()
        table.count({"loss": measured.loss * part.size}, part.size)
        for _, _, metric in (*table.metrics, *table.weighted_metrics):
            if metric in counted:
                metric.add_counts(measured.right, part.size)
            else:
                metric.update_state(part.targets, measured.answers)


def _settings(table: Scores) -> tuple[Any, ...]:
    """What callbacks may set otherwise in the middle of a training, and the way of counting depends on."""
    scores = (*table.metrics, *table.weighted_metrics)
    loss = next(iter(table.losses.values()))
    smoothing, logits = getattr(loss, "label_smoothing", None), getattr(loss, "from_logits", None)
    return smoothing, logits, loss.reduction, *(getattr(metric, "threshold", None) for _, _, metric in scores)


def _counting(table: Scores, tail: Any) -> Counting | None:
    """Say how one call measures what these losses do; None where it cannot."""
    (name, *others) = table.losses
    loss = table.losses[name]
    form = _FORMS.get(type(loss))
    if others or form is None or loss.reduction not in MEANS or loss.dtype is not None or loss.axis != -1:
        return None
    if table.loss_weights[name] != 1.0 or getattr(loss, "ignore_class", None) is not None:
        return None
    if tail is not (None if loss.from_logits else form.tail):
        return None
    metrics = [metric for _, _, metric in (*table.metrics, *table.weighted_metrics)]
    found = [metric for metric in metrics if type(metric) is form.accuracy]
    thresholds = [getattr(metric, "threshold", 0.5) for metric in found]
    threshold = thresholds[0] if found else 0.5
    counted = tuple(metric for metric, own in zip(found, thresholds, strict=True) if own == threshold)
    smoothing = getattr(loss, "label_smoothing", 0.0)
    measure = Measure(form.kind, tail is not None, form.columns, smoothing, threshold)
    return Counting(measure, counted)
