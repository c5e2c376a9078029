"""Measures of excitation, by numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.visualize.objective import make_objective

# Two examples of a map of 2 x 2 places and 2 channels.
MAPS = torch.tensor(
    [
        [[[1.0, 10.0], [-2.0, 20.0]], [[3.0, -30.0], [4.0, 40.0]]],
        [[[0.0, 1.0], [0.0, 2.0]], [[0.0, 3.0], [-8.0, 4.0]]],
    ]
)


def measured(units, maps=MAPS, channels=None, at=None, direction=None, whole=False, measure="positive"):
    objective = make_objective(tuple(maps.shape[1:]), channels, at, direction, whole, measure)
    return objective.of(maps, units).tolist()


def test_each_example_is_measured_on_its_own_channel():
    assert measured([0, 1]) == [2.0, 2.5]
    assert measured([1, 0]) == [17.5, 0.0]
    assert measured([0, 0], channels=[1]) == [17.5, 2.5]


def test_the_measures_are_what_is_above_zero_the_mean_and_the_peak():
    assert measured([0, 0], measure="mean") == [1.5, -2.0]
    assert measured([0, 0], measure="peak") == [4.0, 0.0]


def test_a_neuron_and_a_unit_without_places_count_as_they_are():
    assert measured([0, 1], at=(0, 1)) == [-2.0, 2.0]
    assert measured([1, 1], at="centre") == [40.0, 4.0]
    assert measured([1, 0], maps=torch.tensor([[1.0, -2.0], [-3.0, 4.0]])) == [-2.0, -3.0]


def test_a_direction_is_of_length_one():
    assert measured([0, 0], direction=[3.0, 4.0], measure="mean") == pytest.approx([0.6 * 1.5 + 8, -1.2 + 2])


def test_a_whole_layer_is_its_mean_square():
    assert measured([0, 0], whole=True) == [3030 / 8, 94 / 8]


def test_the_search_has_a_slope_below_zero():
    objective = make_objective((2, 2, 2), [0], None, None, False, "positive")
    silent = torch.full((1, 2, 2, 2), -1.0, requires_grad=True)
    (slope,) = torch.autograd.grad(objective.climbed(silent, [0]).sum(), [silent])
    assert torch.all(slope[..., 0] > 0)
    assert torch.all(slope[..., 1] == 0)
    assert objective.of(silent, [0]).item() == 0


def test_units_are_named():
    assert make_objective((4, 4, 3), None, None, None, False, "mean").names == ("0", "1", "2")
    assert make_objective((4, 4, 3), np.int64(2), (1, 3), None, False, "mean").names == ("2 at 1, 3",)
    assert make_objective((4, 4, 3), None, None, np.eye(3), False, "mean").names[1] == "direction 1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 3}, "the layer has 3 channels, counted from 0; there is no 3"),
        ({"channels": [True]}, "the layer has 3 channels, counted from 0; there is no True"),
        ({"channels": []}, "no channel was named; None means all of them"),
        ({"at": (4, 0)}, r"at is 'centre' or a place in the layer's map of \(4, 4\); got \(4, 0\)"),
        ({"at": 2}, r"at is 'centre' or a place in the layer's map of \(4, 4\); got 2"),
        ({"whole": True, "at": (0, 0)}, "the whole layer has no single place"),
        ({"whole": True, "channels": 1}, "excite either channels, a direction, or the whole layer"),
        ({"measure": "median"}, "measure must be one of 'positive', 'mean', 'peak'; got 'median'"),
    ],
)
def test_what_is_not_there_is_refused(options, message):
    given = {"channels": None, "at": None, "direction": None, "whole": False, "measure": "mean"} | options
    with pytest.raises(ArgumentError, match=message):
        make_objective((4, 4, 3), **given)


@pytest.mark.parametrize("direction", [[1.0, 2.0], [0.0, 0.0, 0.0], np.ones((2, 2, 3))])
def test_a_direction_that_does_not_fit_is_refused(direction):
    with pytest.raises(
        ShapeError, match="a direction has one number for each of the layer's 3 channels, not all"
    ):
        make_objective((4, 4, 3), None, None, direction, False, "mean")
