"""Graphs of activation functions: values and slopes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, UnknownNameError
from striate.visualize import plot_activations


def test_the_usual_functions_are_drawn_with_their_derivatives():
    sheet = plot_activations()
    assert len(sheet.panels) == 12
    for panel in sheet.panels:
        function, slope = panel.lines
        middle = (function.y[2:] - function.y[:-2]) / (function.x[2:] - function.x[:-2])
        smooth = np.abs(np.diff(slope.y, 2)) < 1e-3
        np.testing.assert_allclose(slope.y[1:-1][smooth], middle[smooth], atol=2e-3)


def test_functions_are_taken_by_name_or_as_they_are():
    sheet = plot_activations(["relu", torch.tanh], low=-1, high=1)
    assert [panel.title for panel in sheet.panels] == ["relu", "tanh"]
    np.testing.assert_array_equal(sheet.panels[0].lines[0].y, np.maximum(sheet.panels[0].lines[0].x, 0))
    assert len(plot_activations("gelu").panels) == 1


def test_what_has_no_graph_is_refused():
    with pytest.raises(UnknownNameError, match=r"no activation called 'rellu'\. Did you mean 'relu'"):
        plot_activations("rellu")
    with pytest.raises(ArgumentError, match="'softmax' works on several values at once"):
        plot_activations("softmax")
    with pytest.raises(ArgumentError, match="from low to a higher end; got 2 to 2"):
        plot_activations("relu", 2, 2)
