from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.augment import (
    Augment,
    RandomCrop,
    RandomErasing,
    RandomNoise,
    RandomPerspective,
    RandomRotation,
    RandomTranslation,
    batches,
    example_keys,
    preset,
    workers,
)
from striate.augment.warp import Filling

KEYS = example_keys(0, 0, np.arange(16))
SMOOTH = np.stack(
    [
        127 + 120 * np.sin(np.add.outer(np.arange(24), np.arange(20)) / (3 + number) + number)
        for number in range(3)
    ],
    axis=-1,
)
IMAGES = np.tile(np.rint(SMOOTH).astype(np.uint8), (16, 1, 1, 1))


def planned(augment, shape):
    draw = augment.draw(KEYS, shape)
    filling = Filling(augment.fill_mode, augment.fill_value, augment.interpolation)
    pairs = list(zip(augment.changes, draw.parameters, strict=True))
    return batches.plan(pairs, shape, filling, augment.value_range, augment.finish)


@pytest.mark.parametrize("name", ["light", "standard", "strong"])
def test_both_engines_give_the_same_picture_within_a_grey_level(name):
    augment = preset(name, "image", (32, 32, 3))
    images = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
    on_device = batches.images_on_device(torch.from_numpy(images), planned(augment, (32, 32, 3)))
    by_opencv = augment(images, KEYS)
    assert on_device.dtype == torch.uint8
    apart = np.abs(on_device.numpy().astype(int) - by_opencv)
    # Strong colour turns a step of one level into more, at single pixels.
    assert (apart <= 1).mean() > 0.999
    assert name == "strong" or apart.max() <= 2
    floats = (images / 255).astype(np.float32)
    scaled = Augment(*augment.changes, value_range=(0, 1))
    on_device = batches.images_on_device(torch.from_numpy(floats), planned(scaled, (32, 32, 3))).numpy()
    np.testing.assert_allclose(on_device, scaled(floats, KEYS), atol=1 / 255)


def test_erasing_and_cropping_on_a_device_are_the_same():
    augment = Augment(RandomCrop(9, 11), RandomErasing((1, 1), (0.1, 0.4)))
    on_device = batches.images_on_device(torch.from_numpy(IMAGES), planned(augment, (24, 20, 3)))
    np.testing.assert_array_equal(on_device.numpy(), augment(IMAGES, KEYS))


@pytest.mark.gpu
def test_a_batch_on_a_gpu_stays_there_and_is_the_same():
    augment = preset("standard", "image", (24, 20, 3))
    changed = augment(torch.from_numpy(IMAGES).cuda(), KEYS)
    assert changed.is_cuda
    assert np.abs(changed.cpu().numpy().astype(int) - augment(IMAGES, KEYS)).max() <= 2
    finished = Augment(*augment.changes, rescale=0.5)(torch.from_numpy(IMAGES).cuda(), KEYS)
    assert finished.is_cuda
    assert finished.dtype == torch.float32


def test_two_warps_in_a_row_are_one_after_the_other():
    first = RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant", fill_value=0)
    second = RandomTranslation(0.0, (-0.25, -0.25), fill_mode="nearest")
    changed = Augment(first, second)(IMAGES[:1], KEYS[:1])[0]
    np.testing.assert_array_equal(changed[:, :15], IMAGES[0, :, :15])
    np.testing.assert_array_equal(changed[:, 15:], np.repeat(IMAGES[0, :, 14:15], 5, axis=1))


def test_who_else_is_in_a_batch_does_not_matter_where_only_some_are_tilted():
    augment = Augment(RandomRotation(0.1), RandomPerspective((0.5, 0.5)))
    together = augment(IMAGES, KEYS)
    alone = [augment(IMAGES[at : at + 1], KEYS[at : at + 1]) for at in range(16)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


def test_one_turn_loses_less_than_two():
    turn, back = RandomRotation((0.03, 0.03)), RandomRotation((-0.03, -0.03))
    np.testing.assert_array_equal(Augment(turn, back)(IMAGES, KEYS), IMAGES)


def test_signals_in_whole_numbers_are_rounded_and_in_double_precision_kept():
    signal = np.random.default_rng(0).normal(size=(16, 30, 1)) * 50
    augment = Augment(RandomNoise(0.1))
    wanted = augment(signal, KEYS)
    assert wanted.dtype == np.float64
    whole = np.rint(signal).astype(np.int16)
    changed = augment(whole, KEYS)
    assert changed.dtype == np.int16
    np.testing.assert_allclose(changed, wanted, atol=1.1)
    tensor = augment(torch.from_numpy(signal), KEYS)
    np.testing.assert_array_equal(tensor.numpy(), wanted)


def test_the_number_of_threads_does_not_matter(monkeypatch):
    augment = preset("strong", "image", (64, 64, 3))
    images = np.random.default_rng(0).integers(0, 256, (100, 64, 64, 3), dtype=np.uint8)
    keys = example_keys(0, 0, np.arange(100))
    results = []
    for threads in (1, 4):
        monkeypatch.setattr(workers, "_pools", {})
        monkeypatch.setattr(workers, "thread_count", lambda threads=threads: threads)
        results.append(augment(images, keys))
    np.testing.assert_array_equal(*results)
