"""Every error that Striate raises on purpose.

The tree, each class also one of Python's own, so that ordinary `except` clauses work::

    StriateError
    ├── ArgumentError      (ValueError)     an argument has a value that cannot work
    │   └── UnknownNameError                a name that is not known, with the nearest that are
    ├── ShapeError         (ValueError)     axes, sizes or channels do not fit
    ├── DataError          (ValueError)     the person's data cannot be used as they are
    │   └── LabelError                      the labels do not fit the network or the loss
    ├── FileFormatError    (ValueError)     a file is damaged, foreign or from a newer version
    ├── FileAccessError    (OSError)        a file or folder is missing or cannot be written
    ├── StateError         (RuntimeError)   the right call at the wrong time (not built, not compiled)
    │   └── BusyError                       a model is in use by another thread
    ├── MissingExtraError  (ImportError)    an optional part is not installed
    ├── NumbersError       (ArithmeticError) a loss, gradient or weight is no finite number any more
    └── OutOfMemoryError   (MemoryError)    a batch does not fit, with the size that would

A message says what was wanted, what came, and what to do. Context that only an outer room
knows (which layer, which file) is added once, where that room is left, by `add_context`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class StriateError(Exception):
    """The root of the tree: `except striate.StriateError` catches all that Striate raises on purpose."""


class ArgumentError(StriateError, ValueError):
    """An argument has a value that cannot work."""


class UnknownNameError(ArgumentError):
    """A name that is not known; the message offers the nearest ones that are."""


class ShapeError(StriateError, ValueError):
    """Axes, sizes or channel counts do not fit."""


class DataError(StriateError, ValueError):
    """The person's data cannot be used as they are."""


class LabelError(DataError):
    """The labels do not fit the network or the loss."""


class FileFormatError(StriateError, ValueError):
    """A file is damaged, of a foreign kind, or from a newer version."""


class FileAccessError(StriateError, OSError):
    """A file or folder is missing or cannot be read or written."""


class StateError(StriateError, RuntimeError):
    """The right call at the wrong time, such as training before compiling."""


class BusyError(StateError):
    """A model is in use by another thread."""


class MissingExtraError(StriateError, ImportError):
    """An optional part is not installed; the message names the extra that brings it."""


class NumbersError(StriateError, ArithmeticError):
    """A loss, gradient or weight is no finite number any more; `place` says where, as data.

    Its keys, as far as they are known: 'cause', 'layer' or 'weight', 'learning_rate', 'epoch' and
    'step' (from 1), 'examples' (their numbers in the data) and 'files'.
    """

    def __init__(self, message: str = "", place: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.place: dict[str, Any] = dict(place or {})


class OutOfMemoryError(StriateError, MemoryError):
    """A batch does not fit into memory; the message, and `fits`, name a size that would."""

    def __init__(self, message: str = "", fits: int | None = None):
        super().__init__(message)
        self.fits = fits


def add_context(error: StriateError, where: str) -> StriateError:
    """Put the place of a mistake in front of its message and hand the same error back."""
    message = str(error.args[0]) if error.args else ""
    error.args = (f"{where}: {message}", *error.args[1:])
    return error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Answer ` Did you mean 'x'?` for the known names nearest to `name`, or an empty string."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    if not near:
        return ""
    return " Did you mean " + " or ".join(repr(by_lower[match]) for match in near) + "?"


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Make the error for a name that is not known: what was asked, what is near, what there is."""
    names = sorted(known)
    listed = ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")
    return UnknownNameError(
        f"there is no {kind} called {name!r}.{did_you_mean(name, names)} Known: {listed}."
    )
