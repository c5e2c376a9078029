"""The elements of a MATLAB file of version 5 to 7.2: numbers, text and cells of text, nothing else.

MathWorks, "MAT-File Format": 128 bytes of header, then elements of a tag (type and length) and
data, mostly packed by zlib; a matrix is an element that holds its class, its axes, its name and
its numbers, the first axis fastest. A reader of its own, because one that trusts a damaged file's
lengths can end the whole process.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
_CELL, _CHAR = 1, 4
_ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_COMPLEX = 0x800
_MOST_AXES, _MOST_BYTES = 32, 1 << 33


class DamagedError(Exception):
    """The bytes are not what their tags say."""


@dataclass(frozen=True)
class _Element:
    type: int
    data: memoryview


def read_variables(content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """Give the name and the array of each variable that is of numbers or text; others are passed over.

    Shape:
        text: the rows of a character matrix, or the cells of a cell array, as they lie

    Raises:
        DamagedError: the file is cut off, or not what it says.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:HEADER])
    if order is None:
        raise DamagedError("it does not begin as one")
    for element in _elements(memoryview(content)[HEADER:], order):
        if element.type == _COMPRESSED:
            inner = list(_elements(memoryview(_unpack(element.data)), order))
            if len(inner) != 1:
                raise DamagedError("a packed variable holds something else")
            element = inner[0]
        if element.type == _MATRIX:
            name, value = _matrix(element.data, order)
            if value is not None:
                yield name, value


def _unpack(data: memoryview) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, _MOST_BYTES)
    except zlib.error as error:
        raise DamagedError(str(error)) from error
    if not unpacker.eof:
        raise DamagedError("a packed variable is cut off")
    return content


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """Go through elements that follow each other."""
    place = 0
    while place < len(data):
        if len(data) - place < 8:
            raise DamagedError("it is cut off within a tag")
        first, length = struct.unpack_from(f"{order}II", data, place)
        start = place + 8
        if first >> 16:
            # Up to four bytes stand in the tag itself.
            first, length, start = first & 0xFFFF, first >> 16, place + 4
            if length > 4:
                raise DamagedError("a short element is too long")
        if start + length > len(data):
            raise DamagedError("it is cut off")
        yield _Element(first, data[start : start + length])
        if start == place + 4:
            place += 8
        else:
            place = start + length + (0 if first == _COMPRESSED else -length % 8)


def _matrix(data: memoryview, order: str) -> tuple[str, np.ndarray | None]:
    parts = list(_elements(data, order))
    if len(parts) < 3 or len(parts[0].data) != 8 or len(parts[1].data) % 4:
        # An empty cell is a matrix without anything.
        return "", None
    flags = struct.unpack(f"{order}II", parts[0].data)[0]
    axes = np.frombuffer(parts[1].data, f"{order}i4").tolist()
    if not axes or len(axes) > _MOST_AXES or min(axes) < 0:
        raise DamagedError("a variable has impossible axes")
    name = bytes(parts[2].data).decode("latin-1")
    kind = flags & 0xFF
    if kind == _CHAR and len(parts) > 3:
        return name, _text(parts[3], axes, order)
    if kind == _CELL:
        return name, _cells(parts[3:], axes, order)
    if kind not in _CLASSES or flags & _COMPLEX or len(parts) < 4:
        return name, None
    return name, _numbers(parts[3], axes, _CLASSES[kind], order)


def _numbers(part: _Element, axes: list[int], dtype: str, order: str) -> np.ndarray:
    stored = np.dtype(order + _TYPES.get(part.type, "u1"))
    if part.type not in _TYPES or len(part.data) != math.prod(axes) * stored.itemsize:
        raise DamagedError("a variable holds more or fewer numbers than its axes say")
    # Whole numbers in doubles are stored in as few bytes as they need.
    return np.frombuffer(part.data, stored).astype(dtype).reshape(axes, order="F")


def _text(part: _Element, axes: list[int], order: str) -> np.ndarray | None:
    encoding = _ENCODINGS.get(part.type)
    if encoding is None or len(axes) != 2:
        return None
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if order == "<" else "-be"
    letters = bytes(part.data).decode(encoding, "replace")
    rows, columns = axes
    if len(letters) != rows * columns:
        raise DamagedError("a text has more or fewer letters than its axes say")
    return np.array(["".join(letters[row::rows]) for row in range(rows)], dtype=str)


def _cells(parts: list[_Element], axes: list[int], order: str) -> np.ndarray | None:
    """Read cells if each of them is one text."""
    texts = []
    if len(parts) != math.prod(axes):
        raise DamagedError("there are more or fewer cells than the axes say")
    for part in parts:
        value = _matrix(part.data, order)[1] if part.type == _MATRIX else None
        if value is None or value.dtype.kind != "U" or len(value) != 1:
            return None
        texts.append(str(value[0]))
    return np.array(texts, dtype=str) if texts else None
