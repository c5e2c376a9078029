"""JSON, written in one way only and read with the place of a mistake."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from striate.artifacts.atomic import read_bytes, write_atomically
from striate.core.errors import ArgumentError, FileFormatError

_LIMIT = 1 << 28
_DEEPEST = 100
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Write data as readable JSON with sorted keys, atomically.

    Raises:
        ArgumentError: something that JSON cannot hold, with its place.
        FileAccessError: the file cannot be written.
    """
    write_atomically(path, [json_bytes(data, indent=2) + b"\n"])


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is not JSON, with line and column.
    """
    return parse_json(read_bytes(path, "JSON file", limit=_LIMIT), os.fspath(path))


def json_bytes(data: Any, *, indent: int | None = None) -> bytes:
    """Write data as JSON, the same bytes for the same data: sorted keys, no free spaces.

    Raises:
        ArgumentError: something that JSON cannot hold, with its place.

    >>> json_bytes({"b": [1, 2.5], "a": None})
    b'{"a":null,"b":[1,2.5]}'
    """
    _check_writable(data, "data", 0)
    separators = (",", ":") if indent is None else (",", ": ")
    try:
        text = json.dumps(data, sort_keys=True, indent=indent, separators=separators, allow_nan=False)
    except ValueError as error:
        raise ArgumentError(f"the data hold a whole number too long for JSON: {error}.") from error
    return text.encode("ascii")


def _check_writable(data: Any, place: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ArgumentError(f"{place[:80]}... is nested more than {_DEEPEST} deep, or holds itself.")
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not isinstance(key, str):
                raise ArgumentError(
                    f"{place} has the key {key!r}; keys in JSON are text. "
                    f"Use {str(key)!r}, or a list of pairs."
                )
            _check_writable(value, f"{place}[{key!r}]", depth + 1)
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            _check_writable(value, f"{place}[{index}]", depth + 1)
    elif isinstance(data, float) and not math.isfinite(data):
        raise ArgumentError(f"{place} is {data}, which JSON cannot hold. Use None, or a word.")
    elif not (data is None or isinstance(data, str | int | float)):
        raise ArgumentError(
            f"{place} is a {type(data).__name__}, which JSON cannot hold. "
            "Use text, numbers, True, False, None, lists and dicts of them."
        )


def parse_json(content: bytes, source: str) -> Any:
    """Turn the bytes of a JSON text into data; `source` names it in errors.

    Raises:
        FileFormatError: not JSON, or JSON with NaN, a name twice, or nested without end.
    """
    if _depth(content) > _DEEPEST:
        raise FileFormatError(
            f"{source} is not JSON that Striate takes: it is nested more than {_DEEPEST} deep."
        )
    try:
        return json.loads(
            content.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_refuse_twins
        )
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"{source} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{source} is not JSON: byte {error.start} is no UTF-8 text.") from error
    except ValueError as error:
        raise FileFormatError(f"{source} is not JSON that Striate takes: {error}.") from error


def _depth(content: bytes) -> int:
    """Count how deep a text is nested before a parser goes there: one level costs it one call."""
    brackets = _TEXTS.sub(b"", content).translate(None, delete=_NO_BRACKETS)
    return max(itertools.accumulate(1 if sign in b"[{" else -1 for sign in brackets), default=0)


def _refuse_constant(name: str) -> NoReturn:
    raise FileFormatError(f"{name} is not a number in JSON")


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name, count in Counter(names).items() if count > 1)
        raise FileFormatError(f"the name {twin[:100]!r} stands twice in one object")
    return found
