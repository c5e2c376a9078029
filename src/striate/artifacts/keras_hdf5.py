"""HDF5 read with suspicion: only numbers and text that lie in the file itself, of sizes that it can hold.

The HDF5 format can point elsewhere (external and soft links, virtual and external datasets,
references), load filters as plug-ins, and claim any size. Each of these is refused before the
library is asked for the numbers. It runs in the child process of `keras_reader`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import FileFormatError, MissingExtraError
from striate.core.shapes import format_bytes

MAGIC = b"\x89HDF\r\n\x1a\n"
# More numbers than this in one weight no network here has: four times VGG's largest.
MOST_NUMBERS = 2**29
_MOST_MEMBERS = 100_000
_MOST_NAMES = 20_000
_DEEPEST = 64
_LONGEST_TEXT = 1 << 26
_LARGEST_CHUNK = 1 << 28
# gzip, shuffle, checksum, and h5py's own lzf; all others are plug-ins or lose digits.
_FILTERS = {1, 2, 3, 32000}
# Nothing shrinks numbers more than gzip shrinks zeros: about a thousand times.
_BEST_COMPRESSION = 1100
_SMALL = 1 << 20


def import_h5py() -> Any:
    """Import what reads HDF5 files, which is an extra.

    Raises:
        MissingExtraError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            'files of Keras need the h5py package: pip install "striate[keras]".'
        ) from error
    return h5py


def open_hdf5(source: Path | bytes) -> Any:
    """Open a file, or the bytes of one, for reading."""
    h5py = import_h5py()
    if isinstance(source, bytes):
        return h5py.File(h5py.h5f.open_file_image(source))
    return h5py.File(source, "r")


def own_member(group: Any, name: str) -> Any:
    """Walk down to a member, one step at a time, by hard links only.

    Raises:
        FileFormatError: there is no such member, or a link leads to it.
    """
    h5py = import_h5py()
    place = name
    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or part in ("", ".", "..") or not _is_there(group, part):
            raise FileFormatError(f"{place!r} is missing in it")
        _refuse_link(group, part, place)
        group = group[part]
    return group


# By HDF5's own calls: h5py's `name in group` and `get` follow a link to see whether it leads anywhere.
def _is_there(group: Any, name: str) -> bool:
    return bool(group.id.links.exists(name.encode("utf-8", "surrogateescape")))


def _refuse_link(group: Any, name: str, place: str) -> None:
    information = group.id.links.get_info(name.encode("utf-8", "surrogateescape"))
    if information.type != import_h5py().h5l.TYPE_HARD:
        raise FileFormatError(f"{place!r} is a link to somewhere else, which is not followed")


def walk_datasets(root: Any, leave_out: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Go through (path, dataset) of everything below a group; `leave_out` names members of the top.

    Raises:
        FileFormatError: links, things that are neither groups nor datasets, groups without end.
    """
    seen: set[int] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), root)]
    while waiting:
        path, group = waiting.pop()
        if len(path) > _DEEPEST or len(group) + len(seen) > _MOST_MEMBERS:
            raise FileFormatError("it holds more groups, or deeper ones, than any network needs")
        inner = []
        for name in group:
            if path or name not in leave_out:
                member = _checked_member(group, name, (*path, name), seen)
                if isinstance(member, import_h5py().Dataset):
                    yield (*path, name), member
                else:
                    inner.append(((*path, name), member))
        waiting += reversed(inner)


def _checked_member(group: Any, name: str, path: tuple[str, ...], seen: set[int]) -> Any:
    h5py = import_h5py()
    place = "/".join(path)
    _refuse_link(group, name, place)
    member = group[name]
    if not isinstance(member, (h5py.Group, h5py.Dataset)):
        raise FileFormatError(f"{place!r} is a {type(member).__name__}, neither a group nor numbers")
    address = h5py.h5o.get_info(member.id).addr
    if address in seen:
        raise FileFormatError(f"{place!r} is a second name for what stands elsewhere in it already")
    seen.add(address)
    return member


def check_dataset(dataset: Any, place: str) -> int:
    """Refuse what is no plain array of numbers kept in the file; hand back its size in bytes.

    Raises:
        FileFormatError: elsewhere, not numbers, a filter of a plug-in, or larger than the file can hold.
    """
    if not isinstance(dataset, import_h5py().Dataset) or dataset.is_virtual or dataset.external:
        raise FileFormatError(f"{place!r} holds no numbers of its own: they would come from other files")
    if dataset.dtype.kind not in "fiub" or dataset.dtype.itemsize > 8 or dataset.dtype.subdtype:
        raise FileFormatError(f"{place!r} holds values of type {dataset.dtype}, which are no weights")
    shape = dataset.shape
    if shape is None or math.prod(shape) > MOST_NUMBERS:
        raise FileFormatError(f"{place!r} says that it has the shape {shape}, which is no size of a weight")
    settings = dataset.id.get_create_plist()
    filters = {settings.get_filter(number)[0] for number in range(settings.get_nfilters())}
    if filters - _FILTERS:
        raise FileFormatError(f"{place!r} is packed by filter {min(filters - _FILTERS)}, which is not opened")
    size = math.prod(shape) * dataset.dtype.itemsize
    _check_storage(dataset, place, size)
    return size


def _check_storage(dataset: Any, place: str, size: int) -> None:
    held = dataset.id.get_storage_size()
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize if dataset.chunks else 0
    possible = held if not dataset.chunks else held * _BEST_COMPRESSION + _SMALL
    if size > possible or chunk > _LARGEST_CHUNK:
        raise FileFormatError(
            f"{place!r} says that it has {format_bytes(size)} but the file holds {format_bytes(held)} of it"
        )


def read_array(dataset: Any) -> np.ndarray:
    """Read the numbers of a dataset that was checked, lowest byte first, one after another."""
    values = np.asarray(dataset[()])
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<"))


def text_attribute(node: Any, name: str) -> str | None:
    """Read an attribute that holds one text; None where there is none.

    Raises:
        FileFormatError: it holds something else, or no UTF-8.
    """
    found = _text_values(node, name)
    if found is None:
        return None
    if len(found) != 1:
        raise FileFormatError(f"its attribute {name!r} holds {len(found)} values instead of one text")
    return found[0]


def text_list_attribute(node: Any, name: str) -> list[str] | None:
    """Read a list of texts, also one that Keras had to cut up: `name0`, `name1`; None where there is none.

    Raises:
        FileFormatError: it holds something else.
    """
    whole = _text_values(node, name)
    if whole is not None or f"{name}0" not in node.attrs:
        return whole
    parts: list[str] = []
    number = 0
    while number < _MOST_NAMES and (part := _text_values(node, f"{name}{number}")) is not None:
        parts += part
        number += 1
    return parts


def _text_values(node: Any, name: str) -> list[str] | None:
    h5py = import_h5py()
    if name not in node.attrs:
        return None
    attribute = h5py.h5a.open(node.id, name.encode())
    count = attribute.get_space().get_simple_extent_npoints()
    if count == 0:
        return []
    kind = attribute.get_type()
    if not isinstance(kind, h5py.h5t.TypeStringID):
        raise FileFormatError(f"its attribute {name!r} is no text")
    if count > _MOST_NAMES or attribute.get_storage_size() > _LONGEST_TEXT:
        raise FileFormatError(f"its attribute {name!r} is larger than any that Keras writes")
    values = np.asarray(node.attrs[name], dtype=object).ravel().tolist()
    if any(len(value) > _LONGEST_TEXT for value in values):
        raise FileFormatError(f"its attribute {name!r} is larger than any that Keras writes")
    return [value.decode("utf-8") if isinstance(value, bytes) else str(value) for value in values]
