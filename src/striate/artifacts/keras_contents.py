"""What lies in a Keras file: the network as text, and its weights as arrays.

There are two kinds. `.keras` is a zip of `config.json`, `metadata.json` and `model.weights.h5`,
whose groups follow the network: `layers/conv2d/vars/0`. The older `.h5` is one HDF5 file with
the attributes `model_config` and `training_config`, and lists of names for layers and weights.

It runs in the child process of `keras_reader`, and hands all out as messages: dicts, some of
them followed by the bytes of an array.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from striate.artifacts.keras_hdf5 import (
    MAGIC,
    check_dataset,
    open_hdf5,
    own_member,
    read_array,
    text_attribute,
    text_list_attribute,
    walk_datasets,
)
from striate.core.errors import FileFormatError
from striate.core.shapes import format_bytes

Message = tuple[dict[str, Any], bytes]

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
_LONGEST_CONFIG = 1 << 26
_MOST_ENTRIES = 1000
# A whole file shrinks less than a single array can: weights that were learnt hardly shrink at all.
_MOST_GROWTH = 64
_SMALL = 1 << 26


def contents(path: Path) -> Iterator[Message]:
    """Hand out the network first, then each array.

    Raises:
        FileFormatError: damaged, of another kind, or with anything that is not opened.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head == MAGIC:
        with open_hdf5(path) as file:
            yield from _older_file(file, path.stat().st_size)
    elif head.startswith(b"PK"):
        yield from _zip_file(path)
    else:
        raise FileFormatError("it is neither a zip nor an HDF5 file, the two kinds that Keras writes")


def _zip_file(path: Path) -> Iterator[Message]:
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        entries = _checked_entries(archive)
        config = _entry(archive, entries[CONFIG], _LONGEST_CONFIG)
        metadata = _entry(archive, entries[METADATA], _LONGEST_CONFIG) if METADATA in entries else b"{}"
        weights = _entry(archive, entries[WEIGHTS], _SMALL + _MOST_GROWTH * size)
    yield _network("keras", config.decode("utf-8"), None, metadata.decode("utf-8")), b""
    with open_hdf5(weights) as file:
        found = walk_datasets(file, frozenset({"optimizer"}))
        yield from _arrays([(path, dataset) for path, dataset in found], size)


def _checked_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename
        if len(entries) == _MOST_ENTRIES or name in entries:
            raise FileFormatError(f"its entry {name[:200]!r} stands in it twice, or it has too many")
        if name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in name.split("/"):
            raise FileFormatError(f"its entry {name[:200]!r} would lie outside of it")
        entries[name] = entry
    missing = [name for name in (CONFIG, WEIGHTS) if name not in entries]
    if missing:
        listed = ", ".join(map(repr, list(entries)[:5])) or "nothing"
        raise FileFormatError(f"it has no {missing[0]} (it holds {listed}), so it is no model of Keras")
    return entries


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileFormatError(
            f"its entry {entry.filename!r} is encrypted, or packed in a way Keras never uses"
        )
    if entry.file_size > most:
        raise FileFormatError(
            f"its entry {entry.filename!r} would unpack to {format_bytes(entry.file_size)}, "
            f"more than the {format_bytes(most)} that a file of this size can need"
        )
    with archive.open(entry) as file:
        return file.read(most + 1)


def _older_file(file: Any, size: int) -> Iterator[Message]:
    config = text_attribute(file, "model_config")
    if config is None:
        raise FileFormatError(
            "it holds no network (model_config), only weights or something else. "
            "In Keras, model.save('x.keras') writes both"
        )
    version = text_attribute(file, "keras_version") or ""
    yield _network("h5", config, text_attribute(file, "training_config"), "", version), b""
    root = own_member(file, "model_weights")
    found: list[tuple[tuple[str, ...], Any]] = []
    for layer in text_list_attribute(root, "layer_names") or ():
        group = own_member(root, layer)
        for number, weight in enumerate(text_list_attribute(group, "weight_names") or ()):
            found.append(((layer, str(number), weight), own_member(group, weight)))
    yield from _arrays(found, size)


def _network(
    layout: str, config: str, training: str | None, metadata: str, version: str = ""
) -> dict[str, Any]:
    return {
        "kind": "network",
        "layout": layout,
        "config": config,
        "training": training,
        "metadata": metadata,
        "version": version,
    }


def _arrays(found: list[tuple[tuple[str, ...], Any]], size: int) -> Iterator[Message]:
    total = sum(check_dataset(dataset, "/".join(path)) for path, dataset in found)
    most = _SMALL + _MOST_GROWTH * size
    if total > most:
        raise FileFormatError(
            f"its weights would take {format_bytes(total)}, more than the {format_bytes(most)} "
            "that a file of this size can need"
        )
    for path, dataset in found:
        values = read_array(dataset)
        yield {"kind": "array", "path": path, **_described(values)}, values.tobytes()


def _described(values: np.ndarray) -> Mapping[str, Any]:
    return {"dtype": values.dtype.str, "shape": values.shape}
