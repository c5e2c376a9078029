"""Names for things: from a name or a config to the object, and back.

A room that offers things by name ("adam", "relu", "Conv2D") owns one `Registry`. Its public
names are its allow-list: a file can name nothing else, except what the person offers.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from striate.core.errors import ArgumentError, unknown_name


def snake_case(name: str) -> str:
    """Turn a class name into the lower-case name that strings use: MaxPooling2D, max_pooling2d."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def _with_article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


class Registry:
    """The known names of one kind of thing, such as the layers or the losses.

    `members` is called when a name is first asked for and returns every public name with its
    class or function, so that a registry costs nothing at import. `aliases` maps further
    accepted names ("mse") to public ones ("mean_squared_error").
    """

    def __init__(
        self, kind: str, members: Callable[[], Mapping[str, Any]], aliases: Mapping[str, str] | None = None
    ):
        self.kind = kind
        self._members = members
        self._aliases = dict(aliases or {})
        self._by_name: dict[str, Any] | None = None

    def names(self) -> list[str]:
        """List the public names, without aliases."""
        return sorted(self._members())

    def find(self, name: str, custom: Mapping[str, Any] | None = None) -> Any:
        """Find the class or function with this name; what the person offers in `custom` goes first.

        Raises:
            UnknownNameError: no such name; the message offers the nearest.
        """
        if custom and name in custom:
            return custom[name]
        if self._by_name is None:
            members = self._members()
            lowered = {snake_case(key): value for key, value in members.items()}
            self._by_name = {**lowered, **members}
        wanted = self._aliases.get(name, name)
        if wanted not in self._by_name:
            raise unknown_name(self.kind, name, {*self._members(), *self._aliases, *(custom or {})})
        return self._by_name[wanted]

    def get(self, identifier: Any, custom: Mapping[str, Any] | None = None) -> Any:
        """Turn a name, a config or an object into the object; None stays None.

        A name of a class gives a new object with its defaults; a name of a function gives the
        function; `{"class_name": ..., "config": {...}}` is what `serialize` returned.

        Raises:
            UnknownNameError: a name that is not known.
            ArgumentError: something that is neither a name nor a config nor callable.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            found = self.find(identifier, custom)
            return found() if inspect.isclass(found) else found
        if isinstance(identifier, Mapping) and "class_name" in identifier:
            return self._from_config(identifier, custom)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier):
            return identifier
        raise ArgumentError(
            f"expected {_with_article(self.kind)}: a name, a config or an object; "
            f"got {type(identifier).__name__} {identifier!r}."
        )

    def _from_config(self, spec: Mapping[str, Any], custom: Mapping[str, Any] | None) -> Any:
        found = self.find(str(spec["class_name"]), custom)
        if not inspect.isclass(found):
            return found
        config = dict(spec.get("config") or {})
        return found.from_config(config) if hasattr(found, "from_config") else found(**config)

    def serialize(self, thing: Any) -> Any:
        """Turn an object into its name (a function) or its config (an object with `get_config`).

        Raises:
            ArgumentError: an object that has neither, such as a lambda.
        """
        if thing is None or isinstance(thing, str):
            return thing
        if hasattr(thing, "get_config"):
            return {"class_name": type(thing).__name__, "config": thing.get_config()}
        name = getattr(thing, "__name__", "")
        if name and name != "<lambda>":
            return name
        raise ArgumentError(
            f"this {self.kind} cannot be written to a file: {thing!r} has neither a name nor get_config(). "
            "Use a named function, or a class with get_config()."
        )
