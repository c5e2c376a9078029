"""Numbers in cells are short and can be told apart."""

from __future__ import annotations

import pytest

from striate.visualize.drawing.numbers import number_text, texts_that_agree


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (-8, "-8"), (0.25, "0.25"), (1 / 3, "0.333"), (1234.567, "1235"), (1.2e-5, "1.2e-05"),
     (float("nan"), ""), (float("inf"), "inf"), (99_999, "99999"), (999.67, "999.7"), (12_345.6, "12346")],
)  # fmt: skip
def test_numbers_are_written_short(value, text):
    assert number_text(value) == text


def test_as_many_digits_are_written_as_it_takes_to_add_up():
    assert texts_that_agree([1.5, 2.5], 4.0, sum) == (["1.5", "2.5"], "4")
    assert texts_that_agree([2 / 3] * 3, 2.0, sum) == (["0.667"] * 3, "2")
    texts, total = texts_that_agree([1000 / 3] * 7, 7000 / 3, sum)
    assert (texts[0], total) == ("333.33", "2333.3")
    assert texts_that_agree([1.0, 1 / 3], 4 / 3, sum, least=6) == (["1", "0.333333"], "1.33333")


def test_what_cancels_out_is_written_as_0():
    assert texts_that_agree([1 / 3, -1 / 3], 1e-17, sum) == (["0.333", "-0.333"], "0")
