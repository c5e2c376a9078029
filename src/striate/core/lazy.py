"""Packages whose members are imported when they are asked for (PEP 562)."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from striate.core.errors import did_you_mean


def attach(
    package: str, members: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make `__getattr__`, `__dir__` and `__all__` for a package that loads its members late.

    `members` maps each public name to the module it lives in: relative to `package` when it
    begins with a dot (".convolution"), else absolute. A name that maps to its own module
    (`"losses": ".losses"`) stands for that module itself, one that maps to the package's own
    name for the package.

    Raises:
        AttributeError: a name that is not public, with the nearest that are.
    """

    def load(name: str) -> Any:
        if name not in members:
            raise AttributeError(f"module {package!r} has no {name!r}.{did_you_mean(name, members)}")
        place = members[name]
        module = importlib.import_module(place, package)
        if place == package:
            return module
        if place.rpartition(".")[2] == name and not hasattr(module, name):
            return module
        return getattr(module, name)

    def listing() -> list[str]:
        return sorted(members)

    return load, listing, sorted(members)
