"""One panel drawn into its axes."""

from __future__ import annotations

import numpy as np
import pytest

from striate.visualize.base import HeatPanel
from striate.visualize.drawing.page import new_figure
from striate.visualize.drawing.panels import draw_panel


@pytest.mark.parametrize("scale", ["positive", "signed"])
def test_the_opacity_of_heat_over_a_picture_follows_its_value(scale):
    values = np.array([[0.0, 0.04, 0.25], [0.5, 0.75, 1.0]])
    low = 0.0 if scale == "positive" else -1.0
    axes = new_figure(2, 2).add_axes((0, 0, 1, 1))
    draw_panel(axes, HeatPanel(values, scale=scale, low=low, high=1.0, over=np.zeros((2, 3))))
    below, heat = axes.images
    assert np.all(below.get_array() == 0.2)
    alpha = np.asarray(heat.get_alpha())
    # Low values leave the picture alone, and half the value covers no more than half.
    assert alpha[0, :2].tolist() == [0.0, 0.0]
    assert 0.1 < alpha[0, 2] < 0.25
    assert 0.3 < alpha[1, 0] < 0.5
    assert alpha[1, 2] == pytest.approx(0.85)
    assert np.all(np.diff(alpha.reshape(-1)[1:]) > 0)


def test_what_speaks_against_is_as_opaque_as_what_speaks_for():
    axes = new_figure(2, 2).add_axes((0, 0, 1, 1))
    draw_panel(axes, HeatPanel(np.array([[-0.6, 0.6]]), low=-1.0, high=1.0, over=np.ones((1, 2))))
    against, speaks = np.asarray(axes.images[1].get_alpha())[0]
    assert against == speaks > 0.4
