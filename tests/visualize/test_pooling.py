"""The three poolings on the same input."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, DataError
from striate.visualize import compare_pooling

FOUR = np.array([[1, 2, 0, 0], [3, 6, 0, 4], [1, 1, 5, 5], [1, 1, 5, 5]])


def test_max_average_and_sum_of_the_same_windows():
    sheet = compare_pooling(FOUR)
    assert [panel.title for panel in sheet.panels] == ["Original", "Max of 2", "Average of 2", "Sum of 2"]
    assert [panel.values.tolist() for panel in sheet.panels[1:]] == [
        [[6, 4], [1, 5]],
        [[3, 1], [1, 5]],
        [[12, 4], [4, 20]],
    ]


def test_windows_may_overlap():
    assert compare_pooling(FOUR, 2, strides=1).panels[1].values.tolist() == [[6, 6, 4], [6, 6, 5], [1, 5, 5]]


@pytest.mark.parametrize("shape", [(6,), (6, 1)])
def test_a_signal_is_pooled_along_its_axis(shape):
    sheet = compare_pooling(torch.tensor([1.0, 2, 3, 4, 5, 9]).reshape(shape), 3)
    assert [panel.lines[0].y.tolist() for panel in sheet.panels[1:]] == [[3, 9], [2, 6], [6, 18]]
    assert sheet.panels[1].lines[0].x.tolist() == [1, 4]
    assert "3 values" in sheet.caption


def test_of_colours_the_mean_is_shown():
    colours = np.stack([FOUR, FOUR + 3, FOUR + 6], axis=-1)
    np.testing.assert_allclose(compare_pooling(colours).panels[0].values, FOUR + 3)


def test_what_cannot_be_pooled_is_refused():
    with pytest.raises(ArgumentError, match=r"a pooling window of 5 does not fit into \(4, 4\)"):
        compare_pooling(FOUR, 5)
    with pytest.raises(DataError, match=r"one image or one signal of numbers; got <U1 of shape \(1,\)"):
        compare_pooling(["x"])
