"""Batches by number: their order by epoch, and the endless kind."""

import pytest

from striate.core.errors import ArgumentError, DataError
from striate.core.runtime import set_random_seed
from striate.datasets.generator.numbered_batches import EndlessBatches, NumberedBatches


class Numbers(NumberedBatches):
    def examples(self, indices):
        return indices.tolist()


class EndlessNumbers(EndlessBatches):
    def examples(self, indices):
        return indices.tolist()


def flat(batches):
    return [number for batch in batches for number in batch]


def test_the_last_batch_is_what_is_left():
    batches = Numbers(5, 2, False, None)
    assert len(batches) == 3
    assert list(batches) == [[0, 1], [2, 3], [4]]
    assert batches[-1] == batches[2] == [4]


def test_each_epoch_has_its_own_order_and_the_seed_fixes_them_all():
    one, other = Numbers(50, 8, True, 7), Numbers(50, 8, True, 7)
    first, second = flat(one), flat(one)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert [flat(other), flat(other)] == [first, second]
    assert flat(Numbers(50, 8, True, 8)) != first


def test_without_a_seed_the_runs_seed_decides():
    set_random_seed(3)
    first = flat(Numbers(50, 8, True, None))
    second = flat(Numbers(50, 8, True, None))
    set_random_seed(3)
    assert flat(Numbers(50, 8, True, None)) == first != second


def test_endless_batches_go_on_with_the_next_epoch():
    batches = EndlessNumbers(5, 2, True, 1)
    assert iter(batches) is batches
    epochs = [[batches.next() for _ in range(3)] for _ in range(2)]
    assert [sorted(flat(epoch)) for epoch in epochs] == [list(range(5))] * 2
    assert epochs[0] != epochs[1]
    assert batches.samples == batches.n == 5


def test_reset_begins_the_epoch_again():
    batches = EndlessNumbers(5, 2, True, 1)
    first = next(batches)
    next(batches)
    batches.reset()
    assert next(batches) == first


@pytest.mark.parametrize("size", [0, 1.5, True, "many"])
def test_a_batch_size_that_is_none_is_refused(size):
    with pytest.raises(ArgumentError, match=r"batch_size must be a whole number from 1; got "):
        Numbers(5, size, False, None)


@pytest.mark.parametrize("seed", [-1, 1.5, True])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ArgumentError, match=r"seed must be a whole number from 0, or None; got "):
        Numbers(5, 1, False, seed)


def test_no_examples_are_refused():
    with pytest.raises(DataError, match=r"there are no examples to make batches of"):
        Numbers(0, 1, False, None)


@pytest.mark.parametrize("number", [3, -4])
def test_a_batch_that_is_not_there_is_refused(number):
    with pytest.raises(ArgumentError, match=rf"there are 3 batches, 0 to 2; got number {number}"):
        Numbers(5, 2, False, None)[number]


def test_batches_go_back_to_the_epoch_they_told_of():
    one, other = Numbers(50, 8, True, 7), Numbers(50, 8, True, 9)
    flat(one)
    state = one.get_state()
    other.set_state(state)
    assert flat(other) == flat(one)


def test_endless_batches_go_back_to_the_very_batch():
    one, other = EndlessNumbers(5, 2, True, 7), EndlessNumbers(5, 2, True, 9)
    taken = [next(one) for _ in range(4)]
    other.set_state(one.get_state())
    assert [next(other) for _ in range(5)] == [next(one) for _ in range(5)]
    assert len(taken) == 4
