from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from striate.report.album import Album, heat_to_rgb
from striate.visualize.base import HeatPanel, ImagePanel


def decoded(source: str) -> np.ndarray:
    kind, _, content = source.partition(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def test_a_small_picture_is_kept_exactly():
    album, pixels = Album(), noise(28, 20, 3)
    picture = album.add(pixels, "a thing")
    assert (picture.width, picture.height, picture.alt) == (20, 28, "a thing")
    assert (decoded(album.source(picture.number)) == pixels).all()


def test_grey_and_shares_of_one_come_out_as_colours():
    album = Album()
    shares = np.array([[0.0, 0.5], [1.0, 0.25]])
    found = decoded(album.source(album.add(shares, "").number))
    assert found[..., 0].tolist() == [[0, 128], [255, 64]]
    assert (found == found[..., :1]).all()


def test_a_large_picture_is_made_smaller_but_keeps_its_proportions():
    album = Album()
    picture = album.add(noise(300, 600, 3), "wide")
    assert decoded(album.source(picture.number)).shape == (64, 128, 3)
    assert (picture.width, picture.height) == (600, 300)


def test_equal_pictures_are_kept_once_and_written_once():
    album = Album()
    first, second = (album.add(noise(8, 8), alt) for alt in ("one", "two"))
    other = album.add(noise(9, 9), "three")
    assert first.number == second.number != other.number
    assert album.source(first.number) is not None
    assert album.source(second.number) is None
    assert list(album.left({first.number, other.number})) == [str(other.number)]
    assert album.size_of(first.number) > 0


def test_a_box_is_handed_on_as_left_top_width_height():
    album = Album()
    panel = ImagePanel(noise(9, 9), box=(1, 2, 3, 4))
    assert album.add_panel(panel, "boxed").box == (2, 1, 4, 3)
    assert album.add_panel(ImagePanel(noise(9, 9)), "plain").box is None


def test_signed_numbers_are_blue_above_zero_vermilion_below_and_grey_where_there_are_none():
    found = heat_to_rgb(HeatPanel(np.array([[2.0, -2.0, 0.0, np.nan]])))
    assert found.shape == (1, 4, 3)
    assert found[0, 0, 2] > found[0, 0, 0]
    assert found[0, 1, 0] > found[0, 1, 2]
    assert found[0, 2] == pytest.approx([1, 1, 1], abs=0.01)
    assert found[0, 3] == pytest.approx([0.851] * 3, abs=0.01)


def test_over_an_image_only_what_counts_is_coloured():
    over = np.full((4, 6), 0.5)
    heat = np.zeros((2, 3))
    heat[0, 0] = 1.0
    found = heat_to_rgb(HeatPanel(heat, scale="positive", over=over))
    assert found.shape == (4, 6, 3)
    assert found[3, 5] == pytest.approx([0.6, 0.6, 0.6])
    assert found[0, 0, 0] > found[0, 0, 2] + 0.3
