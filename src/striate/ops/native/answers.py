"""Loss, gradient and right answers of a step in one call, as `source/striate_answers.h` has it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import torch
from torch import Tensor

CLASSES, UNITS = range(2)
# The labels that the kernels read as they are; others are not theirs.
LABEL_TYPES = {torch.int64: 0, torch.int32: 1, torch.uint8: 2, torch.float32: 3}


class Answers(ctypes.Structure):
    """The scores of a batch with their labels, and what is found of them."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("kind", "tail", "columns", "label_type", "batch", "units")),
        *((name, ctypes.c_float) for name in ("smoothing", "threshold")),
        *((name, ctypes.c_void_p) for name in ("scores", "labels", "answers", "gradient")),
        ("loss", ctypes.c_double),
        ("right", ctypes.c_int64),
    ]


@dataclass(frozen=True)
class Measure:
    """Which cross-entropy: over `CLASSES` or over `UNITS`, of answers (`tail`) or of scores.

    `columns` says that labels have a column a class. `threshold` parts right from wrong for `UNITS`.
    """

    kind: int
    tail: bool
    columns: bool = False
    smoothing: float = 0.0
    threshold: float = 0.5


@dataclass(frozen=True)
class Measured:
    """What a batch's scores are worth: answers behind the tail, the loss's gradient, loss, right answers.

    `right` adds up over the samples: of each 0 or 1 for `CLASSES`, the share of its values for `UNITS`.
    """

    answers: Tensor
    gradient: Tensor
    loss: float
    right: float


def measure_answers(
    functions: ctypes.CDLL, measure: Measure, scores: Tensor, labels: Tensor
) -> Measured | None:
    """Measure a batch; None where the labels are not of the kernels' kind, or name no class.

    Shape:
        scores (batch, units) in fp32, contiguous; labels (batch,) or (batch, 1), with columns (batch, units).
    """
    batch, units = scores.shape
    by_value = measure.kind == UNITS or measure.columns
    values = batch * units if by_value else batch
    fits = labels.dtype in LABEL_TYPES and labels.numel() == values and labels.shape[0] == batch
    whole = by_value or labels.dtype != torch.float32
    if not (fits and whole and labels.is_contiguous() and labels.is_cpu):
        return None
    gradient = torch.empty_like(scores)
    answers = torch.empty_like(scores) if measure.tail else scores
    asked = Answers(
        measure.kind,
        measure.tail,
        measure.columns,
        LABEL_TYPES[labels.dtype],
        batch,
        units,
        measure.smoothing,
        measure.threshold,
        scores.data_ptr(),
        labels.data_ptr(),
        answers.data_ptr() if measure.tail else None,
        gradient.data_ptr(),
    )
    if functions.striate_answer(ctypes.byref(asked)):
        return None
    each = units if measure.kind == UNITS else 1
    return Measured(answers, gradient, asked.loss, asked.right / each)
