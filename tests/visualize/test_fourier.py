"""Examples as waves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.visualize.fourier import Waves


def chances(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


@pytest.mark.parametrize("shape", [(6, 9, 3), (5, 5, 1), (8, 4, 2), (7, 3), (16, 1)])
def test_waves_of_given_examples_add_up_to_them(shape):
    given = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    waves = Waves(shape, chances(0, 1))
    waves.begin_from(given)
    torch.testing.assert_close(waves.values(), given, atol=2e-6, rtol=0)
    assert waves.rest is not None
    assert torch.equal(waves.rest, given)


def test_the_first_noise_is_faint_around_the_middle_and_each_example_has_its_own():
    values = Waves((32, 32, 3), chances(0, 1)).values()
    assert values.shape == (2, 32, 32, 3)
    assert 0.4 < values.min() < 0.5 < values.max() < 0.6
    alone = Waves((32, 32, 3), chances(1)).values()
    torch.testing.assert_close(values[1], alone[0])
    assert not torch.allclose(values[0], values[1], atol=1e-4)


def test_a_step_of_one_size_moves_low_waves_more_than_high_ones():
    waves = Waves((16, 1), chances(0))
    weights = waves.weight[:, 0]
    # One over the frequency, so wave 2 has half the weight of wave 1; wave 0 counts as wave 1.
    torch.testing.assert_close(weights[1] / weights[2], torch.tensor(2.0))
    torch.testing.assert_close(weights[0], weights[1])


def test_the_first_colour_is_brightness_and_the_others_leave_it_alone():
    colours = Waves((4, 4, 3), chances(0)).colours
    assert colours is not None
    torch.testing.assert_close(colours[0], torch.ones(3))
    torch.testing.assert_close(colours[1:].sum(1), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(colours @ colours.T, torch.diag(torch.tensor([3.0, 3 * 0.35**2, 3 * 0.15**2])))
    assert Waves((4, 4, 4), chances(0)).colours is None


def test_values_stay_within_the_range_and_come_back_from_its_ends():
    waves = Waves((4, 1), chances(0))
    waves.begin_from(torch.full((1, 4, 1), 0.5))
    # The wave of frequency 0 alone: 4 values, normed by the root of 4.
    waves.spectrum[0, 0, 0, 0] = 100.0
    spectrum = waves.spectrum.requires_grad_()
    assert torch.equal(waves.values(), torch.ones(1, 4, 1))
    (upwards,) = torch.autograd.grad(-waves.values(spectrum).sum(), [spectrum])
    (back,) = torch.autograd.grad(waves.values(spectrum).sum(), [spectrum])
    assert upwards.abs().max() == 0
    # A quarter (the contrast) times the wave's weight times the root of 4.
    torch.testing.assert_close(back[0, 0, 0, 0], 0.25 * waves.weight[0, 0] * 2)
