from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.augment import Augment, Chance, CutMix, MixUp, RandomFlip, example_keys
from striate.core.errors import ArgumentError

KEYS = example_keys(0, 0, np.arange(60))
# Each image is filled with its own number, and its row says the same.
IMAGES = np.tile(np.arange(60, dtype=np.float32).reshape(-1, 1, 1, 1), (1, 6, 5, 1))
ROWS = np.eye(60, dtype=np.float32)


@pytest.mark.parametrize("change", [MixUp(0.5), CutMix()])
def test_answers_are_mixed_in_the_proportion_of_the_images(change):
    x, y = Augment(change).mix(IMAGES, ROWS, KEYS)
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, IMAGES.shape, np.float32, ROWS.shape)
    np.testing.assert_allclose(y.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(x.mean(axis=(1, 2, 3)), y @ np.arange(60), atol=1e-3)
    assert ((y > 0).sum(1) <= 2).all()
    assert (np.diag(y) < 1).any()


def test_every_example_is_partner_of_one_other():
    change = MixUp(1.0)
    _, y = Augment(change).mix(IMAGES, ROWS, KEYS)
    weights = change.weights(change.draw(Chance(KEYS, 0), (6, 5, 1)), (6, 5, 1))
    np.testing.assert_allclose(np.diag(y), weights, atol=1e-6)
    partners = (y - np.diag(np.diag(y))).argmax(1)
    assert sorted(partners) == list(range(60))


@pytest.mark.parametrize("change", [MixUp(0.5), CutMix()])
def test_the_same_examples_meet_in_whatever_order_they_come(change):
    order = np.random.default_rng(0).permutation(60)
    x, y = Augment(change).mix(IMAGES, ROWS, KEYS)
    again, rows = Augment(change).mix(IMAGES[order], ROWS[order], KEYS[order])
    np.testing.assert_array_equal(again, x[order])
    np.testing.assert_array_equal(rows, y[order])


@pytest.mark.parametrize("change", [MixUp(0.5), CutMix()])
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_tensors_are_mixed_as_arrays_are(change, dtype):
    images = torch.from_numpy(IMAGES).to(dtype)
    x, y = Augment(change).mix(images, torch.from_numpy(ROWS), KEYS)
    wanted, rows = Augment(change).mix(images.numpy(), ROWS, KEYS)
    assert x.dtype == dtype
    np.testing.assert_allclose(x.numpy(), wanted, atol=1e-4 if dtype == torch.float32 else 1)
    np.testing.assert_allclose(y.numpy(), rows, atol=1e-6)


def test_signals_can_be_mixed_up():
    x, y = Augment(MixUp(0.5)).mix(IMAGES[:, :, 0], ROWS, KEYS)
    np.testing.assert_allclose(x.mean(axis=(1, 2)), y @ np.arange(60), atol=1e-3)


def test_one_example_alone_has_no_partner_but_itself():
    x, y = Augment(MixUp(0.5)).mix(IMAGES[3:4], ROWS[3:4], KEYS[3:4])
    np.testing.assert_allclose(x, IMAGES[3:4], rtol=1e-6)
    np.testing.assert_allclose(y, ROWS[3:4], rtol=1e-6)


def test_only_mixing_changes_mix():
    plain, both = Augment(RandomFlip()), Augment(RandomFlip(), CutMix(), MixUp())
    assert not plain.mixes
    assert both.mixes
    assert plain.mix(IMAGES, ROWS, KEYS) == (IMAGES, ROWS)
    x, y = both.mix(IMAGES, ROWS, KEYS)
    np.testing.assert_allclose(x.mean(axis=(1, 2, 3)), y @ np.arange(60), atol=1e-3)


def test_nothing_given_is_changed():
    before = IMAGES.copy(), ROWS.copy()
    Augment(CutMix(), MixUp()).mix(IMAGES, ROWS, KEYS)
    np.testing.assert_array_equal(IMAGES, before[0])
    np.testing.assert_array_equal(ROWS, before[1])


@pytest.mark.parametrize("labels", [np.arange(60), torch.arange(60)])
def test_whole_numbers_cannot_be_mixed(labels):
    with pytest.raises(
        ArgumentError, match=r"need answers that can be mixed: float rows such as .* got .*int64"
    ):
        Augment(MixUp()).mix(IMAGES, labels, KEYS)


@pytest.mark.parametrize("alpha", [0, 1.5])
def test_a_value_that_cannot_work_is_refused(alpha):
    with pytest.raises(ArgumentError, match="MixUp: alpha is a number above 0 and up to 1"):
        MixUp(alpha)
    with pytest.raises(ArgumentError, match="CutMix: factor must lie from 0 to 1"):
        CutMix((-1, alpha))
