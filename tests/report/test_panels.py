from __future__ import annotations

import numpy as np

from striate.report.album import Album
from striate.report.blocks import Cells, Raster, Vector
from striate.report.panels import show_frames, show_panel, show_sheet
from striate.visualize.base import (
    BarPanel,
    Curves,
    Frames,
    HeatPanel,
    ImagePanel,
    Line,
    LinePanel,
    Panel,
    Sheet,
    TablePanel,
)

PIXELS = np.zeros((4, 4), np.uint8)
LINES = (Line("", "signal", np.arange(3), np.arange(3.0)),)


def test_each_panel_becomes_a_figure_with_its_title_note_and_mark():
    sheet = Sheet("Two", "words", (ImagePanel(PIXELS, "a", "n", "wrong"), HeatPanel(PIXELS, "b")), 2)
    shown = show_sheet(Album(), sheet, by_rows=True)
    assert (shown.title, shown.caption, shown.columns, shown.size) == ("Two", "words", 2, "small")
    first, second = shown.figures
    assert (first.title, first.note, first.mark) == ("a", "n", "wrong")
    assert isinstance(first.picture, Raster)
    assert first.picture.alt == "a, n"
    assert second.title == "b"


def test_panels_flow_freely_unless_their_rows_belong_together():
    assert show_sheet(Album(), Sheet("", "", (ImagePanel(PIXELS),), 3)).columns is None


def test_lines_are_small_without_axes_or_large_with_them():
    small, large = (
        show_panel(Album(), LinePanel(LINES, x_label="step"), one).picture for one in (False, True)
    )
    assert isinstance(small, Vector)
    assert isinstance(large, Vector)
    assert ">step<" not in small.markup
    assert ">step<" in large.markup


def test_a_table_of_numbers_is_coloured_by_them():
    picture = show_panel(Album(), TablePanel(np.array([[2.0, -1.0], [0.0, np.nan]]), "kernel")).picture
    assert picture == Cells(((("2", "for h9"), ("-1", "against h4")), (("0", ""), ("", ""))), "kernel")


def test_a_table_without_a_scale_has_no_colours():
    picture = show_panel(Album(), TablePanel(np.array([[2.0]]), scale="none")).picture
    assert picture == Cells(((("2", ""),),), "picture")


def test_bars_are_written_as_numbers():
    panel = BarPanel(("a", "b"), (("share", np.array([0.5, 1.0])),), "bars")
    assert show_panel(Album(), panel).picture == Cells(
        ((("a", ""), ("0.5", "")), (("b", ""), ("1", ""))), "bars"
    )


def test_an_animation_keeps_its_signs_and_sentences():
    sheet = Sheet("At 0", "1 + 2 = 3", (ImagePanel(PIXELS), TablePanel(np.ones((1, 1)))), 2, ("×",))
    film = show_frames(Album(), Frames("slides", "moves", (sheet, sheet), 0.25))
    assert (film.title, film.seconds, len(film.frames)) == ("slides", 0.25, 2)
    assert (film.frames[0].title, film.frames[0].caption) == ("At 0", "1 + 2 = 3")
    assert film.frames[0].operators == ("×",)


def test_a_frame_that_is_no_sheet_keeps_its_words():
    curves = Curves("c", "said", "x", (Panel("y", LINES),))
    frame = show_frames(Album(), Frames("t", "", (curves,))).frames[0]
    assert (frame.title, frame.caption, frame.figures) == ("c", "said", ())
