"""The search's settings, and its parts by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.visualize.ascent import Ascent, Scale, chances, climb, settle_input, total_variation
from striate.visualize.fourier import Waves
from striate.visualize.model_input import ModelInput
from striate.visualize.transformations import Robustness


def taken(shape, value_range=(0.0, 255.0)):
    channels = shape[-1] if shape else None
    return ModelInput(shape, channels, value_range, "channels_last", torch.float32, torch.device("cpu"))


def test_total_variation_adds_the_mean_squares_along_each_axis():
    image = torch.tensor([[[[0.0], [2.0]], [[1.0], [1.0]]]])
    # Down the squares are 1 and 1, across they are 4 and 0.
    assert total_variation(image).tolist() == [1.0 + 2.0]
    assert total_variation(torch.ones(3, 1, 5, 2)).tolist() == [0.0] * 3


def test_a_search_reaches_what_it_climbs_towards():
    wanted = torch.tensor([0.2, 0.9, 0.9, 0.1]).reshape(1, 4, 1)
    plan = Ascent(steps=300, smoothness=0, moderation=0, robustness=Robustness())
    chance = chances(0, [(0,)])
    waves = Waves((4, 1), chance)
    scale = Scale(np.asarray(0.0), np.asarray(10.0))
    found = climb(
        lambda values, shares: -(values / 10 - wanted).square().sum((1, 2)), waves, plan, chance, scale
    )
    torch.testing.assert_close(found, wanted * 10, atol=0.05, rtol=0)


def test_moderation_holds_on_to_where_the_search_began():
    chance = chances(0, [(0,)])
    reached = []
    for weight in (0.0, 1.0, 100.0):
        waves = Waves((8, 1), chance)
        waves.begin_from(torch.full((1, 8, 1), 0.25))
        plan = Ascent(300, 0.1, smoothness=0, moderation=weight, robustness=Robustness())
        scale = Scale(np.asarray(0.0), np.asarray(1.0))
        reached.append(float(climb(lambda values, _: values.mean((1, 2)), waves, plan, chance, scale).mean()))
    assert reached[0] == pytest.approx(1.0)
    # Where the slope 1 of the mean equals that of weight * (x - 0.25)^2.
    assert reached[1] == pytest.approx(0.75, abs=0.02)
    assert reached[2] == pytest.approx(0.255, abs=0.02)


def test_smoothness_evens_out():
    def rough(smoothness):
        chance = chances(0, [(0,)])
        plan = Ascent(300, 0.2, smoothness=smoothness, moderation=0, robustness=Robustness())
        signs = torch.tensor([1.0, -1.0] * 4).reshape(1, 8, 1)
        scale = Scale(np.asarray(0.0), np.asarray(1.0))
        waves = Waves((8, 1), chance)
        return total_variation(
            climb(lambda values, _: (values * signs).mean((1, 2)), waves, plan, chance, scale)
        )

    assert rough(0.0) > 0.9
    assert rough(10.0) < 0.01


def test_values_go_between_shares_and_the_range_also_by_channel():
    scale = Scale(np.array([0.0, -1.0]), np.array([10.0, 1.0]))
    assert scale.to_values(torch.tensor([0.5, 0.75])).tolist() == [5.0, 0.5]
    np.testing.assert_allclose(scale.to_shares(np.array([[5.0, 0.5], [20.0, -3.0]])), [[0.5, 0.75], [1, 0]])


def test_shape_and_range_are_the_model_s_unless_told():
    shape, scale = settle_input(taken((28, 28, 1)), None, None)
    assert shape == (28, 28, 1)
    assert (scale.low, scale.high) == (0, 255)
    assert settle_input(taken((None, None, 3)), (8, 9), (-1, 1))[0] == (8, 9, 3)
    assert settle_input(taken((None, 2)), 50, None)[0] == (50, 2)


@pytest.mark.parametrize(
    ("shape", "size", "message"),
    [
        ((7,), None, r"inputs are found for images .* takes \(7,\)\."),
        ((8, 8, 8, 1), None, r"inputs are found for images"),
        ((8, 8, 1), (4, 4, 4), r"takes \(8, 8, 1\), and size is \(4, 4, 4\)"),
        ((None, None, 3), None, r"inputs of any size, \(None, None, 3\): say size=, such as size=64"),
    ],
)
def test_inputs_of_another_kind_or_of_no_size_are_refused(shape, size, message):
    with pytest.raises(ShapeError, match=message):
        settle_input(taken(shape), size, None)


def test_a_range_without_extent_is_refused():
    with pytest.raises(
        ArgumentError, match=r"value_range is \(low, high\), numbers or one a channel; got \(1, 1\)"
    ):
        settle_input(taken((8, 8, 1)), None, (1, 1))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 0}, "steps is a whole number from 1 up; got 0"),
        ({"learning_rate": 0}, "learning_rate is above 0, smoothness and moderation from 0 up"),
        ({"smoothness": -1}, "learning_rate is above 0, smoothness and moderation from 0 up"),
        ({"seed": -1}, "seed is a whole number from 0 up; got -1"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(ArgumentError, match=message):
        Ascent(**wrong)
