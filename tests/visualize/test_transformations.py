"""Small changes of an input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError
from striate.visualize.transformations import Robustness, usual_robustness

IMAGE = torch.arange(24.0).reshape(1, 4, 6, 1)


def changed(x: torch.Tensor, turn: float = 0.0, size: float = 1.0, across: float = 0, down: float = 0):
    return Robustness(1, 0.5, 90.0).apply(x, np.array([[turn, size, across, down]]))


def test_nothing_drawn_changes_nothing():
    torch.testing.assert_close(changed(IMAGE), IMAGE)
    assert Robustness().apply(IMAGE, np.zeros((1, 4))) is IMAGE


def test_a_shift_moves_pixels_and_brings_in_the_mirror_image():
    rows = torch.tensor([1.0, 2.0, 3.0, 4.0])
    torch.testing.assert_close(
        changed(rows.reshape(1, 4, 1), across=1).flatten(), torch.tensor([2.0, 3, 4, 4])
    )
    torch.testing.assert_close(
        changed(rows.reshape(1, 4, 1), across=-2).flatten(), torch.tensor([2.0, 1, 1, 2])
    )
    torch.testing.assert_close(changed(IMAGE, down=1)[0, :3], IMAGE[0, 1:])


def test_a_quarter_turn_is_that_of_the_array():
    square = torch.arange(9.0).reshape(1, 3, 3, 1)
    turned = changed(square, turn=math.pi / 2)[0, :, :, 0].numpy()
    np.testing.assert_allclose(turned, np.rot90(square[0, :, :, 0].numpy()), atol=1e-5)


def test_a_half_turn_of_an_oblong_keeps_its_shape():
    torch.testing.assert_close(changed(IMAGE, turn=math.pi), IMAGE.flip(1, 2), atol=1e-4, rtol=0)


def test_a_turned_oblong_is_not_sheared():
    # A small square in a wide image stays as wide as it is high: its spread along both axes is the same.
    image = torch.zeros(1, 21, 41, 1)
    image[0, 8:13, 18:23] = 1
    turned = changed(image, turn=math.pi / 4)[0, :, :, 0]
    down, across = (turned.sum(axis) for axis in (1, 0))
    spreads = [
        float((values * (torch.arange(len(values)) - len(values) // 2).square()).sum() / values.sum())
        for values in (down, across)
    ]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.02)


def test_twice_the_size_shows_the_middle_half():
    ramp = torch.arange(8.0).reshape(1, 8, 1)
    torch.testing.assert_close(changed(ramp, size=2.0).flatten(), torch.arange(8) / 2 + 1.75)


def test_what_is_drawn_stays_within_bounds_and_is_an_example_s_own():
    robustness = Robustness(jitter=2, scale=0.1, rotation=5.0)
    drawn = robustness.draw([np.random.default_rng(seed) for seed in (0, 1)], 500)
    assert drawn.shape == (2, 500, 4)
    assert np.abs(drawn[..., 0]).max() <= math.radians(5)
    assert drawn[..., 1].min() >= 1 / 1.1
    assert drawn[..., 1].max() <= 1.1
    assert set(np.unique(drawn[..., 2:])) == {-2, -1, 0, 1, 2}
    np.testing.assert_array_equal(robustness.draw([np.random.default_rng(1)], 500)[0], drawn[1])


def test_small_inputs_are_shifted_alone_and_tiny_ones_left():
    assert usual_robustness((4, 4)) == Robustness()
    assert usual_robustness((28, 28)) == Robustness(jitter=1)
    assert usual_robustness((224, 224)) == Robustness(jitter=14, scale=0.08, rotation=6.0)
    assert usual_robustness((200,)).rotation == 0


@pytest.mark.parametrize("wrong", [{"jitter": -1}, {"scale": 1.0}, {"rotation": -3.0}])
def test_changes_that_cannot_be_are_refused(wrong):
    with pytest.raises(
        ArgumentError, match="jitter, scale and rotation are numbers from 0 up, scale below 1"
    ):
        Robustness(**wrong)
