"""What all contracts share: which classes a room offers, which of them lack a row, and JSON."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest


def public_classes(room: ModuleType) -> set[type]:
    """Every class that a room offers under a public name; a second name of a class adds nothing."""
    names = getattr(room, "__all__", [name for name in vars(room) if not name.startswith("_")])
    found = {getattr(room, name) for name in names}
    # A room that is one file also holds what it imports.
    return {kind for kind in found if inspect.isclass(kind) and kind.__module__.startswith(room.__name__)}


def without_a_row(room: ModuleType, rows: Iterable[Any], excepted: set[type]) -> set[type]:
    """The public classes that no row proves anything of."""
    return public_classes(room) - {row.kind for row in rows} - excepted


def through_json(config: Any) -> Any:
    """What is left of a config after a file."""
    return json.loads(json.dumps(config))


def each(rows: Iterable[Any]) -> pytest.MarkDecorator:
    """One test a row, named after its class."""
    return pytest.mark.parametrize("row", list(rows), ids=lambda row: row.kind.__name__)
