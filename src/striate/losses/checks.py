"""Mistakes between labels, answers and loss, found once before training and said in words.

The checks look at the smallest and the largest value of whole arrays; nothing of this runs
for each batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, LabelError
from striate.core.shapes import format_shape
from striate.ops.scores import labels_out_of_range

OutputShape = Sequence[int | None]


def check_targets(loss: Any, y_true: Any, output_shape: OutputShape) -> None:
    """Look at all labels of a data set and refuse those that the loss cannot mean.

    A plain function says nothing about its labels, so nothing is checked for one. Of a loss
    that takes any values only NaN and infinite ones are refused.

    Shape:
        y_true (samples, ...); output_shape as the network says it, (None, ..., units).

    Raises:
        LabelError: labels that do not fit, with what to do.
    """
    if not hasattr(loss, "targets"):
        return
    labels = y_true if isinstance(y_true, torch.Tensor) else as_tensor(y_true)
    if not labels.numel():
        return
    low, high = _extent(labels)
    if loss.targets == "index":
        _check_class_numbers(loss, labels, low, high, output_shape)
    elif loss.targets == "one_hot":
        _check_columns(loss, labels, low, high, output_shape)
    elif loss.targets == "binary":
        _check_binary(loss, labels, low, high, output_shape)


def _extent(labels: torch.Tensor) -> tuple[float, float]:
    if labels.dtype == torch.bool:
        return 0, 1
    low, high = (edge.item() for edge in labels.detach().aminmax())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~labels.isfinite()).sum())
        raise LabelError(
            f"{bad} of {labels.numel()} labels are NaN or infinite, and so would the loss be. "
            "Remove those samples, or fill in their labels."
        )
    return low, high


def _check_class_numbers(
    loss: Any, labels: torch.Tensor, low: float, high: float, output_shape: OutputShape
) -> None:
    axis = getattr(loss, "axis", -1)
    classes = output_shape[axis]
    if classes is None:
        return
    if labels.ndim == len(output_shape) and labels.shape[axis] > 1:
        raise LabelError(
            f"{loss.name} takes one class number a sample, but y_true has shape "
            f"{format_shape(labels.shape)}: {labels.shape[axis]} columns, as one-hot labels have. Use "
            "loss='categorical_crossentropy', or turn them into numbers with y_true.argmax(axis=-1)."
        )
    if labels.is_floating_point() and not bool((labels == labels.round()).all()):
        raise LabelError(
            f"{loss.name} takes whole class numbers, but y_true holds fractions between {low:g} and {high:g}."
        )
    ignored = getattr(loss, "ignore_class", None)
    if ignored is not None:
        kept = labels[labels != ignored]
        if not kept.numel():
            return
        low, high = _extent(kept)
    if low < 0 or high >= classes:
        raise labels_out_of_range(int(low), int(high), classes)


def _check_columns(
    loss: Any, labels: torch.Tensor, low: float, high: float, output_shape: OutputShape
) -> None:
    axis = getattr(loss, "axis", -1)
    classes = output_shape[axis]
    shape = format_shape(labels.shape)
    if labels.ndim < len(output_shape) or (labels.shape[axis] == 1 and classes != 1):
        raise LabelError(
            f"{loss.name} takes a column for each class, but y_true has shape {shape}: class numbers. "
            "Use loss='sparse_categorical_crossentropy', or make columns with "
            "striate.utils.to_categorical(y_true)."
        )
    if classes is not None and labels.shape[axis] != classes:
        raise LabelError(
            f"y_true has {labels.shape[axis]} columns but the network answers {classes} classes. Give the "
            f"last layer {labels.shape[axis]} units, or make labels by to_categorical(y_true, {classes})."
        )
    if low < 0 or high > 1:
        raise LabelError(
            f"{loss.name} takes shares from 0 to 1 in the columns of y_true; "
            f"they run from {low:g} to {high:g}."
        )


def _check_binary(
    loss: Any, labels: torch.Tensor, low: float, high: float, output_shape: OutputShape
) -> None:
    units = output_shape[-1]
    columns = labels.shape[-1] if labels.ndim == len(output_shape) else 1
    if units == 1 and columns == 2:
        raise LabelError(
            f"y_true has two columns, {format_shape(labels.shape)}, but the network answers with one unit. "
            "Take y_true[:, 1:], or give the last layer 2 units with softmax and "
            "loss='categorical_crossentropy'."
        )
    if units is not None and columns != units:
        raise LabelError(
            f"y_true has {columns} column{'s' if columns > 1 else ''} but the network answers with {units} "
            f"unit{'s' if units > 1 else ''}; {loss.name} compares one by one. "
            + _columns_advice(columns, units)
        )
    if low >= 0 and high <= 1:
        return
    raise LabelError(
        f"{loss.name} takes labels from 0 to 1, but y_true runs from {low:g} to {high:g}"
        + _range_advice(low, high)
    )


def _columns_advice(columns: int, units: int) -> str:
    if columns == 1:
        return "For one class out of several use loss='sparse_categorical_crossentropy'."
    return f"Give the last layer {columns} units."


def _range_advice(low: float, high: float) -> str:
    if (low, high) == (1, 2):
        return ": subtract 1."
    if (low, high) == (-1, 1):
        return ": use (y_true + 1) / 2, or loss='hinge'."
    if low == 0 and high == int(high) and high < 255:
        return (
            f". For {int(high) + 1} classes give the last layer {int(high) + 1} units with softmax, and use "
            "loss='sparse_categorical_crossentropy'."
        )
    return ": divide by 255." if (low, high) == (0, 255) else "."


def check_probabilities(loss: Any, y_pred: Any) -> None:
    """Look at a batch of answers and refuse logits where the loss takes probabilities.

    Values may lie 0.001 outside 0 to 1, and rows of class probabilities sum to 1 within 0.01.

    Raises:
        ArgumentError: answers that are no probabilities, with the two ways out.
    """
    kind = getattr(loss, "targets", None)
    if kind is None or getattr(loss, "from_logits", False):
        return
    answers = as_tensor(y_pred).detach()
    if not answers.numel():
        return
    low, high = (edge.item() for edge in answers.float().aminmax())
    layer = "sigmoid" if kind == "binary" else "softmax"
    way_out = (
        f"If the last layer has no {layer}, use from_logits=True in the loss, "
        f"or add activation={layer!r} to the layer."
    )
    if low < -1e-3 or high > 1 + 1e-3:
        raise ArgumentError(
            f"{loss.name} takes probabilities from 0 to 1, but the network answers from {low:.4g} to "
            f"{high:.4g}: these look like logits. {way_out}"
        )
    if kind == "binary":
        return
    sums = answers.float().sum(getattr(loss, "axis", -1))
    furthest = sums.flatten()[(sums - 1).abs().argmax()].item()
    if abs(furthest - 1) > 1e-2:
        raise ArgumentError(
            f"{loss.name} takes probabilities that sum to 1 over the classes, but a row sums to "
            f"{furthest:.4g}. {way_out}"
        )
