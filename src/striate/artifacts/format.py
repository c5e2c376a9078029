"""Which format and version a file has, and what may be read.

Every archive begins with `manifest.json`, which names its format and an integer version. The
version rises when a reader of today could not make sense of the file. A newer file is refused
with words; an older one is brought up to date, one version at a time, by a `Migration`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from striate.artifacts.canonical_zip import read_canonical_zip, write_canonical_zip
from striate.artifacts.foreign import refuse_foreign
from striate.artifacts.json_file import json_bytes, parse_json
from striate.core.errors import ArgumentError, FileFormatError
from striate.core.shapes import format_bytes

MANIFEST = "manifest.json"
_JSON_LIMIT = 1 << 24
_MOST_VALUES = 1 << 21
_LONGEST_SHOWN = 300


@dataclass(frozen=True)
class Migration:
    """How a file of one version becomes one of the next.

    `entries` are the entries that the old version had; `upgrade` takes their contents, without
    the manifest, and returns those of the next version.
    """

    entries: tuple[str, ...]
    upgrade: Callable[[dict[str, bytes]], dict[str, bytes]]


@dataclass(frozen=True)
class FileFormat:
    """One kind of archive: its name, its version, its entries in order, and how old ones are read.

    `what` is the word for it in messages: "model file". `entries` leaves the manifest out.
    """

    name: str
    version: int
    entries: tuple[str, ...]
    what: str
    migrations: Mapping[int, Migration] = field(default_factory=dict)

    def write(
        self, path: str | os.PathLike[str], manifest: Mapping[str, Any], contents: Mapping[str, bytes]
    ) -> None:
        """Write the manifest, completed by format and version, and the entries in their order.

        Raises:
            ArgumentError: entries are missing or not known, or the manifest names another format.
            FileAccessError: the file cannot be written.
        """
        if sorted(contents) != sorted(self.entries):
            got = ", ".join(contents) or "none"
            raise ArgumentError(f"a {self.what} takes the entries {', '.join(self.entries)}; got {got}.")
        for name, content in contents.items():
            if name.endswith(".json") and (reason := _too_large(content)):
                raise ArgumentError(
                    f"{name} of a {self.what} {reason}. Keep large tables in files of their own."
                )
        stamp = {"format": self.name, "version": self.version}
        for key, value in stamp.items():
            given = manifest.get(key, value)
            if given != value:
                raise ArgumentError(f"the manifest of a {self.what} has {key} {value!r}; got {given!r}.")
        full = {MANIFEST: json_bytes({**manifest, **stamp})}
        write_canonical_zip(path, full | {name: contents[name] for name in self.entries})

    def read(self, path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Read the manifest and the entries, brought up to the version of today.

        Raises:
            FileAccessError: the file is missing or cannot be read.
            FileFormatError: the file is damaged, foreign or from a newer version.
        """
        place = os.fspath(path)
        refuse_foreign(path, self.what, MANIFEST)
        contents = read_canonical_zip(path, self.what)
        names = tuple(contents)
        manifest = read_json_entry(contents, MANIFEST, place)
        version = self._check_manifest(manifest, place)
        expected = self.entries if version == self.version else self.migrations[version].entries
        if names != (MANIFEST, *expected):
            raise FileFormatError(
                f"{place} should hold {', '.join((MANIFEST, *expected))} but holds {', '.join(names)}."
            )
        del contents[MANIFEST]
        for step in range(version, self.version):
            contents = self.migrations[step].upgrade(contents)
        return {**manifest, "version": self.version}, contents

    def _check_manifest(self, manifest: Any, place: str) -> int:
        if not isinstance(manifest, dict) or manifest.get("format") != self.name:
            found = manifest.get("format") if isinstance(manifest, dict) else None
            raise FileFormatError(
                f"{place} is not a {self.what}: its format is {_shown(found)}, not {self.name!r}."
            )
        version = manifest.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise FileFormatError(
                f"{place} has version {_shown(version)}, which is no version of a {self.what}."
            )
        if version > self.version:
            raise FileFormatError(
                f"{place} is a {self.what} of version {version}; this Striate reads up to version "
                f"{self.version}. A newer Striate wrote it: update with pip install --upgrade striate."
            )
        if version < self.version and version not in self.migrations:
            oldest = min(self.migrations, default=self.version)
            raise FileFormatError(
                f"{place} is a {self.what} of version {version}; this Striate reads versions "
                f"{oldest} to {self.version}. Open and save it with an older Striate first."
            )
        return version


def read_json_entry(contents: Mapping[str, bytes], name: str, place: str) -> Any:
    """Read one JSON entry, written the one way that `json_bytes` writes it; `place` names the file.

    Raises:
        FileFormatError: missing, not JSON, too large, or written in another way.
    """
    source = f"{name} in {place}"
    content = contents.get(name)
    if content is None:
        raise FileFormatError(f"{place} has no {name}.")
    if reason := _too_large(content):
        raise FileFormatError(f"{source} {reason}, so Striate did not write it.")
    data = parse_json(content, source)
    try:
        same = json_bytes(data) == content
    except ArgumentError as error:
        raise FileFormatError(f"{source} is not as Striate writes it: {_shown(error)}") from error
    if not same:
        raise FileFormatError(f"{source} is not as Striate writes it.")
    return data


def _shown(thing: Any) -> str:
    # What a file says has no end of its own.
    text = str(thing) if isinstance(thing, Exception) else repr(thing)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _too_large(content: bytes) -> str:
    """Say how a JSON text is too large to be parsed, or nothing; counted before any of it is parsed."""
    if len(content) > _JSON_LIMIT:
        return f"takes more than {format_bytes(_JSON_LIMIT)}"
    # Every value but the first of a list or dict follows a comma.
    if content.count(b",") + content.count(b"[") + content.count(b"{") > _MOST_VALUES:
        return f"holds more than {_MOST_VALUES:,} values"
    return ""
