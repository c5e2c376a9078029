from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.augment.colour import apply_steps, channel_means
from striate.augment.on_device import steps_on_tensor
from striate.augment.passes import HueSaturation, Linear, Table, linear, put_together

RNG = np.random.default_rng(0)


def mixing(examples, pull=0.0):
    gain = np.eye(3) + RNG.uniform(-0.4, 0.4, (examples, 3, 3))
    offset = RNG.uniform(-40, 40, (examples, 3))
    return Linear(gain, offset, np.full((examples, 3), pull))


def stepwise(x, step):
    """What a linear step is by its definition, in plain NumPy."""
    gain = step.gain if step.gain.ndim == 3 else step.gain[:, :, None] * np.eye(x.shape[-1])
    pull = step.pull if step.pull.ndim == 3 else step.pull[:, :, None] * np.eye(x.shape[-1])
    means = x.mean(axis=(1, 2))
    added = step.offset + np.einsum("nij,nj->ni", pull, means)
    return np.einsum("nij,nhwj->nhwi", gain, x) + added[:, None, None]


def test_linear_steps_in_a_row_become_one_that_does_the_same():
    x = RNG.uniform(0, 255, (4, 5, 6, 3))
    steps = [
        linear(4, 3, gain=RNG.uniform(0.5, 1.5, 4), offset=RNG.uniform(-9, 9, 4)),
        linear(4, 3, gain=0.7, pull=0.3),
        mixing(4, 0.2),
        linear(4, 3, gain=1.2, offset=5.0, pull=-0.2),
        mixing(4, -0.1),
    ]
    (together,) = put_together(steps)
    wanted = x
    for step in steps:
        wanted = stepwise(wanted, step)
    np.testing.assert_allclose(stepwise(x, together), wanted, atol=1e-9)


def test_other_steps_keep_their_place_between_linear_ones():
    table = Table(np.tile(np.arange(256, dtype=np.uint8), (2, 1)))
    steps = [linear(2, 3), linear(2, 3), table, linear(2, 3)]
    assert [type(step) for step in put_together(steps)] == [Linear, Table, Linear]


STEPS = {
    "a factor a channel": lambda channels: linear(3, channels, gain=1.2, offset=np.array([-30.0, 5, 50])),
    "contrast": lambda channels: linear(3, channels, gain=0.6, pull=0.4),
    "colours": lambda channels: mixing(3, 0.1),
    "a table": lambda channels: Table(RNG.integers(0, 256, (3, 256), dtype=np.uint8)),
    "hue": lambda channels: HueSaturation(np.array([0.1, -0.4, 0.77]), np.array([1.0, 0.5, 1.8])),
}
CASES = [(name, channels) for name in STEPS for channels in (1, 2, 3, 4, 6)]
CASES = [(name, channels) for name, channels in CASES if channels == 3 or name not in ("colours", "hue")]


@pytest.mark.parametrize(("name", "channels"), CASES)
def test_both_engines_give_the_same_picture_within_a_grey_level(name, channels):
    step = STEPS[name](channels)
    images = RNG.integers(0, 256, (3, 9, 8, channels), dtype=np.uint8)
    expected = steps_on_tensor(torch.from_numpy(images).float(), [step], 0, 255, whole=True).numpy()
    changed = images.copy()
    apply_steps(changed, [step], 0, 255)
    np.testing.assert_allclose(changed, expected, atol=1)
    assert (changed == expected).mean() > 0.9
    floats = images.astype(np.float32) / 255 * 2 - 1
    expected = steps_on_tensor(torch.from_numpy(floats), [step], -1.0, 1.0, whole=False).numpy()
    apply_steps(floats, [step], -1.0, 1.0)
    np.testing.assert_allclose(floats, expected, atol=2 / 255)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_means_are_taken_over_all_pixels_of_a_channel(channels):
    images = RNG.integers(0, 256, (3, 9, 8, channels), dtype=np.uint8)
    np.testing.assert_allclose(channel_means(images), images.mean(axis=(1, 2)), atol=1e-9)
    assert channel_means(images[:0]).shape == (0, channels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
def test_bytes_are_rounded_to_the_nearest_level(channels):
    images = RNG.integers(0, 256, (3, 9, 8, channels), dtype=np.uint8)
    step = linear(3, channels, gain=np.array([0.31, 1.7, 1.0]), offset=np.array([3.3, -60.2, 0.4]), pull=0.1)
    wanted = np.clip(stepwise(images.astype(float), step), 0, 255)
    apply_steps(images, [step], 0, 255)
    np.testing.assert_allclose(images, wanted, atol=0.501)
