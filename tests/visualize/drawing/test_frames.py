"""Animations as GIF, and as a strip of the first frames."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError
from striate.visualize import Frames, Sheet, draw, encode, save
from striate.visualize.base import ImagePanel


def frames(count, seconds=0.3):
    return Frames(
        "A film",
        "It moves.",
        tuple(
            Sheet(f"Frame {number}", "c" * number, (ImagePanel(np.eye(4 + number)),))
            for number in range(count)
        ),
        seconds,
    )


def test_a_gif_has_every_frame_on_one_size_of_paper_for_its_time_and_goes_round(tmp_path):
    save(frames(3), tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert (film.n_frames, film.info["loop"], film.info["duration"]) == (3, 0, 300)
        sizes = set()
        for number in range(3):
            film.seek(number)
            sizes.add(film.size)
    assert len(sizes) == 1


def test_paper_is_white_in_a_gif(tmp_path):
    colours = ImagePanel(np.random.default_rng(0).integers(230, 256, (64, 64, 3), np.uint8))
    save(Frames("A film", "It moves.", (Sheet("One", "c", (colours,)),) * 2), tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_the_same_frames_give_the_same_bytes():
    assert encode(frames(2), "gif") == encode(frames(2), "gif")


@pytest.mark.parametrize(
    ("count", "said"), [(6, "It moves."), (7, "1 more frame follows"), (9, "3 more frames follow")]
)
def test_a_strip_shows_the_first_six_and_says_what_follows(count, said):
    figure = draw(frames(count))
    assert len(figure.axes) == 6
    assert said in figure.texts[-1].get_text().replace("\n", " ")


def test_frames_are_drawn_as_png_and_svg():
    with Image.open(io.BytesIO(encode(frames(2)))) as image:
        assert image.format == "PNG"
    assert b"<svg" in encode(frames(2), "svg")


def test_in_a_notebook_frames_move_and_other_pictures_stand_still():
    shown = frames(2)._repr_html_()
    assert shown.startswith('<img src="data:image/gif;base64,R0lG')
    assert 'alt="It moves."' in shown
    assert frames(1).frames[0]._repr_png_().startswith(b"\x89PNG")


def test_only_frames_become_a_gif(tmp_path):
    sheet = frames(1).frames[0]
    with pytest.raises(ArgumentError, match=r"pictures are written as \.png or \.svg; got '.*still\.gif'"):
        save(sheet, tmp_path / "still.gif")
    with pytest.raises(ArgumentError, match="a picture is drawn as 'png' or 'svg'; got 'gif'"):
        encode(sheet, "gif")
    with pytest.raises(ArgumentError, match=r"as \.png or \.svg or \.gif; got 'film\.mp4'"):
        save(frames(1), "film.mp4")
