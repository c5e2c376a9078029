"""Where a training stands, on disk: one canonical file a checkpoint, the last ones and the best kept.

A checkpoint is nested dicts and lists of numbers, text, None and arrays. The
numbers stand in JSON, with a mark where an array belongs; the arrays follow as safetensors.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.artifacts.format import FileFormat, read_json_entry
from striate.artifacts.json_file import json_bytes
from striate.artifacts.tensors import arrays_from_bytes, tensor_bytes
from striate.core.errors import FileAccessError, FileFormatError, StriateError

_STATE, _ARRAYS = "state.json", "arrays.safetensors"
_ARRAY, _NUMBER = "$array", "$number"
CHECKPOINT_FORMAT = FileFormat(
    name="striate-checkpoint", version=1, entries=(_STATE, _ARRAYS), what="checkpoint"
)
SUFFIX = ".checkpoint"
_NAME = re.compile(r"(\d{12})(-best)?\.checkpoint")


def write_checkpoint(path: str | os.PathLike[str], content: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically: when that fails, an older file of the name stays as it was.

    Raises:
        ArgumentError: something that a checkpoint does not hold.
        FileAccessError: the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    state = json_bytes(_pack(content, arrays))
    CHECKPOINT_FORMAT.write(path, {}, {_STATE: state, _ARRAYS: tensor_bytes(arrays)})


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint: what was written, with lists for tuples.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, foreign or from a newer version.
    """
    place = os.fspath(path)
    _, entries = CHECKPOINT_FORMAT.read(path)
    arrays = arrays_from_bytes(entries[_ARRAYS], place)
    content = _unpack(read_json_entry(entries, _STATE, place), arrays, place)
    if not isinstance(content, dict):
        raise FileFormatError(f"{place} holds no state of a training.")
    return content


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Put arrays aside, and write numbers that JSON does not have as text."""
    if isinstance(value, np.ndarray):
        name = f"{len(arrays):06d}"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: repr(float(value))}
    if isinstance(value, Mapping):
        # A key of one's own that begins with the mark's sign gets a second one.
        return {f"${key}" if str(key)[:1] == "$" else key: _pack(part, arrays) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(part, arrays) for part in value]
    return value


def _unpack(value: Any, arrays: Mapping[str, np.ndarray], place: str) -> Any:
    if isinstance(value, list):
        return [_unpack(part, arrays, place) for part in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        if value[_ARRAY] not in arrays:
            raise FileFormatError(f"{place} lacks the array {value[_ARRAY]!r}.")
        return arrays[value[_ARRAY]]
    if _NUMBER in value:
        return float(value[_NUMBER])
    return {key[1:] if key[:1] == "$" else key: _unpack(part, arrays, place) for key, part in value.items()}


@dataclass(frozen=True)
class CheckpointFolder:
    """The checkpoints of one training: the last `keep`, and the best of those that were marked so.

    Files are named by the number of steps trained, so that the last one is found without opening any.
    """

    folder: Path
    keep: int = 1

    def write(self, content: Mapping[str, Any], steps: int, best: bool = False) -> Path:
        """Write a checkpoint; older ones that are no longer wanted go once it is complete.

        Raises:
            FileAccessError: it cannot be written; those that were there stay.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileAccessError(
                f"cannot make the folder {self.folder} for checkpoints: {error.strerror or error}."
            ) from error
        path = self.folder / f"{steps:012d}{'-best' if best else ''}{SUFFIX}"
        write_checkpoint(path, content)
        self._rotate(path)
        return path

    def _rotate(self, newest: Path) -> None:
        there = self.files()
        others = [path for path in there if path != newest]
        wanted = {newest, *others[len(others) - min(self.keep - 1, len(others)) :]}
        best = [path for path in there if path.stem.endswith("-best")][-1:]
        for path in there:
            if path not in wanted and path not in best:
                path.unlink(missing_ok=True)

    def files(self) -> list[Path]:
        """List the checkpoints that there are, the oldest first.

        Raises:
            FileAccessError: the folder cannot be read.
        """
        try:
            if not self.folder.is_dir():
                return []
            return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        except OSError as error:
            raise FileAccessError(
                f"cannot read the folder {self.folder} of checkpoints: {error.strerror or error}."
            ) from error

    def read_last(self) -> tuple[dict[str, Any], Path, list[str]] | None:
        """Read the last checkpoint that opens; None where there is none.

        Returns what it holds, its path, and in words why later ones could not be opened.

        Raises:
            FileFormatError: there are some, but none of them opens.
        """
        reasons: list[str] = []
        for path in reversed(self.files()):
            try:
                return read_checkpoint(path), path, reasons
            except StriateError as error:
                reasons.append(str(error))
        if reasons:
            raise FileFormatError(
                f"no checkpoint in {self.folder} can be opened: {' '.join(reasons)} To train from the first "
                "step again, remove that folder."
            )
        return None

    def sweep(self) -> None:
        """Remove what a process left that was killed while it wrote into this folder."""
        for left in self.folder.glob(".striate-*.part"):
            left.unlink(missing_ok=True)

    def clear(self, keep: int = 0) -> None:
        """Remove all checkpoints but the last `keep`."""
        there = self.files()
        for path in there[: len(there) - keep]:
            path.unlink(missing_ok=True)
