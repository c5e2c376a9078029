"""How loss and metrics went, training against validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from striate.core.errors import DataError
from striate.visualize.base import Curves, Line, Panel

PREFIX = "val_"


def compare_training(
    history: Any, title: str = "Training", validation_epochs: Sequence[int] | None = None
) -> Curves:
    """Compare training with validation epoch by epoch; the lowest validation loss is marked.

    `history` is what `fit` returned, or its `.history`: a list of numbers, one an epoch, for
    each name; names of validation begin with `val_`. Where validation was not scored after
    every epoch, `validation_epochs` says after which, counted from 1.

    Shape:
        one panel a name, 'loss' first, each with a line for training and one for validation.

    Raises:
        DataError: no epochs, lists of different lengths, or something that is no number.

    >>> picture = compare_training({"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.7]})
    >>> picture.marked
    2.0
    """
    values = _checked(getattr(history, "history", history))
    count = max((len(line) for name, line in values.items() if not name.startswith(PREFIX)), default=0)
    if count == 0:
        raise DataError("the history holds no epochs of training: train first, model.fit(...).")
    done = getattr(history, "epoch", range(count))
    epochs = np.array([number + 1 for number in done])
    scored = epochs if validation_epochs is None else np.array(list(validation_epochs))
    panels = tuple(_panel(name, values, epochs, scored) for name in _names(values))
    best = _lowest(values.get(PREFIX + "loss"))
    return Curves(
        title=title,
        caption=_caption(values, epochs, scored, best),
        x_label="epoch",
        panels=panels,
        marked=None if best is None else float(scored[best]),
        mark_label="" if best is None else f"lowest validation loss: epoch {scored[best]}",
    )


def _checked(history: Any) -> dict[str, np.ndarray]:
    if not isinstance(history, Mapping):
        raise DataError(
            "training curves are made of what fit returned, or of a dict of lists such as "
            f"{{'loss': [0.9, 0.5]}}; got {type(history).__name__}."
        )
    values = {}
    for name, numbers in history.items():
        try:
            values[str(name)] = np.asarray(numbers, dtype=np.float64).reshape(len(numbers))
        except (TypeError, ValueError) as error:
            raise DataError(f"{name!r} must be a list with one number an epoch; got {numbers!r}.") from error
    return values


def _names(values: Mapping[str, np.ndarray]) -> list[str]:
    """List what is measured, without the validation's prefix: the loss first, then as they came."""
    names = list(dict.fromkeys(name.removeprefix(PREFIX) for name in values))
    return sorted(names, key=lambda name: name != "loss")


def _panel(name: str, values: Mapping[str, np.ndarray], epochs: np.ndarray, scored: np.ndarray) -> Panel:
    lines = []
    for role, key, places in (("training", name, epochs), ("validation", PREFIX + name, scored)):
        if key in values:
            if len(values[key]) != len(places):
                raise DataError(
                    f"{key!r} holds {len(values[key])} values for {len(places)} epochs. Where validation was "
                    "not scored after each, say after which: validation_epochs=[2, 4, 6]."
                )
            lines.append(Line(role, role, places, values[key]))
    return Panel(name.replace("_", " "), tuple(lines))


def _lowest(losses: np.ndarray | None) -> int | None:
    if losses is None or not np.isfinite(losses).any():
        return None
    return int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))


def _caption(
    values: Mapping[str, np.ndarray], epochs: np.ndarray, scored: np.ndarray, best: int | None
) -> str:
    if best is None:
        return _caption_without_mark(values, epochs)
    losses = values[PREFIX + "loss"]
    measured = ", ".join(
        f"{name.removeprefix(PREFIX).replace('_', ' ')} {numbers[best]:.4g}"
        for name, numbers in values.items()
        if name.startswith(PREFIX) and name != PREFIX + "loss"
    )
    text = f"Validation loss is lowest after epoch {scored[best]}: {losses[best]:.4g}"
    text += f" ({measured})." if measured else "."
    if best < len(losses) - 1:
        text += f" After the last, epoch {scored[-1]}, it is {losses[-1]:.4g}."
    elif len(losses) > 1:
        text += " That is the last epoch: more may lower it further."
    return text


def _caption_without_mark(values: Mapping[str, np.ndarray], epochs: np.ndarray) -> str:
    if PREFIX + "loss" in values:
        return "Validation loss was never a finite number: a smaller learning rate may help."
    text = "Without validation data it cannot be seen whether the network learns or only remembers."
    losses = values.get("loss")
    if losses is None:
        return text
    if len(losses) == 1:
        return f"Training loss is {losses[0]:.4g} after epoch {epochs[0]}. {text}"
    went = f"from {losses[0]:.4g} after epoch {epochs[0]} to {losses[-1]:.4g} after epoch {epochs[-1]}"
    return f"Training loss went {went}. {text}"
