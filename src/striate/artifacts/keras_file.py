"""A Keras file as data: read in a child process (`keras_reader`), checked again here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np

from striate.artifacts.atomic import open_for_reading
from striate.artifacts.json_file import parse_json
from striate.artifacts.keras_reader import LENGTH
from striate.core.errors import FileFormatError, MissingExtraError

Message = tuple[dict[str, Any], bytes | bytearray]

SUFFIXES = (".keras", ".h5", ".hdf5")
WHAT = "Keras file"
_LONGEST_NAME = 200
_LARGEST = 2**63
_LONGEST_MESSAGE = 1 << 28
_LARGEST_ARRAY = 1 << 32
_MEGABYTES = 512
# Of the processor's time; on a busy machine the clock runs faster.
_SECONDS = 5
_BUSY = 10
# So slow is no disk: a file of a gigabyte gets a hundred seconds more.
_BYTES_A_SECOND = 10 << 20
_DTYPES = frozenset(f"<{kind}{size}" for kind in "fiu" for size in (1, 2, 4, 8)) | {"|b1", "|i1", "|u1"}


@dataclass(frozen=True)
class KerasFile:
    """What lies in a Keras file: JSON data and arrays, nothing live.

    `layout` is 'keras' or 'h5'. The paths of arrays are ("layers", "conv2d", "vars", "0") in the
    one, and (layer, number, weight's name) in the other.
    """

    layout: str
    config: dict[str, Any]
    training: Any = None
    version: str = ""
    arrays: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)


def read_keras_file(path: str | os.PathLike[str]) -> KerasFile:
    """Read a `.keras` or `.h5` file in a process of its own that has little memory and time.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is damaged, of another kind, or tries anything that is not opened.
        MissingExtraError: h5py is not installed.
    """
    if find_spec("h5py") is None:
        raise MissingExtraError('files of Keras need the h5py package: pip install "striate[keras]".')
    with open_for_reading(path, WHAT) as file:
        size = file.seek(0, os.SEEK_END)
    seconds = _SECONDS + size // _BYTES_A_SECOND
    # A weight is held twice while it is sent, and a zip's weights once more.
    megabytes = _MEGABYTES + 4 * (size >> 20)
    return assemble(_of_child(Path(path), megabytes, seconds), os.fspath(path))


def _of_child(path: Path, megabytes: int, seconds: int) -> Iterator[Message]:
    """Start the reader and hand out what it says."""
    command = [sys.executable, "-P", "-m", "striate.artifacts.keras_reader"]
    with subprocess.Popen(
        [*command, str(path.absolute()), str(megabytes), str(seconds)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        pipe = process.stdout
        late = threading.Timer(_BUSY * seconds, process.kill)
        late.daemon = True
        late.start()
        try:
            if pipe is not None:
                yield from messages_from(pipe)
        finally:
            late.cancel()
            process.kill()
    yield {"kind": "silence", "code": process.returncode}, b""


def _environment() -> dict[str, str]:
    """The parent's surroundings, with all that makes HDF5 load plug-ins or wait for locks turned off."""
    unwanted = ("HDF5_", "PYTHONINSPECT", "PYTHONSTARTUP")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "HDF5_PLUGIN_PRELOAD": "::",
        "HDF5_USE_FILE_LOCKING": "FALSE",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def messages_from(pipe: IO[bytes]) -> Iterator[Message]:
    """Take messages apart; stops where they stop, also in the middle."""
    while len(head := pipe.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        if length > _LONGEST_MESSAGE:
            return
        text = pipe.read(length)
        if len(text) < length:
            return
        described = json.loads(text)
        size = _size(described) if described["kind"] == "array" else 0
        if size > _LARGEST_ARRAY:
            return
        data = bytearray(size)
        if pipe.readinto(data) < size:  # type: ignore[attr-defined]
            return
        yield described, data


def _size(described: dict[str, Any]) -> int:
    """The bytes of an array; more than any, where its description makes no sense."""
    shape, dtype = described["shape"], described["dtype"]
    if (
        not isinstance(dtype, str)
        or dtype not in _DTYPES
        or any(type(size) is not int or size < 0 for size in shape)
    ):
        return _LARGEST_ARRAY + 1
    return math.prod(shape) * np.dtype(dtype).itemsize


def assemble(messages: Iterable[Message], source: str) -> KerasFile:
    """Make the file's contents of the reader's messages; `source` names it in errors.

    Raises:
        FileFormatError: the reader refused it, or did not come to its end.
    """
    network: dict[str, Any] | None = None
    arrays: dict[tuple[str, ...], np.ndarray] = {}
    for described, data in messages:
        kind = described["kind"]
        if kind == "network":
            network = described
        elif kind == "array":
            arrays[tuple(described["path"])] = _array(described, data)
        elif kind == "end" and network is not None:
            return _file(network, arrays, source)
        else:
            _refuse(described, source)
    raise FileFormatError(f"{source} cannot be read as a {WHAT}: nothing came of it.")


def _refuse(described: dict[str, Any], source: str) -> None:
    if described.get("error") == "MissingExtraError":
        raise MissingExtraError(described["text"])
    if described["kind"] == "error":
        raise FileFormatError(f"{source} is not opened: {described['text']}.")
    raise FileFormatError(
        f"{source} is not opened: reading it took more time or memory than such a file can need, or broke "
        f"the reader (exit code {described.get('code')}). Is it damaged? Save it again in Keras."
    )


def _array(described: dict[str, Any], data: bytes | bytearray) -> np.ndarray:
    return np.frombuffer(data, described["dtype"]).reshape(described["shape"])


def _file(network: dict[str, Any], arrays: dict[tuple[str, ...], np.ndarray], source: str) -> KerasFile:
    config = parse_json(network["config"].encode("utf-8", "surrogatepass"), f"the network in {source}")
    if not isinstance(config, dict):
        raise FileFormatError(f"the network in {source} is no description of a model.")
    training = config.get("compile_config")
    if network["training"]:
        training = parse_json(
            network["training"].encode("utf-8", "surrogatepass"), f"the training in {source}"
        )
    version = network["version"]
    if network["metadata"]:
        metadata = parse_json(
            network["metadata"].encode("utf-8", "surrogatepass"), f"the metadata in {source}"
        )
        version = str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""
    for data in (config, training):
        _check_data(data, source)
    return KerasFile(network["layout"], config, training, version, arrays)


def _check_data(data: Any, source: str) -> None:
    """Refuse names and numbers that are longer than any network's."""
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        long = isinstance(value, dict) and any(len(name) > _LONGEST_NAME for name in value)
        if long or (isinstance(value, int) and abs(value) >= _LARGEST):
            raise FileFormatError(
                f"the network in {source} has a longer name or a larger number in it than Keras ever writes."
            )
