"""The shape of all images is chosen from the headers of some, the options going before."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from striate.core.errors import DataError, FileAccessError
from striate.datasets.decoding.image_choice import choose_image_input
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.folders.places import FilePlace
from striate.datasets.options import SourceOptions
from tests.datasets.decoding.test_deep_images import sixteen_bit_png

NOTHING_SAID = SourceOptions()


@pytest.fixture
def save(tmp_path):
    """Write images, Pillow's or arrays of TIFFs or bytes, and give their places."""

    def save_all(*images):
        places = []
        for number, image in enumerate(images):
            path = tmp_path / f"{number}.img"
            if isinstance(image, np.ndarray):
                tifffile.imwrite(path, image, photometric="minisblack", planarconfig="contig")
            elif isinstance(image, bytes):
                path.write_bytes(image)
            else:
                image.save(path, "PNG")
            places.append(FilePlace(path.name, path))
        return places

    return save_all


def grey(height, width):
    return Image.new("L", (width, height))


def colour(height, width):
    return Image.new("RGB", (width, height))


def test_small_images_of_one_size_stay_as_they_are(save):
    chosen, why = choose_image_input(save(grey(28, 20), grey(28, 20)), NOTHING_SAID)
    assert chosen == ImageInput(28, 20, 1)
    assert why == "Images become 28 x 20 (as all of them are), 1 channel (all are grey)."


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(375, 500), (400, 300)], 128),
        ([(600, 600), (600, 600)], 128),
        ([(100, 120), (70, 300)], 64),
        ([(40, 35), (30, 50), (90, 29)], 28),
        ([(10, 12), (9, 14)], 9),
    ],
)
def test_others_become_squares_of_a_usual_side(save, sizes, side):
    chosen, why = choose_image_input(save(*[colour(*size) for size in sizes]), NOTHING_SAID)
    assert chosen == ImageInput(side, side, 3)
    assert why.startswith(f"Images become {side} x {side} (")
    assert ("longer sides are cropped" in why) == (sizes[0] != sizes[1] or sizes[0][0] != sizes[0][1])


def test_one_image_of_colour_makes_all_colour_and_a_grey_palette_does_not(save):
    palette = grey(8, 8).convert("P")
    assert choose_image_input(save(grey(8, 8), palette), NOTHING_SAID)[0].channels == 1
    assert choose_image_input(save(grey(8, 8), colour(8, 8)), NOTHING_SAID)[0].channels == 3
    red = colour(8, 8).convert("P")
    red.putpalette([255, 0, 0])
    assert choose_image_input(save(grey(8, 8), red), NOTHING_SAID)[0].channels == 3


def test_the_bands_of_tiffs_are_kept(save):
    bands = np.zeros((30, 30, 7), np.uint8)
    chosen, why = choose_image_input(save(bands, bands), NOTHING_SAID)
    assert chosen == ImageInput(30, 30, 7)
    assert "7 channels (the bands of their files)" in why


def test_what_the_options_say_is_taken(save):
    options = SourceOptions(size=(50, 70), fit="pad", channels=1, interpolation="area")
    chosen, why = choose_image_input(save(colour(30, 30)), options)
    assert chosen == ImageInput(50, 70, 1, "pad", "area")
    assert why == "Images become 50 x 70 (as asked for), 1 channel (as asked for), shorter sides are padded."


def test_an_image_on_its_side_counts_as_it_is_seen(save):
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    grey(20, 28).save(stream, "PNG", exif=exif)
    assert choose_image_input(save(stream.getvalue()), NOTHING_SAID)[0].shape == (28, 20, 1)


@pytest.mark.parametrize(
    ("highest", "top"), [(200, 255), (1000, 1023), (3900, 4095), (9999, 16383), (16384, 65535)]
)
def test_deep_files_share_the_least_usual_top_that_holds_them(save, highest, top):
    values = np.linspace(0, highest, 400).astype(np.uint16).reshape(20, 20)
    chosen, why = choose_image_input(save(values // 2, values, b"damaged"), NOTHING_SAID)
    assert chosen == ImageInput(20, 20, 1, value_range=(0.0, top))
    assert f"values 0 to {top} become 0 to 255" in why


def test_floats_share_the_range_that_was_seen(save):
    values = np.linspace(-2.5, 7, 400).reshape(20, 20).astype(np.float32)
    assert choose_image_input(save(values, values / 2), NOTHING_SAID)[0].value_range == (-2.5, 7.0)
    assert choose_image_input(save(values * 0), NOTHING_SAID)[0].value_range == (0.0, 1.0)
    assert choose_image_input(save(values * np.nan), NOTHING_SAID)[0].value_range is None


def test_sixteen_bits_are_measured_in_pngs_too(save):
    values = np.full((20, 20), 3000, np.uint16)
    pngs = [sixteen_bit_png(np.dstack([values] * 3)), Image.fromarray(values)]
    for png in pngs:
        assert choose_image_input(save(png), NOTHING_SAID)[0].value_range == (0.0, 4095.0)


def test_files_too_large_are_not_decoded_to_be_measured(save):
    values = np.full((20, 20), 3000, np.uint16)
    assert choose_image_input(save(values), SourceOptions(most_pixels=300))[0].value_range is None


def test_a_file_whose_values_are_damaged_is_not_measured(save):
    values = np.random.default_rng(0).integers(0, 3000, (60, 60)).astype(np.uint16)
    places = save(Image.fromarray(values))
    whole = places[0].path.read_bytes()
    places[0].path.write_bytes(whole[: len(whole) // 2])
    assert choose_image_input(places, NOTHING_SAID)[0].value_range is None


def test_a_spread_sample_is_looked_at_and_no_more(save):
    places = save(grey(8, 8))
    reads = []

    class Counted:
        name, path, order = "a", None, ("a", 0)

        def read(self):
            reads.append(1)
            return places[0].read()

    assert choose_image_input([Counted()] * 5000, NOTHING_SAID)[0].shape == (8, 8, 1)
    assert len(reads) == 200


def test_where_nothing_can_be_read_the_reason_is_said(save, tmp_path):
    with pytest.raises(DataError, match="none of the 2 images can be read; the first one is not an image"):
        choose_image_input(save(b"hello", b""), NOTHING_SAID)
    with pytest.raises(DataError, match="none of the 1 images can be read; the first one cannot be read: No"):
        choose_image_input([FilePlace("gone", tmp_path / "gone")], NOTHING_SAID)
    with pytest.raises(DataError, match="none of the 0 images"):
        choose_image_input([], NOTHING_SAID)
    with pytest.raises(DataError, match="none of the 1 images can be read"):
        choose_image_input(save(Image.new("1", (20_000, 9_500))), NOTHING_SAID)
    with pytest.raises(FileAccessError, match="cannot be read"):
        FilePlace("gone", tmp_path / "gone").read()
