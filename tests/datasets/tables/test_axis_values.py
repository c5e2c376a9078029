"""Headers become the values of an axis, with what they have in common as its label."""

from __future__ import annotations

import pytest

from striate.datasets.tables.axis_values import axis_from_headers


@pytest.mark.parametrize(
    ("headers", "label", "values"),
    [
        (["400", "401", "402"], "", [400, 401, 402]),
        (["-1", "0", "1"], "", [-1, 0, 1]),
        (["3,5", "3,25", "3,0"], "", [3.5, 3.25, 3]),
        (["1e-3", "1e-2"], "", [0.001, 0.01]),
        (["t0", "t1", "t10"], "t", [0, 1, 10]),
        (["nm 400", "nm 401"], "nm", [400, 401]),
        (["wl_400nm", "wl_402nm"], "wl nm", [400, 402]),
        (["4000 cm-1", "3990 cm-1"], "cm-1", [4000, 3990]),
        (["cm-1 4000", "cm-1 4010"], "cm-1", [4000, 4010]),
        (["X-2", "X-1"], "X", [-2, -1]),
        (["absorbance (1.5)", "absorbance (1.7)"], "absorbance", [1.5, 1.7]),
    ],
)
def test_numbers_are_read_out_of_headers(headers, label, values):
    axis = axis_from_headers(headers)
    assert (axis.label, axis.values.tolist()) == (label, values)


@pytest.mark.parametrize(
    "headers",
    [["red", "green"], ["400"], [], ["1", "3", "2"], ["1", "1", "2"], ["", "2"], ["1", "inf"], ["a1", "b2"]],
)
def test_other_headers_are_no_axis(headers):
    assert axis_from_headers(headers) is None
