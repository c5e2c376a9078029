"""TOML, for files that people write: recipes."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from striate.artifacts.atomic import read_bytes, write_atomically
from striate.core.errors import ArgumentError, FileFormatError

_LIMIT = 1 << 24


def write_toml(path: str | os.PathLike[str], data: Mapping[str, Any]) -> None:
    """Write a table as TOML atomically: keys in their order, plain values before tables.

    Raises:
        ArgumentError: something that TOML cannot hold, such as None, with its place.
        FileAccessError: the file cannot be written.
    """
    write_atomically(path, [toml_text(data).encode("utf-8")])


def toml_text(data: Mapping[str, Any]) -> str:
    """Write a table as TOML text.

    Raises:
        ArgumentError: something that TOML cannot hold, such as None, with its place.

    >>> toml_text({"epochs": 10})
    'epochs = 10\\n'
    """
    _check_writable(data, "")
    try:
        text = tomli_w.dumps(data)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(
            f"TOML cannot hold this: {error}. Use text, numbers, True, False, lists and dicts."
        ) from error
    return text


def _check_writable(data: Any, place: str) -> None:
    if data is None:
        raise ArgumentError(f"{place or 'the table'} is None, which TOML cannot hold. Leave the key out.")
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not isinstance(key, str):
                raise ArgumentError(f"{place or 'the table'} has the key {key!r}; keys in TOML are text.")
            _check_writable(value, f"{place}.{key}" if place else key)


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is not TOML, with line and column.
    """
    content = read_bytes(path, "TOML file", limit=_LIMIT)
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{os.fspath(path)} is not TOML: byte {error.start} is no UTF-8 text. Save it as UTF-8."
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise FileFormatError(f"{os.fspath(path)} is not TOML: {reason}.") from error
