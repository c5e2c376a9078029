"""Numbers in cells are short and can be told apart."""

from __future__ import annotations

import pytest

from striate.visualize.drawing.numbers import number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (-8, "-8"), (0.25, "0.25"), (1 / 3, "0.333"), (1234.567, "1235"), (1.2e-5, "1.2e-05"),
     (float("nan"), ""), (float("inf"), "inf"), (99_999, "99999")],
)  # fmt: skip
def test_numbers_are_written_short(value, text):
    assert number_text(value) == text
