"""Sheets: panels of all kinds stand where they should, and no text is cut off or runs into another."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from striate.visualize import Line, Sheet, draw, encode
from striate.visualize.base import BarPanel, HeatPanel, ImagePanel, LinePanel, TablePanel

GENERATOR = np.random.default_rng(0)
GREY = GENERATOR.random((12, 10))
LINE = Line("value", "signal", np.arange(20), GENERATOR.normal(size=20))
SLOPE = Line("slope", "second", np.arange(20), GENERATOR.normal(size=20))
PANELS = {
    "bytes": ImagePanel(GENERATOR.integers(0, 256, (9, 9, 3), np.uint8), "An image", "a note"),
    "grey": ImagePanel(GREY[..., None], "right", mark="right", box=(1, 2, 3, 4)),
    "tall": ImagePanel(GENERATOR.random((90, 3)), "A tall strip"),
    "large": ImagePanel(GENERATOR.random((300, 200)), "many pixels"),
    "signed": HeatPanel(GREY - 0.5, "signed", bar=True),
    "positive": HeatPanel(GREY, scale="positive", bar=True, mark="wrong"),
    "missing": HeatPanel(np.where(GREY > 0.5, GREY, np.nan), scale="grey"),
    "even": HeatPanel(np.zeros((3, 3)), "nothing"),
    "over": HeatPanel(GREY[::3, ::3], "over", scale="positive", over=GENERATOR.random((30, 24, 3))),
    "over signed": HeatPanel(GREY - 0.5, over=GREY, path=np.array([[1.0, 2.0], [3.0, 4.0]])),
    "line": LinePanel((LINE,), "a line", x_label="step", y_label="value", shade=LINE.y),
    "lines": LinePanel((LINE, SLOPE), "two lines", "a note", points=((3.0, 0.1, "here"),)),
    "kernel": TablePanel(np.array([[-1.0, 8, -1], [0.123456, np.nan, 1e-7]]), "kernel"),
    "plain table": TablePanel(np.arange(4.0)[None], scale="none"),
    "bars": BarPanel(
        ("cat", "a long name"), (("recall", np.array([0.5, 0.2])), ("precision", np.array([1, 0.1])))
    ),
    "diagonal": BarPanel(("0", "1"), (("share", np.array([0.1, 0.9])),), diagonal=True, x_label="answer"),
}


def sheet_of(*panels, **options):
    return Sheet("A sheet", "What is to be seen on it.", panels, **options)


def texts_of(figure):
    figure.draw_without_rendering()
    return [(text.get_text(), text.get_window_extent()) for text in figure.texts if text.get_text()]


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_every_kind_of_panel_is_drawn_as_png_and_svg(panel):
    assert encode(sheet_of(panel)).startswith(b"\x89PNG")
    assert b"<svg" in encode(sheet_of(panel), "svg")


@pytest.mark.parametrize("columns", [1, 3, 5, 8])
def test_no_text_runs_into_another_or_off_the_page(columns):
    panels = [
        ImagePanel(GREY, f"Feature number {number} of a layer with a long name", "0.0123 to 123.4")
        for number in range(10)
    ]
    picture = sheet_of(*panels, columns=columns)
    for (one, first), (other, second) in itertools.combinations(texts_of(draw(picture)), 2):
        assert not first.overlaps(second), (one, other)
    pixels = np.asarray(Image.open(io.BytesIO(encode(picture))).convert("L"))
    assert min(side.min() for side in (pixels[:10], pixels[-10:], pixels[:, :10], pixels[:, -10:])) == 255


def test_panels_of_all_kinds_on_one_sheet_do_not_cover_each_other():
    figure = draw(sheet_of(*PANELS.values(), columns=4))
    figure.draw_without_rendering()
    boxes = [axes.get_window_extent() for axes in figure.axes if axes.axison]
    for first, second in itertools.combinations(boxes, 2):
        assert not first.overlaps(second)


def test_pixels_keep_their_proportions():
    figure = draw(sheet_of(ImagePanel(np.zeros((20, 40))), ImagePanel(np.zeros((40, 20)))))
    wide, tall = (axes.get_window_extent() for axes in figure.axes)
    assert wide.width / wide.height == pytest.approx(2)
    assert tall.width / tall.height == pytest.approx(0.5)


def test_operators_stand_between_the_panels_of_each_row():
    table = TablePanel(np.eye(2))
    figure = draw(sheet_of(*[table] * 6, columns=3, operators=("×", "=")))
    places = {text.get_text(): [] for text in figure.texts}
    for text in figure.texts:
        places[text.get_text()].append(text.get_position()[0])
    first, second, third = (axes.get_position() for axes in figure.axes[:3])
    assert len(places["×"]) == len(places["="]) == 2
    assert all(first.x1 < x < second.x0 for x in places["×"])
    assert all(second.x1 < x < third.x0 for x in places["="])


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (7, 3), (9, 9), (21, 21)])
def test_cells_of_a_table_are_square(shape):
    values = np.random.default_rng(0).normal(size=shape)
    axes = draw(sheet_of(TablePanel(values, "kernel"), ImagePanel(GREY))).axes[0]
    box = axes.get_window_extent()
    assert box.width / shape[1] == pytest.approx(box.height / shape[0])


def test_numbers_are_left_out_above_7_by_7_cells_and_where_there_are_none():
    figure = draw(
        sheet_of(*(TablePanel(np.ones(shape)) for shape in ((7, 7), (8, 8), (1, 16), (9, 1), (6, 9))))
    )
    assert [len(axes.texts) for axes in figure.axes] == [49, 0, 16, 9, 0]
    assert not draw(sheet_of(TablePanel(np.full((3, 3), np.nan)))).axes[0].texts


def test_a_table_keeps_room_for_letters_that_come_later():
    empty, full = np.array([[1.0, np.nan]]), np.array([[1.0, -0.123]])
    letters = [
        draw(sheet_of(TablePanel(values, letters=6))).axes[0].get_window_extent().width
        for values in (empty, full)
    ]
    assert letters[0] == letters[1]


def test_right_and_wrong_have_hues_of_their_own_and_a_frame():
    figure = draw(sheet_of(ImagePanel(GREY, "cat", mark="right"), ImagePanel(GREY, "dog", mark="wrong")))
    colours = {text.get_text(): text.get_color() for text in figure.texts}
    assert colours["cat"] != colours["dog"]
    assert figure.axes[0].spines["top"].get_linewidth() > 2


def test_signed_colours_lie_evenly_around_white():
    figure = draw(sheet_of(HeatPanel(np.array([[-1.0, 0.0, 4.0]]))))
    image = figure.axes[0].images[0]
    assert image.norm.vmin == -4.0
    colours = image.cmap(image.norm(np.array([-4.0, 0.0, 4.0])))
    np.testing.assert_allclose(colours[1, :3], 1.0, atol=0.02)
    assert colours[0, 0] > colours[0, 2]
    assert colours[2, 2] > colours[2, 0]


def test_a_window_is_outlined_at_the_edges_of_its_pixels():
    figure = draw(sheet_of(ImagePanel(GREY, box=(1, 2, 3, 4))))
    (box,) = figure.axes[0].patches
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (1.5, 0.5, 4, 3)


def test_many_panels_fill_rows_of_equal_length():
    figure = draw(sheet_of(*[ImagePanel(GREY)] * 64))
    assert len({round(axes.get_position().x0, 6) for axes in figure.axes}) == 8
    assert len({round(axes.get_position().y0, 6) for axes in figure.axes}) == 8


def test_mathematics_in_titles_is_written_as_it_is():
    figure = draw(sheet_of(ImagePanel(GREY, "$a_b$ \\frac", "$"), LinePanel((LINE,), x_label="$x_")))
    assert all(not text.get_parse_math() for text in figure.texts)
    assert encode(sheet_of(ImagePanel(GREY, "$a_b$ \\frac", "$")))


def test_lines_keep_to_the_vertical_ends_that_they_are_given():
    figure = draw(sheet_of(LinePanel((LINE,), y_limits=(-10.0, 90.0)), LinePanel((LINE,))))
    np.testing.assert_allclose(figure.axes[0].get_ylim(), (-18, 98))
    assert figure.axes[1].get_ylim()[1] < 10
