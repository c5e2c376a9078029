"""The course of a training in arrays: losses and accuracies by epoch, smoothed, and how noisy they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from striate.core.errors import DataError

_PREFIX = "val_"
# Fewer epochs than the first are not smoothed; from the second on the window is wider.
_SMOOTHED_FROM, _WIDER_FROM = 6, 20


@final
@dataclass(frozen=True, eq=False)
class Course:
    """What was measured: losses, and accuracies where there are any; validation perhaps not every epoch.

    Shape:
        epochs, loss, accuracy: (epochs,); scored, val_loss, val_accuracy: (validations,)
        scored holds the epochs after which validation was scored, all counted from 1
    """

    epochs: np.ndarray
    loss: np.ndarray
    scored: np.ndarray
    val_loss: np.ndarray | None
    accuracy: np.ndarray | None
    val_accuracy: np.ndarray | None
    validation_examples: int | None = None

    def chance_of_loss(self, loss: float) -> float:
        """How far the mean loss of so few examples differs by chance; 0 where their number is not known."""
        return 0.0 if self.validation_examples is None else abs(loss) / math.sqrt(self.validation_examples)

    def chance_of_accuracy(self) -> float:
        """The same of the validation accuracy at the end: the square root of p (1 - p) / n."""
        if self.validation_examples is None or self.val_accuracy is None:
            return 0.0
        # One right and one wrong answer are added, so that 100% on three examples is not certain.
        share = (float(smoothed(self.val_accuracy)[-1]) * self.validation_examples + 1) / (
            self.validation_examples + 2
        )
        return math.sqrt(max(share * (1 - share), 0.0) / self.validation_examples)

    def loss_when_scored(self) -> np.ndarray:
        """The training loss of the epochs after which validation was scored."""
        found: np.ndarray = self.loss[np.searchsorted(self.epochs, self.scored)]
        return found


def read_course(
    history: Any, validation_epochs: Sequence[int] | None, validation_examples: int | None = None
) -> Course:
    """Take from a history what the verdict is made of.

    Raises:
        DataError: a number of examples below 1, no losses, something that is no number, or lists of
            lengths that do not fit.
    """
    values = getattr(history, "history", history)
    if validation_examples is not None and validation_examples < 1:
        raise DataError(
            f"validation_examples is how many examples validation was scored on; got {validation_examples!r}."
        )
    if not isinstance(values, Mapping) or "loss" not in values or not len(values["loss"]):
        raise DataError(
            "curves are read from what fit returned, or from a dict of lists such as {'loss': [0.9, 0.5], "
            f"'val_loss': [0.8, 0.6]}}; got {type(history).__name__} without a list called 'loss'."
        )
    loss = _numbers(values, "loss")
    done = list(getattr(history, "epoch", range(len(loss))))
    # After a second call of fit the lists go on while the epochs begin anew.
    if len(done) != len(loss):
        done = list(range(len(loss)))
    epochs = np.array(done) + 1
    scored = epochs if validation_epochs is None else np.array(list(validation_epochs))
    name = _accuracy_name(values)
    found = {
        key: None if not key or key not in values else _numbers(values, key)
        for key in ("val_loss", name, _PREFIX + name if name else "")
    }
    for key, numbers in found.items():
        wanted = len(scored) if key.startswith(_PREFIX) else len(epochs)
        if numbers is not None and len(numbers) != wanted:
            raise DataError(
                f"{key!r} holds {plural(len(numbers), 'value')} for {plural(wanted, 'epoch')}. Where "
                "validation was not scored after each, say after which: validation_epochs=[2, 4, 6]."
            )
    if not np.isin(scored, epochs).all():
        raise DataError(f"validation_epochs lie between 1 and {epochs[-1]}; got {scored.tolist()}.")
    accuracies = found.get(name), found.get(_PREFIX + name)
    return Course(epochs, loss, scored, found["val_loss"], *accuracies, validation_examples)


def _numbers(values: Mapping[str, Any], name: str) -> np.ndarray:
    try:
        return np.asarray(values[name], dtype=np.float64).reshape(len(values[name]))
    except (TypeError, ValueError) as error:
        raise DataError(f"{name!r} must be a list with one number an epoch; got {values[name]!r}.") from error


def _accuracy_name(values: Mapping[str, Any]) -> str:
    names = [str(name) for name in values if not str(name).startswith(_PREFIX)]
    return next((name for name in names if name == "acc" or name.endswith("accuracy")), "")


def smoothed(values: np.ndarray) -> np.ndarray:
    """Take the median over a few epochs around each: a single outlier leaves no trace.

    Shape:
        in and out (epochs,)

    >>> smoothed(np.array([5.0, 4.0, 9.0, 3.0, 2.0, 1.0]))
    array([4.5, 5. , 4. , 3. , 2. , 1.5])
    """
    count = len(values)
    if count < _SMOOTHED_FROM:
        return values
    half = 1 if count < _WIDER_FROM else 2 + count // 50
    # Beyond the ends there is nothing: the windows there are shorter.
    padded = np.pad(values, half, constant_values=np.nan)
    found: np.ndarray = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
    return found


def plural(count: int, noun: str) -> str:
    """Count something in words.

    >>> plural(1, "epoch"), plural(2, "epoch")
    ('1 epoch', '2 epochs')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def noise_of(values: np.ndarray) -> float:
    """Estimate the standard deviation of what jumps from epoch to epoch; 0 for under five epochs.

    From second differences, which a smooth course has hardly any of: of independent noise they
    have the sixfold variance.

    >>> noise_of(np.arange(10.0))
    0.0
    """
    if len(values) < 5:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(values, 2))) / np.sqrt(6))
