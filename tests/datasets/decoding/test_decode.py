"""Every kind of image comes to the wanted size, upright, and whatever is half an image is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import DataError, FileAccessError
from striate.datasets.decoding import decode as decoding
from striate.datasets.decoding.decode import decode_image
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.images import read_as

MOST = 50_000_000
RANDOM = np.random.default_rng(0)
# Smooth, so that what loses a little stays near: left to right red rises, top to bottom green.
SMOOTH = np.stack(
    [
        np.broadcast_to(np.linspace(0, 255, 60), (40, 60)),
        np.broadcast_to(np.linspace(0, 255, 40)[:, None], (40, 60)),
        np.full((40, 60), 77.0),
    ],
    -1,
).astype(np.uint8)
WHOLE = ImageInput(40, 60, 3)


def encoded(image, format_, **options):
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def of_mode(mode):
    return Image.fromarray(SMOOTH).convert(mode)


KINDS = {
    "png": (of_mode("RGB"), "PNG", {}),
    "png grey": (of_mode("L"), "PNG", {}),
    "png palette": (of_mode("P"), "PNG", {}),
    "png bits": (of_mode("1"), "PNG", {}),
    "png alpha": (of_mode("RGBA"), "PNG", {}),
    "png grey alpha": (of_mode("LA"), "PNG", {}),
    "jpeg": (of_mode("RGB"), "JPEG", {"quality": 95}),
    "jpeg progressive": (of_mode("RGB"), "JPEG", {"quality": 95, "progressive": True}),
    "jpeg grey": (of_mode("L"), "JPEG", {"quality": 95}),
    "jpeg cmyk": (of_mode("CMYK"), "JPEG", {"quality": 95}),
    "webp": (of_mode("RGB"), "WEBP", {"quality": 95}),
    "webp lossless alpha": (of_mode("RGBA"), "WEBP", {"lossless": True}),
    "bmp": (of_mode("RGB"), "BMP", {}),
    "bmp palette": (of_mode("P"), "BMP", {}),
    "gif": (of_mode("P"), "GIF", {}),
    "tiff": (of_mode("RGB"), "TIFF", {}),
    "tiff cmyk": (of_mode("CMYK"), "TIFF", {}),
    "tiff ycbcr": (of_mode("YCbCr"), "TIFF", {}),
    "tiff alpha": (of_mode("RGBA"), "TIFF", {}),
    "tiff bits": (of_mode("1"), "TIFF", {"compression": "group4"}),
    "tiff lzw": (of_mode("RGB"), "TIFF", {"compression": "tiff_lzw"}),
    "tiff deflate": (of_mode("RGB"), "TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff jpeg": (of_mode("RGB"), "TIFF", {"compression": "jpeg"}),
    "jpeg 2000": (of_mode("RGB"), "JPEG2000", {}),
    "ppm": (of_mode("RGB"), "PPM", {}),
    "tga": (of_mode("RGB"), "TGA", {}),
}
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


def content_of(kind):
    image, format_, options = KINDS[kind]
    return encoded(image, format_, **options)


@EACH_KIND
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_becomes_grey_or_colour(kind, channels):
    image = KINDS[kind][0]
    pixels = decode_image(content_of(kind), ImageInput(40, 60, channels), MOST)
    assert (pixels.shape, pixels.dtype) == ((40, 60, channels), np.uint8)
    expected = np.asarray(image.convert("RGB" if channels == 3 else "L")).reshape(40, 60, channels)
    assert np.abs(pixels.astype(int) - expected).mean() < 4


@EACH_KIND
def test_a_file_that_is_cut_off_is_refused_or_whole_all_the_same(kind):
    content = content_of(kind)
    whole = decode_image(content, WHOLE, MOST)
    refused = 0
    cuts = {*RANDOM.integers(0, len(content), 25).tolist(), *range(len(content) - 14, len(content))}
    for length in cuts:
        try:
            np.testing.assert_array_equal(decode_image(content[:length], WHOLE, MOST), whole)
        except DataError:
            refused += 1
    assert refused >= 15


def test_a_jpeg_whose_rest_is_zeros_is_cut_off():
    content = content_of("jpeg")
    half = content[: len(content) * 2 // 3].ljust(len(content), b"\0")
    with pytest.raises(DataError, match="is cut off: its picture data have no end"):
        decode_image(half, WHOLE, MOST)


def test_half_images_are_refused_even_where_a_program_asked_pillow_for_them(monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(DataError, match="is cut off: it ends before its picture does"):
        decode_image(content_of("bmp")[:-200], WHOLE, MOST)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_note_is_obeyed_in_every_fit(format_, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = Image.fromarray(SMOOTH)
    undo = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    stored = upright.transpose(decoding._TURNS[undo]) if undo > 1 else upright
    options = {"exif": exif} | ({"quality": 95} if format_ in ("JPEG", "WEBP") else {})
    content = encoded(stored, format_, **options)
    for fit, size in (("crop", (20, 30)), ("pad", (20, 30)), ("stretch", (30, 20)), ("crop", (12, 30))):
        wanted = ImageInput(*size, 3, fit)
        plain = decode_image(encoded(upright, "PNG"), wanted, MOST)
        assert np.abs(decode_image(content, wanted, MOST).astype(int) - plain).mean() < 4


def test_a_note_that_cannot_be_read_counts_as_upright():
    content = encoded(Image.fromarray(SMOOTH), "JPEG", quality=95, exif=b"Exif\0\0MM\0*\0\0\xff\xff")
    assert decode_image(content, WHOLE, MOST).shape == (40, 60, 3)


@pytest.mark.parametrize("background", [0, 200])
def test_what_is_transparent_shows_the_background(background):
    see_through = np.dstack([SMOOTH, np.zeros((40, 60), np.uint8)])
    see_through[:20, :, 3] = 255
    wanted = ImageInput(40, 60, 3, background=background)
    for image in (Image.fromarray(see_through), Image.fromarray(see_through).convert("LA")):
        pixels = decode_image(encoded(image, "PNG"), wanted, MOST)
        np.testing.assert_array_equal(pixels[:20], np.asarray(image.convert("RGB"))[:20])
        assert (pixels[20:] == background).all()


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(format_):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("white", "black", "red")]
    content = encoded(frames[0], format_, save_all=True, append_images=frames[1:])
    assert (decode_image(content, WHOLE, MOST) == 255).all()


def test_cropping_keeps_the_middle_and_padding_the_whole():
    bars = np.zeros((40, 60, 3), np.uint8)
    bars[:, 8:52] = 255
    content = encoded(Image.fromarray(bars), "PNG")
    assert (decode_image(content, ImageInput(20, 20, 1), MOST) == 255).all()
    padded = decode_image(content, ImageInput(60, 60, 3, "pad", "nearest", 99), MOST)
    np.testing.assert_array_equal(padded[10:50], bars)
    assert (padded[:10] == 99).all()
    assert (padded[50:] == 99).all()
    stretched = decode_image(content, ImageInput(40, 30, 3, "stretch", "area"), MOST)
    assert stretched[0, :, 0].tolist() == [0] * 4 + [255] * 22 + [0] * 4


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "area", "lanczos"])
def test_fine_patterns_become_grey_when_shrunk(interpolation):
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    pixels = decode_image(
        encoded(Image.fromarray(board), "PNG"), ImageInput(8, 8, 1, interpolation=interpolation), MOST
    )
    assert np.abs(pixels[1:-1, 1:-1].astype(int) - 127).max() < 20


def test_a_jpeg_is_scaled_while_decoding_but_never_below_the_wanted_size(monkeypatch):
    big = Image.fromarray(SMOOTH).resize((600, 400))
    content = encoded(big, "JPEG", quality=95)
    loaded = []
    fit = decoding._fit
    monkeypatch.setattr(decoding, "_fit", lambda image, *rest: loaded.append(image.size) or fit(image, *rest))
    for wanted in (ImageInput(40, 40, 3), ImageInput(100, 100, 3, "pad"), ImageInput(10, 400, 1, "stretch")):
        pixels = decode_image(content, wanted, MOST)
        plain = decode_image(encoded(big, "PNG"), wanted, MOST)
        assert np.abs(pixels.astype(int) - plain).mean() < 4
    assert loaded[::2] == [(75, 50), (150, 100), (600, 400)]


@pytest.mark.parametrize("kind", ["png alpha", "png palette", "gif"])
def test_a_large_image_is_converted_in_strips_to_nearly_the_same(kind, monkeypatch):
    image = KINDS[kind][0].resize((300, 200))
    content = encoded(image, KINDS[kind][1])
    wanted = ImageInput(20, 20, 3)
    whole = decode_image(content, wanted, MOST)
    monkeypatch.setattr(decoding, "_LARGE", 100)
    strips = []
    flatten = decoding.flatten
    monkeypatch.setattr(decoding, "_STRIP", 9_000)
    monkeypatch.setattr(
        decoding, "flatten", lambda image, *rest: strips.append(image.size) or flatten(image, *rest)
    )
    assert np.abs(decode_image(content, wanted, MOST).astype(int) - whole).mean() < 3
    assert len(strips) > 3


def test_an_image_that_fits_comes_back_as_it_is():
    np.testing.assert_array_equal(decode_image(content_of("png"), WHOLE, MOST), SMOOTH)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\0" * 500, "is not an image of a kind that is read, or damaged at its start"),
        (b"hello, this is no image", "is not an image of a kind that is read"),
        (encoded(Image.new("1", (10_000, 5_001)), "PNG"), r"has 10,000 x 5,001 pixels, more than 50,000,000"),
        (encoded(Image.new("1", (20_000, 9_500)), "PNG"), r"has far more than 50,000,000 pixels"),
        (encoded(Image.new("I;16", (10_000, 5_001)), "TIFF"), r"has 10,000 x 5,001 pixels, more than"),
    ],
)
def test_what_cannot_be_used_says_why(content, words):
    with pytest.raises(DataError, match=words):
        decode_image(content, WHOLE, MOST)


def test_an_image_without_pixels_is_refused():
    with pytest.raises(DataError, match="has no pixels: 0 x 5"):
        decoding.check_area(0, 5, MOST)


def test_more_pixels_can_be_allowed():
    content = encoded(Image.new("1", (10_000, 5_001)), "PNG")
    assert decode_image(content, ImageInput(2, 4, 1), 60_000_000).shape == (2, 4, 1)


def test_a_picture_has_no_five_channels():
    with pytest.raises(DataError, match="has 3 channels; 5 are wanted"):
        decode_image(content_of("png"), ImageInput(4, 4, 5), MOST)


def test_a_file_and_its_bytes_are_read_alike_and_named(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(content_of("png"))
    np.testing.assert_array_equal(read_as(path, WHOLE), read_as(content_of("png"), WHOLE))
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"photo\.png: is empty"):
        read_as(path, WHOLE)
    with pytest.raises(DataError, match="cat/1: is empty"):
        read_as(b"", WHOLE, name="cat/1")
    with pytest.raises(FileAccessError, match=r"cannot read the image .*absent\.png: No such file"):
        read_as(tmp_path / "absent.png", WHOLE)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "takes more memory than there is"),
        (KeyError(0), "is damaged: its header makes no sense"),
        (OSError("decoder error -2"), "is damaged: decoder error -2"),
    ],
)
def test_what_a_decoder_stumbles_over_is_put_in_words(monkeypatch, error, words):
    def stumble(*arguments, **named):
        raise error

    monkeypatch.setattr(Image, "open", stumble)
    with pytest.raises(DataError, match=words):
        decode_image(content_of("png"), WHOLE, MOST)
