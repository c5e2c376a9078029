"""Arguments by name that a function does not have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from striate.core.errors import ArgumentError, did_you_mean


def refuse_unknown(owner: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse the first name that is not among the known ones, with the nearest that are.

    Raises:
        ArgumentError: a name that `owner`, a function or class, does not take.
    """
    choices = list(known)
    for name in names:
        if name not in choices:
            raise ArgumentError(f"{owner} has no argument {name!r}.{did_you_mean(name, choices)}")


def refuse_unknown_for(function: Callable[..., Any], names: Iterable[str]) -> None:
    """Refuse the first name that is no argument of the function, with the nearest that are.

    Raises:
        ArgumentError: a name that the function does not take.
    """
    refuse_unknown(function.__name__, names, inspect.signature(function).parameters)
