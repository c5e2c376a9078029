"""TIFFs packed in ways that tifffile leaves to a larger library, unpacked by Pillow's instead."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

from striate.core.errors import DataError
from striate.datasets.decoding.quiet_decoders import quiet_native_library

# None, deflate (two numbers) and PackBits are within tifffile itself; LZMA in Python's own library.
_OWN = (1, 8, 32946, 32773, 34925)
_LZW = 5
_NO_PREDICTOR, _DIFFERENCES = 1, 2
_SHORT, _LONG = 3, 4


def has_own_decoder(page: Any) -> bool:
    """Whether tifffile unpacks this page by itself."""
    return int(page.compression) in _OWN and int(page.predictor) in (_NO_PREDICTOR, _DIFFERENCES)


def decoded_by_pillow(page: Any, content: bytes) -> np.ndarray:
    """Decode an LZW page of any number of bands by Pillow, as if it were one wide grey picture of bytes.

    A second header is written behind the file's own bytes: the same strips or tiles, but as many
    columns as a row has bytes. Planes that lie apart are read one after another.

    Shape:
        out: as tifffile would give it, (height, width), (height, width, bands) or (bands, height, width)

    Raises:
        DataError: another packing.
        OSError: the picture data are damaged.
    """
    if int(page.compression) != _LZW or int(page.predictor) not in (_NO_PREDICTOR, _DIFFERENCES):
        packing = getattr(page.compression, "name", page.compression)
        raise DataError(f"is a TIFF packed in a way that is not read ({packing})")
    planes = int(page.samplesperpixel) if int(page.planarconfig) == 2 else 1
    together = int(page.samplesperpixel) // planes
    dtype = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
    each = len(page.dataoffsets) // planes
    decoded = []
    for plane in range(planes):
        own = slice(plane * each, (plane + 1) * each)
        header = _grey_file(page, together * dtype.itemsize, content, own)
        with quiet_native_library(), Image.open(io.BytesIO(header), formats=("TIFF",)) as image:
            rows = np.ascontiguousarray(np.asarray(image))
        values = rows.view(dtype).reshape(page.imagelength, page.imagewidth, together)
        decoded.append(_summed(values, page) if int(page.predictor) == _DIFFERENCES else values)
    native = [values.astype(dtype.newbyteorder("=")) for values in decoded]
    if planes > 1:
        return np.stack([values[..., 0] for values in native])
    return native[0] if together > 1 else native[0][..., 0]


def _summed(values: np.ndarray, page: Any) -> np.ndarray:
    """Undo differences between neighbours in a row; each tile begins its own."""
    width = int(page.tilewidth) if page.is_tiled else values.shape[1]
    unsigned = values.astype(values.dtype.newbyteorder("="))
    for left in range(0, values.shape[1], width):
        part = unsigned[:, left : left + width]
        np.cumsum(part, axis=1, dtype=part.dtype, out=part)
    return unsigned


def _grey_file(page: Any, row_bytes: int, content: bytes, own: slice) -> bytes:
    order = page.parent.byteorder
    offsets, counts = list(page.dataoffsets[own]), list(page.databytecounts[own])
    tags: list[tuple[int, int, list[int]]] = [
        (256, _LONG, [int(page.imagewidth) * row_bytes]),
        (257, _LONG, [int(page.imagelength)]),
        (258, _SHORT, [8]),
        (259, _SHORT, [_LZW]),
        (262, _SHORT, [1]),
        (277, _SHORT, [1]),
    ]
    if page.is_tiled:
        tags += [
            (322, _LONG, [int(page.tilewidth) * row_bytes]),
            (323, _LONG, [int(page.tilelength)]),
            (324, _LONG, offsets),
            (325, _LONG, counts),
        ]
    else:
        tags += [(273, _LONG, offsets), (278, _LONG, [int(page.rowsperstrip)]), (279, _LONG, counts)]
    if page.parent.is_bigtiff:
        raise DataError("is a BigTIFF packed in a way that is not read (LZW)")
    body = bytearray(content) + bytes(len(content) % 2)
    entries = b""
    for number, kind, values in sorted(tags):
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == _SHORT else 'I'}", *values)
        if len(packed) > 4:
            place = len(body)
            body += packed
            packed = struct.pack(f"{order}I", place)
        entries += struct.pack(f"{order}HHI", number, kind, len(values)) + packed.ljust(4, b"\0")
    body[4:8] = struct.pack(f"{order}I", len(body))
    return bytes(body + struct.pack(f"{order}H", len(tags)) + entries + bytes(4))
