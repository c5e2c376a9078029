from __future__ import annotations

import numpy as np
import pytest

from striate.augment.keys import Chance, example_keys, hashed


def splitmix64(state: int, count: int) -> list[int]:
    """The published generator, one number after the other, in Python's own whole numbers."""
    numbers = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2**64
        numbers.append(mixed ^ (mixed >> 31))
    return numbers


def test_the_hash_walks_through_the_published_generator_from_the_mixed_key():
    # 0 is mixed to itself, so key 0 starts the generator at state 0; its first number is known.
    assert splitmix64(0, 1) == [0xE220A8397B1DCDAF]
    assert hashed(np.uint64(0), np.arange(5)).tolist() == splitmix64(0, 5)


def test_a_key_depends_on_seed_epoch_and_example_alone():
    keys = example_keys(3, 1, np.array([5, 9, 2]))
    assert keys.dtype == np.uint64
    assert keys[::-1].tolist() == example_keys(3, 1, np.array([2, 9, 5])).tolist()
    assert example_keys(3, 1, [9])[0] == keys[1]
    assert example_keys(3, 2, [9])[0] != keys[1]
    assert example_keys(4, 1, [9])[0] != keys[1]


def test_many_keys_are_all_different():
    keys = np.concatenate(
        [example_keys(seed, epoch, np.arange(10_000)) for seed in (0, 1) for epoch in (0, 1)]
    )
    assert len(np.unique(keys)) == len(keys)


@pytest.fixture
def chance():
    return Chance(example_keys(0, 0, np.arange(20_000)), 2)


def test_uniform_numbers_fill_their_range_evenly(chance):
    numbers = chance.uniform(-2.0, 6.0, (3,))
    assert numbers.shape == (20_000, 3)
    assert -2 <= numbers.min() < -1.99
    assert 5.99 < numbers.max() < 6
    counts = np.histogram(numbers, 16, (-2, 6))[0] / numbers.size
    np.testing.assert_allclose(counts, 1 / 16, atol=0.004)
    assert abs(np.corrcoef(numbers.T) - np.eye(3)).max() < 0.03


def test_normal_numbers_have_their_mean_and_spread(chance):
    numbers = chance.normal(3.0, 2.0, (4,))
    assert numbers.mean() == pytest.approx(3.0, abs=0.03)
    assert numbers.std() == pytest.approx(2.0, abs=0.03)
    assert ((numbers - 3) ** 4).mean() / 16 == pytest.approx(3.0, abs=0.15)


def test_whole_numbers_reach_both_ends_equally_often(chance):
    values, counts = np.unique(chance.whole(2, 5), return_counts=True)
    assert values.tolist() == [2, 3, 4, 5]
    np.testing.assert_allclose(counts / 20_000, 0.25, atol=0.015)


def test_what_has_probability_nought_never_happens_and_what_has_one_always(chance):
    assert not chance.happens(0.0).any()
    assert chance.happens(1.0).all()
    assert chance.happens(0.3).mean() == pytest.approx(0.3, abs=0.015)


@pytest.mark.parametrize("shape", [0.2, 0.7, 1.0])
def test_beta_numbers_have_the_moments_of_the_distribution(chance, shape):
    numbers = chance.beta(shape)
    assert numbers.mean() == pytest.approx(0.5, abs=0.015)
    assert numbers.var() == pytest.approx(1 / (4 * (2 * shape + 1)), abs=0.005)


def test_a_vanishing_beta_shape_gives_one_end_or_the_other(chance):
    numbers = chance.beta(1e-6)
    assert np.isfinite(numbers).all()
    assert set(np.round(numbers, 6)) == {0.0, 1.0}


def test_draws_of_one_change_and_of_two_changes_share_no_number():
    keys = example_keys(0, 0, np.arange(50))
    first, second = Chance(keys, 0), Chance(keys, 1)
    numbers = np.concatenate([first.bits((20,)), first.bits()[:, None], second.bits((20,))], axis=1)
    assert len(np.unique(numbers)) == numbers.size


def test_the_same_keys_give_the_same_numbers_in_any_batch():
    keys = example_keys(0, 0, np.arange(50))
    together = Chance(keys, 3).normal(size=(4, 2))
    apart = np.concatenate([Chance(keys[number], 3).normal(size=(4, 2)) for number in range(50)])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_array_equal(Chance(keys, 3).beta(0.3)[7:9], Chance(keys[7:9], 3).beta(0.3))
