"""The spread follows from the fans, measured on large samples."""

import math

import pytest
import torch

from striate import initializers
from striate.core.errors import ArgumentError, ShapeError
from striate.initializers.scaling import compute_fans

SCALED = ["GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"]

# A kernel of 3x3 over 40 channels into 120 filters: 43,200 values, so that a sample's standard
# deviation strays by about 0.3% of the true one.
KERNEL = (3, 3, 40, 120)
FAN_IN, FAN_OUT = 360, 1080
VARIANCES = {
    "GlorotNormal": 2 / (FAN_IN + FAN_OUT),
    "GlorotUniform": 2 / (FAN_IN + FAN_OUT),
    "HeNormal": 2 / FAN_IN,
    "HeUniform": 2 / FAN_IN,
    "LecunNormal": 1 / FAN_IN,
    "LecunUniform": 1 / FAN_IN,
}


def values_of(name, shape=KERNEL, **arguments):
    return getattr(initializers, name)(seed=1, **arguments)(shape, dtype=torch.float64)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((7,), (7, 7)),
        ((9216, 1024), (9216, 1024)),
        ((3, 100, 64), (300, 192)),
        ((3, 3, 64, 128), (576, 1152)),
        ((2, 3, 4, 5, 6), (120, 144)),
    ],
)
def test_fans_count_the_inputs_and_outputs_of_a_unit(shape, fans):
    assert compute_fans(shape) == fans


def test_fans_follow_the_axes_that_are_named():
    assert compute_fans((4, 8, 16), input_axes=[0], output_axes=[1, 2]) == (4, 128)


def test_naming_an_axis_that_is_not_there_is_refused():
    draw = initializers.GlorotUniform(input_axes=[0], output_axes=[2])
    with pytest.raises(ShapeError, match=r"no axis 2 in a weight with 2 axes: \(4, 8\)\."):
        draw((4, 8))


def test_naming_only_one_kind_of_axes_is_refused():
    with pytest.raises(ArgumentError, match=r"HeNormal takes both input_axes and output_axes, or neither"):
        initializers.HeNormal(input_axes=[0])


@pytest.mark.parametrize("name", SCALED)
def test_the_variance_follows_from_the_fans(name):
    values = values_of(name)
    assert values.std().item() == pytest.approx(math.sqrt(VARIANCES[name]), rel=0.015)
    assert abs(values.mean().item()) < 4 * math.sqrt(VARIANCES[name] / values.numel())


@pytest.mark.parametrize("name", [name for name in SCALED if name.endswith("Uniform")])
def test_uniform_values_reach_their_limits_and_go_no_further(name):
    limit = math.sqrt(3 * VARIANCES[name])
    assert 0.999 * limit < values_of(name).abs().max() <= limit


@pytest.mark.parametrize("name", [name for name in SCALED if name.endswith("Normal")])
def test_truncated_normal_values_reach_the_cut_and_go_no_further(name):
    cut = 2 * math.sqrt(VARIANCES[name]) / 0.87962566103423978
    assert 0.99 * cut < values_of(name).abs().max() <= cut


@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 360), ("fan_out", 1080), ("fan_avg", 720)])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal", "normal"])
def test_variance_scaling_does_what_its_words_say(mode, fan, distribution):
    values = values_of("VarianceScaling", scale=0.5, mode=mode, distribution=distribution)
    stddev = math.sqrt(0.5 / fan)
    assert values.std().item() == pytest.approx(stddev, rel=0.015)
    farthest = {"uniform": math.sqrt(3), "untruncated_normal": 4}.get(distribution, 2.2737)
    ratio = (values.abs().max() / stddev).item()
    if distribution == "untruncated_normal":
        assert ratio > 3.5
    else:
        assert 0.99 * farthest < ratio <= farthest


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"scale": 0.0}, r"VarianceScaling: scale must be a number above 0; got 0\.0\."),
        ({"mode": "fan"}, r"mode must be one of 'fan_in', 'fan_out', 'fan_avg'; got 'fan'\."),
        ({"distribution": "gamma"}, r"distribution must be one of 'truncated_normal', .*; got 'gamma'\."),
    ],
)
def test_variance_scaling_refuses_what_cannot_work(arguments, text):
    with pytest.raises(ArgumentError, match=text):
        initializers.VarianceScaling(**arguments)
