"""A quantity that is watched: its value, and whether it got better."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, final

from striate.callbacks.logs import as_number
from striate.core.errors import ArgumentError, did_you_mean
from striate.core.shapes import check_choice

_FALLING = re.compile(
    r"loss|error|mae|mape|mse|msle|rmse|crossentropy|hinge|divergence|kld?|poisson|logcosh|cosh|false"
)
_RISING = re.compile(
    r"acc|accuracy|auc|precision|recall|f1|fbeta|iou|dice|sensitivity|specificity|similarity|r2|kappa|true"
)
_TOP = re.compile(r"(?:^|_)top_(?:k|\d+)(?:_|$)")


def better_direction(name: str) -> str:
    """Tell from its name whether less ('min') or more ('max') of a quantity is better.

    >>> better_direction("val_loss"), better_direction("top_k_categorical_accuracy")
    ('min', 'max')

    Raises:
        ArgumentError: the name says nothing about it.
    """
    plain = name.lower().replace("io_u", "iou").replace("cross_entropy", "crossentropy")
    words = re.split(r"[^a-z0-9]+", plain)
    if any(_FALLING.fullmatch(word) for word in words):
        return "min"
    if any(_RISING.fullmatch(word) for word in words) or _TOP.search(plain):
        return "max"
    raise ArgumentError(
        f"whether a larger or a smaller {name!r} is better does not show in its name. "
        "Say it: mode='max' or mode='min'."
    )


@final
class Monitor:
    """Watches one quantity of the logs.

    `min_delta` is how far it must move to count as better. NaN is never better. `seen` says whether
    it was ever among the values.

    Raises:
        ArgumentError: a mode that is not known, or 'auto' with a name that does not tell.
    """

    def __init__(self, name: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        chosen = check_choice(mode, ("auto", "min", "max"), "mode")
        self.name = name
        self.mode = better_direction(name) if chosen == "auto" else chosen
        self.min_delta = abs(min_delta)
        self.seen = False

    def value(self, logs: Mapping[str, Any] | None, params: Mapping[str, Any] | None = None) -> float | None:
        """Read the quantity; None in an epoch without validation (`validation_freq` above 1).

        Raises:
            ArgumentError: it is not in the logs, or is not a single number.
        """
        logs = {} if logs is None else logs
        if self.name not in logs:
            seldom = self.name.startswith("val_") and (params or {}).get("validation_freq", 1) != 1
            if self.seen or seldom:
                return None
            raise self._missing(logs)
        self.seen = True
        value = as_number(logs[self.name])
        if isinstance(value, (list, str)) or value is None:
            raise ArgumentError(f"{self.name!r} is {value!r}, but only a single number can be watched.")
        return float(value)

    def improved(self, current: float, best: float | None) -> bool:
        """Whether the current value is better than the best by more than `min_delta`."""
        if current != current:
            return False
        if best is None:
            return True
        return current < best - self.min_delta if self.mode == "min" else current > best + self.min_delta

    def _missing(self, logs: Mapping[str, Any]) -> ArgumentError:
        there = ", ".join(sorted(logs)) or "nothing"
        hint = did_you_mean(self.name, logs)
        if self.name.startswith("val_") and not any(name.startswith("val_") for name in logs):
            hint = " Give fit() validation_data or validation_split."
        return ArgumentError(
            f"cannot watch {self.name!r}: it is not among the values.{hint} There is: {there}."
        )
