"""Values of more than 8 bits and pictures of many bands arrive whole, however a TIFF holds them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from striate.core.errors import DataError
from striate.datasets.decoding.decode import decode_image
from striate.datasets.decoding.deep_images import bytes_from_values, read_tiff_header
from striate.datasets.decoding.image_input import ImageInput

MOST = 50_000_000
RANDOM = np.random.default_rng(0)
HEIGHT, WIDTH = 24, 36
FIVE = RANDOM.integers(0, 256, (HEIGHT, WIDTH, 5)).astype(np.uint8)
TWELVE_BITS = RANDOM.integers(0, 4096, (HEIGHT, WIDTH)).astype(np.uint16)


def tiff(values, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


def read(content, channels, **options):
    return decode_image(content, ImageInput(HEIGHT, WIDTH, channels, **options), MOST)


BANDS = {
    "together": (FIVE, {"photometric": "minisblack", "planarconfig": "contig"}),
    "planes": (FIVE.transpose(2, 0, 1), {"photometric": "minisblack", "planarconfig": "separate"}),
    "big-endian": (FIVE, {"photometric": "minisblack", "planarconfig": "contig", "byteorder": ">"}),
    "bigtiff": (FIVE, {"photometric": "minisblack", "planarconfig": "contig", "bigtiff": True}),
    "tiles": (FIVE, {"photometric": "minisblack", "planarconfig": "contig", "tile": (16, 16)}),
    "deflate": (
        FIVE,
        {"photometric": "minisblack", "planarconfig": "contig", "compression": "zlib", "predictor": 2},
    ),
    "pages": (FIVE.transpose(2, 0, 1), {}),
    "rows as pages": (FIVE, {}),
    "ImageJ": (FIVE.transpose(2, 0, 1), {"imagej": True, "metadata": {"axes": "CYX"}}),
    "OME": (FIVE.transpose(2, 0, 1), {"ome": True, "metadata": {"axes": "CYX"}}),
}


@pytest.mark.parametrize("layout", BANDS)
def test_five_bands_arrive_in_their_order_from_every_layout(layout):
    values, options = BANDS[layout]
    content = tiff(values, **options)
    header = read_tiff_header(content)
    assert (header.height, header.width, header.picture_bands) == (HEIGHT, WIDTH, 5)
    assert header.is_deep
    np.testing.assert_array_equal(read(content, 5), FIVE)


@pytest.mark.parametrize("layout", BANDS)
def test_a_tiff_that_is_cut_off_is_refused_or_whole_all_the_same(layout):
    values, options = BANDS[layout]
    content = tiff(values, **options)
    refused = 0
    for length in range(10, len(content), 97):
        try:
            np.testing.assert_array_equal(read(content[:length], 5), FIVE)
        except DataError:
            refused += 1
    assert refused > len(content) / 97 * 0.5
    with pytest.raises(DataError, match=r"is cut off|is damaged|is not an image|channels; 5 are wanted"):
        read(content[: len(content) // 2], 5)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint32, np.float32, np.float64])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_twelve_bits_in_wider_values_lose_nothing_but_the_last_four(dtype, byteorder):
    content = tiff(TWELVE_BITS.astype(dtype), byteorder=byteorder)
    pixels = read(content, 1, value_range=(0, 4095))
    np.testing.assert_array_equal(pixels[..., 0], np.rint(TWELVE_BITS * np.float32(255 / 4095)))
    np.testing.assert_array_equal(read(content, 3, value_range=(0, 4095)), pixels.repeat(3, -1))


def test_white_can_be_nothing():
    content = tiff(TWELVE_BITS, photometric="miniswhite")
    pixels = read(content, 1, value_range=(0, 4095))
    np.testing.assert_array_equal(pixels[..., 0], 255 - np.rint(TWELVE_BITS * np.float32(255 / 4095)))


def test_sixteen_bits_of_colour_with_an_alpha_lie_over_the_background():
    values = RANDOM.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
    values[:12, :, 3], values[12:, :, 3] = 65535, 0
    pixels = read(tiff(values, photometric="rgb", extrasamples=["unassalpha"]), 3, background=9)
    np.testing.assert_array_equal(pixels[:12], np.rint(values[:12, :, :3] / 257))
    assert (pixels[12:] == 9).all()


def test_sixteen_bits_of_four_inks_become_colour():
    inks = np.zeros((HEIGHT, WIDTH, 4), np.uint16)
    inks[..., 0] = 65535
    pixels = read(tiff(inks, photometric="separated"), 3)
    assert (pixels == [0, 255, 255]).all()


def test_a_fourth_band_that_is_no_alpha_is_a_band():
    values = FIVE[..., :4]
    content = tiff(values, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(read(content, 4), values)
    with pytest.raises(DataError, match="has 4 channels; 3 are wanted"):
        read(content, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_note_on_how_it_was_held_is_obeyed(orientation):
    content = tiff(TWELVE_BITS, extratags=[(274, 3, 1, orientation, True)], metadata=None)
    plain = Image.fromarray(bytes_from_values(TWELVE_BITS, (0, 4095)))
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    expected = np.asarray(plain.transpose(turns[orientation]) if orientation > 1 else plain)
    wanted = ImageInput(*expected.shape, 1, value_range=(0, 4095))
    np.testing.assert_array_equal(decode_image(content, wanted, MOST)[..., 0], expected)


def test_colour_pngs_of_sixteen_bits_are_read_whole():
    values = RANDOM.integers(0, 4096, (HEIGHT, WIDTH, 3)).astype(np.uint16)
    content = sixteen_bit_png(values)
    np.testing.assert_array_equal(
        read(content, 3, value_range=(0, 4095)), np.rint(values * np.float32(255 / 4095))
    )
    grey = read(content, 1, value_range=(0, 4095))
    assert grey.shape == (HEIGHT, WIDTH, 1)
    exif = Image.Exif()
    exif[0x0112] = 3
    note = exif.tobytes().removeprefix(b"Exif\0\0")
    at = content.index(b"IDAT") - 4
    held = content[:at] + chunk(b"eXIf", note) + content[at:]
    np.testing.assert_array_equal(
        read(held, 3, value_range=(0, 4095)), read(content, 3, value_range=(0, 4095))[::-1, ::-1]
    )


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def sixteen_bit_png(values):
    """Write what Pillow does not: a colour PNG of two bytes a channel."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_ranges_are_straight_lines_with_cut_ends_and_nan_is_nothing():
    values = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, np.nan, np.inf])
    assert bytes_from_values(values, (0.0, 2.0)).tolist() == [0, 0, 128, 255, 255, 0, 255]
    assert bytes_from_values(np.array([0, 257, 65535], np.uint16), None).tolist() == [0, 1, 255]
    assert bytes_from_values(np.array([0, 100, 255], np.int32), None).tolist() == [0, 100, 255]
    assert bytes_from_values(np.array([0, 500_000, 1_000_000], np.int32), None).tolist() == [0, 127, 255]
    assert bytes_from_values(np.array([7, 255], np.uint8), (0, 9)).tolist() == [7, 255]
    assert bytes_from_values(np.array([True]), None).tolist() == [1]


def test_kinds_of_colour_and_numbers_that_are_not_read_say_so():
    with pytest.raises(DataError, match="is a TIFF of a colour kind or type of values that is not read"):
        read(tiff(np.zeros((HEIGHT, WIDTH, 3), np.uint16), photometric="cielab"), 3)
    with pytest.raises(DataError, match="is a TIFF of a colour kind or type of values that is not read"):
        read(tiff(np.zeros((HEIGHT, WIDTH), np.complex64)), 1)


def test_too_many_pixels_are_refused_by_the_header():
    with pytest.raises(DataError, match="has 36 x 24 pixels, more than 800"):
        decode_image(tiff(TWELVE_BITS), ImageInput(4, 4, 1), 800)


def test_files_that_claim_far_more_than_they_can_hold_are_refused():
    zeros = np.zeros((4000, 4000), np.uint16)
    content = tiff(zeros, compression="zlib", compressionargs={"level": 9}, rowsperstrip=4000, metadata=None)
    claim = content.replace((4000).to_bytes(2, "little"), (60000).to_bytes(2, "little"))
    with pytest.raises(DataError, match=r"claims 7,200,000,000 bytes of picture data in a file of [\d,]+"):
        decode_image(claim, ImageInput(4, 4, 1), 10**10)
    tiles = tiff(TWELVE_BITS, tile=(4064, 4064), compression="zlib", metadata=None)
    large = tiles.replace((4064).to_bytes(2, "little"), (65520).to_bytes(2, "little"))
    with pytest.raises(DataError, match=r"claims 8,585,740,800 bytes of picture data"):
        decode_image(large, ImageInput(4, 4, 1), 10**10)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_bands_are_fitted_each_for_itself(fit):
    content = tiff(FIVE, photometric="minisblack", planarconfig="contig")
    pixels = decode_image(content, ImageInput(10, 12, 5, fit, "area"), MOST)
    for band in range(5):
        alone = io.BytesIO()
        Image.fromarray(FIVE[..., band]).save(alone, "PNG")
        expected = decode_image(alone.getvalue(), ImageInput(10, 12, 1, fit, "area"), MOST)
        np.testing.assert_array_equal(pixels[..., band], expected[..., 0])
