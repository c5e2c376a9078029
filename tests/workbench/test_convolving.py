"""`striate convolve`: files in, a picture out."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, DataError, FileAccessError, UnknownNameError
from striate.visualize.base import Frames, LinePanel
from striate.workbench.convolving import Sliding, draw_convolution, draw_poolings


@pytest.fixture
def photo(here) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 700, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    return "photo.png"


def test_an_image_is_drawn_beside_what_each_kernel_makes_of_it(photo, here):
    found = draw_convolution(photo, ["edge", "[[1, 0], [0, 1]]"], Sliding(strides=2, pooling="average"))
    assert found.file.read_bytes().startswith(b"\x89PNG")
    titles = [panel.title for panel in found.picture.panels]
    assert titles[0] == "Original"
    assert "edge" in titles
    # Large images are brought down to what a panel can show.
    assert found.picture.panels[0].pixels.shape[1] == 320
    assert found.picture.caption.endswith("scaled down first: shown at 18 × 320 of 40 × 700 pixels.")


def test_without_kernels_the_usual_ones_are_taken(photo):
    assert len(draw_convolution(photo, grey=True, out="all.svg").picture.panels) > 10


def test_a_window_slides_over_a_small_copy(photo):
    found = draw_convolution(photo, ["edge"], animate=True, grey=True)
    assert isinstance(found.picture, Frames)
    assert found.file.read_bytes().startswith(b"GIF8")
    said = "shown at 8 × 140 of 40 × 700 pixels, of which the first 8 × 16 are taken."
    assert found.picture.caption.endswith(said)
    with pytest.raises(ArgumentError, match=r"the window of one kernel; leave pooling out"):
        draw_convolution(photo, ["edge"], Sliding(pooling="max"), animate=True)


def test_a_row_of_a_table_takes_kernels_of_one_axis(here):
    rows = np.random.default_rng(0).normal(size=(3, 30)).round(3)
    np.savetxt("waves.csv", rows, delimiter=",")
    found = draw_convolution("waves.csv", ["[-1, 2, -1]"], row=2)
    assert isinstance(found.picture.panels[0], LinePanel)
    assert np.allclose(found.picture.panels[0].lines[0].y, rows[1])
    with pytest.raises(DataError, match=r"waves\.csv holds 3 signals, counted from 1; got row 4"):
        draw_convolution("waves.csv", row=4)


def test_poolings_are_drawn_side_by_side(photo):
    found = draw_poolings(photo, 4)
    assert found.file.is_file()
    assert "shown at 18 × 320 of 40 × 700" in found.picture.caption


def test_a_small_image_is_shown_as_it_is_and_nothing_is_said(here):
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save("small.png")
    assert "scaled down" not in draw_convolution("small.png", ["blur"]).picture.caption


def test_a_missing_image_and_an_unknown_kernel_are_said(photo):
    with pytest.raises(FileAccessError, match=r"there is no image or table nothing\.png \(seen from"):
        draw_convolution("nothing.png")
    with pytest.raises(UnknownNameError, match=r"no kernel called 'eddge'\. Did you mean 'edge'"):
        draw_convolution(photo, ["eddge"])
