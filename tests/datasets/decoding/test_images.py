"""Image files of every common kind become upright bytes, and damaged ones are named."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, DataError, FileAccessError
from striate.datasets.decoding import images
from striate.datasets.decoding.images import read_image

COLOURS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photo.png"


def test_a_colour_image_comes_back_as_it_is(path):
    Image.fromarray(COLOURS).save(path)
    read = read_image(path)
    assert read.dtype == np.uint8
    assert read.flags.writeable
    np.testing.assert_array_equal(read, COLOURS)


def test_a_grey_image_has_one_channel_or_three_alike(path):
    Image.fromarray(COLOURS[..., 0]).save(path)
    np.testing.assert_array_equal(read_image(path, channels=1), COLOURS[..., :1])
    np.testing.assert_array_equal(read_image(path), np.repeat(COLOURS[..., :1], 3, -1))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area"])
def test_the_size_is_height_then_width(path, interpolation):
    Image.fromarray(COLOURS).save(path)
    assert read_image(path, size=(2, 8), interpolation=interpolation).shape == (2, 8, 3)


def test_the_cameras_note_on_how_it_was_held_is_obeyed(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(COLOURS).save(path, exif=exif)
    np.testing.assert_array_equal(read_image(path), np.rot90(COLOURS, -1))


@pytest.mark.parametrize("background", [255, 0])
def test_transparent_places_show_the_background(path, background):
    see_through = np.dstack([COLOURS, np.zeros((4, 6), np.uint8)])
    see_through[0, 0, 3] = 255
    Image.fromarray(see_through).save(path)
    read = read_image(path, background=background)
    np.testing.assert_array_equal(read[0, 0], COLOURS[0, 0])
    assert (read[1:] == background).all()


def test_palettes_are_resolved_with_and_without_transparency(path):
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putdata([0, 1])
    palette.save(path)
    assert read_image(path).tolist() == [[[10, 20, 30], [40, 50, 60]]]
    palette.save(path, transparency=0)
    assert read_image(path).tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_sixteen_bits_are_scaled_down_to_eight(path):
    Image.fromarray(np.array([[0, 255, 256, 32768, 65535]], np.uint16)).save(path)
    assert read_image(path, channels=1)[0, :, 0].tolist() == [0, 0, 1, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 255], [0, 255]), ([-5, 65535], [0, 255]), ([0, 500000, 1000000], [0, 127, 255])],
)
def test_thirty_two_bits_are_scaled_by_what_they_hold(tmp_path, values, expected):
    for dtype in (np.int32, np.float32):
        Image.fromarray(np.array([values], dtype)).save(tmp_path / "deep.tiff")
        assert read_image(tmp_path / "deep.tiff", channels=1)[0, :, 0].tolist() == expected


def test_damaged_images_are_named(path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    whole = path.read_bytes()
    for length in (60, 200, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(
            DataError, match=r"photo\.png is (damaged: .*Take another copy|not an image of a kind)"
        ):
            read_image(path)


def test_random_damage_raises_nothing_else(tmp_path):
    generator = np.random.default_rng(0)
    refused = 0
    for suffix in ("png", "jpg", "gif", "bmp", "webp"):
        path = tmp_path / f"photo.{suffix}"
        Image.fromarray(COLOURS.repeat(4, 0).repeat(4, 1)).save(path)
        whole = path.read_bytes()
        for _ in range(40):
            changed = bytearray(whole)
            for place in generator.integers(0, len(whole), 4):
                changed[place] = generator.integers(256)
            path.write_bytes(changed)
            try:
                read_image(path)
            except DataError:
                refused += 1
    assert refused > 20


def test_what_is_no_image_is_refused(path):
    path.write_bytes(b"hello")
    with pytest.raises(DataError, match=r"photo\.png is not an image of a kind that Striate reads"):
        read_image(path)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(path, monkeypatch):
    Image.new("1", (10_000, 5_001)).save(path)
    with pytest.raises(DataError, match=r"has 10,000 x 5,001 pixels; Striate reads images up to 50,000,000"):
        read_image(path)


def test_an_image_so_large_that_pillow_stops_is_refused_in_the_same_words(path, monkeypatch):
    Image.fromarray(COLOURS).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2)
    with pytest.raises(DataError, match=r"has far more pixels; Striate reads images up to 50,000,000"):
        read_image(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no image .*absent\.png \(seen from /"):
        read_image(tmp_path / "absent.png")
    with pytest.raises(FileAccessError, match=r"expected an image but .* is a folder"):
        read_image(tmp_path)


def test_a_file_that_may_not_be_read_says_so(path, monkeypatch):
    def refused(*arguments, **named):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(images.Image, "open", refused)
    with pytest.raises(FileAccessError, match=r"cannot read .*photo\.png: Permission denied\."):
        read_image(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"channels": 4}, r"channels must be 1 \(grey\) or 3 \(red, green, blue\); got 4"),
        (
            {"interpolation": "cubic"},
            "interpolation must be one of nearest, bilinear, bicubic, area, lanczos; got 'cubic'",
        ),
        ({"size": (0, 5)}, r"size is \(height, width\) in pixels; got \(0, 5\)"),
        ({"size": (5, 5, 3)}, r"size is \(height, width\)"),
        ({"size": (10**5, 10**5)}, r"size is \(height, width\)"),
    ],
)
def test_arguments_that_cannot_work_are_refused(path, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        read_image(path, **arguments)
