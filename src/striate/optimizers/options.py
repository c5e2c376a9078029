"""The options that every optimiser takes, and the checks on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from striate.core.errors import ArgumentError, did_you_mean

COMMON = (
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)

_RENAMED = {
    "lr": "write learning_rate=...",
    "decay": "pass a schedule as the learning rate, such as schedules.InverseTimeDecay",
    "epsilon": "this optimizer has no epsilon",
}


class Common(TypedDict, total=False):
    """What all optimisers take after their own arguments, by keyword.

    At most one of the three ways to clip: `clipnorm` bounds the norm of each parameter's
    gradient, `global_clipnorm` the norm of all together, `clipvalue` each element.
    With `use_ema` a moving average of the parameters is kept (`ema_momentum` of the old one
    stays at each update); it replaces the parameters every `ema_overwrite_frequency` updates,
    or at the end of training where that is None. `loss_scale_factor` divides the gradients
    of a loss that was multiplied by it. With `gradient_accumulation_steps` the parameters move
    only at every so-manieth step, along the mean of the gradients since the last move.
    """

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


def check_number(
    name: str, value: Any, *, above: float = -math.inf, least: float = -math.inf, most: float = math.inf
) -> float:
    """Hand back a number as a float if it is finite and lies within its bounds.

    Raises:
        ArgumentError: no number, or one outside the bounds.
    """
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("above", above), ("at least", least), ("at most", most))
        if math.isfinite(bound)
    ]
    wanted = f"{name} must be a number" + (" " + " and ".join(bounds) if bounds else "")
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{wanted}; got {value!r}.") from error
    if not math.isfinite(number) or number <= above or not least <= number <= most:
        raise ArgumentError(f"{wanted}; got {value!r}.")
    return number


def check_count(name: str, value: Any, least: int) -> int:
    """Hand back a whole number if it is not below `least`.

    Raises:
        ArgumentError: no whole number, or one below `least`.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < least:
        raise ArgumentError(f"{name} must be a whole number of at least {least}, or None; got {value!r}.")
    return int(value)


def check_common(options: Mapping[str, Any]) -> None:
    """Refuse common options that cannot work.

    Raises:
        ArgumentError: a value out of its range, or more than one way to clip.
    """
    clips = {name: options[name] for name in ("clipnorm", "clipvalue", "global_clipnorm")}
    given = {name: value for name, value in clips.items() if value is not None}
    if len(given) > 1:
        listed = " and ".join(f"{name}={value!r}" for name, value in given.items())
        raise ArgumentError(f"gradients can be clipped in one way only; got {listed}. Keep one of them.")
    for name, value in given.items():
        check_number(name, value, above=0)
    if options["weight_decay"] is not None:
        check_number("weight_decay", options["weight_decay"], least=0)
    if options["loss_scale_factor"] is not None:
        check_number("loss_scale_factor", options["loss_scale_factor"], above=0)
    check_number("ema_momentum", options["ema_momentum"], least=0, most=1)
    for name, least in (("ema_overwrite_frequency", 1), ("gradient_accumulation_steps", 2)):
        if options[name] is not None:
            check_count(name, options[name], least)


def unknown_option(optimizer: str, unknown: Iterable[str], known: Iterable[str]) -> ArgumentError:
    """Make the error for a keyword that an optimiser does not take."""
    name = next(iter(unknown))
    advice = f" Instead, {_RENAMED[name]}." if name in _RENAMED else did_you_mean(name, known)
    return ArgumentError(f"{optimizer} takes no argument {name!r}.{advice}")
