"""Changes by name and config, and back."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from striate.augment.base import Change
from striate.core.registry import Registry


def _members() -> dict[str, Any]:
    room = importlib.import_module("striate.augment")
    offered = {name: getattr(room, name) for name in room.__all__}
    return {
        name: kind
        for name, kind in offered.items()
        if inspect.isclass(kind) and issubclass(kind, Change) and not inspect.isabstract(kind)
    }


_registry = Registry("change", _members)


def serialize(change: Change) -> Any:
    """Turn a change into its class name and config."""
    return _registry.serialize(change)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Turn what `serialize` returned, or a name, into the change again.

    Raises:
        UnknownNameError: a name that is not known.
    """
    return _registry.get(config, custom_objects)
