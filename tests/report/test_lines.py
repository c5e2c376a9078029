from __future__ import annotations

import re

import numpy as np
import pytest

from striate.report.lines import MOST_POINTS, draw_curves, draw_panel, draw_small, ticks
from striate.visualize.base import Line, LinePanel
from striate.visualize.training_curves import compare_training


def strokes(markup: str, role: str) -> list[list[tuple[float, float]]]:
    found = re.findall(rf'class="line {role}" points="([^"]*)"', markup)
    return [[tuple(map(float, point.split(","))) for point in one.split()] for one in found]


def line(y: list[float], name: str = "", role: str = "first") -> Line:
    return Line(name, role, np.arange(len(y)), np.array(y, dtype=float))


def test_the_highest_value_is_drawn_highest_and_the_first_point_leftmost():
    (points,) = strokes(draw_panel(LinePanel((line([0.0, 3.0, 1.0]),)), "alt"), "first")
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert points[1][1] < points[2][1] < points[0][1]


def test_a_line_is_cut_where_values_are_missing():
    (first, second) = strokes(draw_small(LinePanel((line([1, 2, np.nan, 3, 4]),)), "alt"), "first")
    assert (len(first), len(second)) == (2, 2)


def test_a_long_line_is_thinned_out_but_keeps_its_peaks():
    values = np.zeros(10_000)
    values[4321] = 9.0
    (points,) = strokes(draw_small(LinePanel((line(list(values)),)), "alt"), "first")
    assert len(points) <= 2 * MOST_POINTS
    assert min(y for _, y in points) < max(y for _, y in points) - 50


def test_a_line_of_one_value_has_room_around_it():
    (points,) = strokes(draw_small(LinePanel((line([2.0, 2.0]),)), "alt"), "first")
    assert len({y for _, y in points}) == 1


def test_a_line_without_any_value_is_left_out():
    assert strokes(draw_small(LinePanel((line([np.nan, np.nan]),)), "alt"), "first") == []


def test_names_are_escaped_everywhere():
    panel = LinePanel(
        (line([1, 2], "<b>one"), line([2, 1], "two&", "second")),
        x_label="<i>",
        y_label="<u>",
        points=((0.0, 1.0, "<s>"),),
    )
    markup = draw_panel(panel, 'alt "<x>"')
    assert re.search(r"<(b|i|u|s|x)>", markup) is None
    assert "&lt;b&gt;one" in markup
    assert 'aria-label="alt &#34;&lt;x&gt;&#34;"' in markup


def test_the_ground_is_shaded_by_sign_and_strength():
    panel = LinePanel((line([0, 0, 0, 0]),), shade=np.array([1.0, -1.0, 0.0, 0.5]))
    assert re.findall(r'class="heat (\w+ h\d)"', draw_panel(panel, "")) == ["for h9", "against h9", "for h4"]


def test_curves_have_a_dot_for_each_epoch_a_legend_and_the_mark():
    curves = compare_training({"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.7]})
    markup = draw_curves(curves.panels[0], curves, "alt")
    assert markup.count('class="dot training"') == markup.count('class="dot validation"') == 3
    ((mark, _),) = strokes(markup, "marked")
    (validation,) = (points for points in strokes(markup, "validation") if len(points) == 3)
    assert mark[0] == validation[1][0]
    assert ">training</text>" in markup


def test_an_epoch_without_a_number_has_no_dot():
    curves = compare_training({"loss": [1.0, np.nan, 0.4]})
    assert draw_curves(curves.panels[0], curves, "alt").count('class="dot training"') == 2


@pytest.mark.parametrize(
    ("ends", "whole", "wanted"),
    [
        ((0, 10), False, [0, 2, 4, 6, 8, 10]),
        ((0.13, 0.94), False, [0.2, 0.4, 0.6, 0.8]),
        ((1, 2), True, [1, 2]),
        ((-1e-5, 1e-5), False, [-1e-5, -5e-6, 0, 5e-6, 1e-5]),
        ((1, 60), True, [20, 40, 60]),
    ],
)
def test_ticks_are_round_numbers_within_the_ends(ends, whole, wanted):
    assert ticks(*ends, 5, whole) == pytest.approx(wanted)


def test_an_axis_of_shares_ends_at_one():
    curves = compare_training({"loss": [3.0, 1.5], "accuracy": [0.5, 1.0]})
    loss, accuracy = (draw_curves(panel, curves, "alt") for panel in curves.panels)
    # Room above the highest loss; the highest share lies at the upper end, 26 pixels down.
    assert min(y for _, y in strokes(loss, "training")[0]) > 30
    assert min(y for _, y in strokes(accuracy, "training")[0]) == 26
    (points,) = strokes(draw_panel(LinePanel((line([0.25, 0.75]),), y_label="share"), "alt"), "first")
    # A quarter of the height from both ends.
    assert points[0][1] - points[1][1] == pytest.approx((220 - 34 - 26) / 2, abs=0.2)


def test_words_at_a_point_stay_inside_the_drawing():
    panel = LinePanel((line([0.0, 1.0]),), y_label="share", points=((0.0, 0.5, "left"), (1.0, 1.0, "far")))
    markup = draw_panel(panel, "alt")
    assert re.search(r'text-anchor="start">left<', markup)
    assert re.search(r'y="42.0" text-anchor="end">far<', markup)
