"""LZW, which tifffile leaves to a larger library, is unpacked for any number of bands and bits."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile

from striate.core.errors import DataError
from striate.datasets.decoding.decode import decode_image
from striate.datasets.decoding.image_input import ImageInput

RANDOM = np.random.default_rng(0)
HEIGHT, WIDTH = 40, 48


def lzw(content):
    """Pack bytes as TIFF's LZW does, with codes of nine bits only: the table is cleared before it grows."""
    bits = []
    for place, value in enumerate(content):
        if place % 200 == 0:
            bits.append(256)
        bits.append(value)
    bits.append(257)
    text = "".join(f"{code:09b}" for code in bits)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def as_lzw(content, number=5):
    """Say in the header that the segments are packed in another way."""
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        place, order = file.pages.first.tags["Compression"].valueoffset, file.byteorder
    return content[:place] + struct.pack(f"{order}H", number) + content[place + 2 :]


def packed_tiff(values, planar, tiled, predictor, byteorder):
    """Write a TIFF of LZW segments: tifffile writes it with segments of our own."""
    order = values.astype(values.dtype.newbyteorder(byteorder))
    planes = order.transpose(2, 0, 1)[..., None] if planar else order[None]
    rows, columns = (16, 16) if tiled else (8, WIDTH)
    segments = []
    for plane in planes:
        for top in range(0, HEIGHT, rows):
            for left in range(0, WIDTH, columns):
                part = plane[top : top + rows, left : left + columns]
                short = rows - part.shape[0] if tiled else 0
                part = np.pad(part, ((0, short), (0, 0), (0, 0)))
                if predictor:
                    part = np.concatenate([part[:, :1], part[:, 1:] - part[:, :-1]], 1).astype(order.dtype)
                segments.append(lzw(part.tobytes()))
    stream = io.BytesIO()
    shape = (values.shape[2], HEIGHT, WIDTH) if planar else values.shape
    tifffile.imwrite(
        stream,
        iter(segments),
        shape=shape,
        dtype=values.dtype,
        photometric="minisblack",
        planarconfig="separate" if planar else "contig",
        compression="zlib",
        predictor=2 if predictor else None,
        byteorder=byteorder,
        **({"tile": (16, 16)} if tiled else {"rowsperstrip": 8}),
    )
    return as_lzw(stream.getvalue())


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bands_packed_by_lzw_arrive_whole(dtype, planar, tiled, predictor, byteorder):
    values = RANDOM.integers(0, np.iinfo(dtype).max + 1, (HEIGHT, WIDTH, 5)).astype(dtype)
    content = packed_tiff(values, planar, tiled, predictor, byteorder)
    pixels = decode_image(content, ImageInput(HEIGHT, WIDTH, 5), 10**6)
    np.testing.assert_array_equal(pixels, values if dtype == np.uint8 else np.rint(values / 257))


def test_damaged_lzw_is_refused_without_a_word_from_the_library(capfd):
    content = bytearray(packed_tiff(np.zeros((HEIGHT, WIDTH, 5), np.uint8), False, False, False, "<"))
    content[600:700] = b"\xff" * 100
    with pytest.raises(DataError, match="is damaged: decoder error"):
        decode_image(bytes(content), ImageInput(HEIGHT, WIDTH, 5), 10**6)
    assert capfd.readouterr().err == ""


def test_packings_that_are_not_read_are_named():
    content = packed_tiff(np.zeros((HEIGHT, WIDTH, 5), np.uint8), False, False, False, "<")
    with pytest.raises(DataError, match=r"is a TIFF packed in a way that is not read \(WEBP\)"):
        decode_image(as_lzw(content, 50001), ImageInput(HEIGHT, WIDTH, 5), 10**6)


def test_bigtiffs_packed_by_lzw_are_refused_in_words():
    values = np.zeros((HEIGHT, WIDTH, 5), np.uint8)
    stream = io.BytesIO()
    strips = [lzw(values[top : top + 8].tobytes()) for top in range(0, HEIGHT, 8)]
    tifffile.imwrite(
        stream,
        iter(strips),
        shape=values.shape,
        dtype=np.uint8,
        photometric="minisblack",
        planarconfig="contig",
        compression="zlib",
        rowsperstrip=8,
        bigtiff=True,
    )
    with pytest.raises(DataError, match=r"is a BigTIFF packed in a way that is not read \(LZW\)"):
        decode_image(as_lzw(stream.getvalue()), ImageInput(HEIGHT, WIDTH, 5), 10**6)
