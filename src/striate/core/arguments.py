"""Arguments by name that a function does not have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from striate.core.errors import ArgumentError, did_you_mean


def refuse_unknown(function: Callable[..., Any], names: Iterable[str]) -> None:
    """Refuse the first name that is no argument of the function, with the nearest that are.

    Raises:
        ArgumentError: a name that the function does not take.
    """
    known = list(inspect.signature(function).parameters)
    for name in names:
        if name not in known:
            raise ArgumentError(f"{function.__name__} has no argument {name!r}.{did_you_mean(name, known)}")
