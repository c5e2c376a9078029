from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from striate.core.errors import ArgumentError, DataError
from striate.training.batch import Batch, unpack
from striate.training.feed import (
    ArrayFeed,
    IterableFeed,
    as_arrays,
    check_batch_size,
    count_examples,
    holds_arrays,
    take,
)

CPU = torch.device("cpu")


def test_arrays_are_cut_into_batches_with_the_rest_last():
    feed = ArrayFeed(np.arange(5), np.arange(5) * 2, None, 2, CPU)
    assert (feed.steps, feed.examples) == (3, 5)
    assert [(batch.inputs.tolist(), batch.targets.tolist(), batch.weights, batch.size) for batch in feed] == [
        ([0, 1], [0, 2], None, 2),
        ([2, 3], [4, 6], None, 2),
        ([4], [8], None, 1),
    ]


def test_several_inputs_keep_their_structure():
    feed = ArrayFeed({"a": np.zeros((3, 1)), "b": np.ones((3, 2))}, [np.zeros(3), np.ones(3)], None, 3, CPU)
    batch = next(iter(feed))
    assert {key: tuple(value.shape) for key, value in batch.inputs.items()} == {"a": (3, 1), "b": (3, 2)}
    assert len(batch.targets) == 2


def test_a_part_of_a_batch_has_its_size():
    batch = Batch([torch.arange(5)], torch.arange(5), None, 5)
    part = batch.part(3, 7)
    assert (part.size, part.targets.tolist(), part.inputs[0].tolist(), part.weights) == (
        2,
        [3, 4],
        [3, 4],
        None,
    )


def test_things_with_a_length_say_their_steps():
    assert IterableFeed([(np.zeros((2, 1)),)] * 3, CPU).steps == 3
    assert IterableFeed(iter([]), CPU).steps is None

    class Stream(IterableDataset):
        def __iter__(self):
            return iter([torch.zeros(1)])

    assert IterableFeed(DataLoader(Stream()), CPU).steps is None


def test_batches_may_be_data_alone_or_with_labels_and_weights():
    data = np.zeros((2, 1))
    items = [data, (data,), (data, np.ones(2)), (data, np.ones(2), np.ones(2))]
    batches = list(IterableFeed(iter(items), CPU))
    assert [batch.size for batch in batches] == [2] * 4
    assert [batch.targets is None for batch in batches] == [True, True, False, False]
    assert [batch.weights is None for batch in batches] == [True, True, True, False]
    assert unpack([data, None]) == (data, None, None)


def test_a_data_set_of_single_examples_is_refused():
    with pytest.raises(DataError, match=r"TensorDataset holds single examples.*DataLoader\(dataset"):
        IterableFeed(TensorDataset(torch.zeros(3, 1)), CPU)


@pytest.mark.parametrize(
    ("data", "arrays"),
    [
        (np.zeros((2, 1)), True),
        ([[1, 2], [3, 4]], True),
        ([(1, 2), (3, 4)], True),
        ([np.zeros(2), np.zeros(2)], True),
        ({"a": torch.zeros(2)}, True),
        ([(np.zeros((2, 1)), np.zeros(2))], False),
        (iter([]), False),
        (None, False),
        ([], False),
    ],
)
def test_arrays_are_told_from_what_yields_batches(data, arrays):
    assert holds_arrays(data) is arrays


def test_examples_are_counted_along_the_first_axis():
    assert count_examples([np.zeros((3, 1)), None, torch.zeros(3)]) == 3
    assert count_examples(None) == 0
    with pytest.raises(DataError, match=r"inputs hold different numbers of examples: \[3, 4\]"):
        count_examples([np.zeros(3), np.zeros(4)])
    with pytest.raises(DataError, match=r"the first axis counts the examples"):
        count_examples(np.zeros(()))


def test_lists_become_arrays_and_the_rest_is_refused():
    assert as_arrays([[1.0, 2.0]]).shape == (1, 2)
    assert as_arrays([np.zeros(2), None])[1] is None
    with pytest.raises(DataError, match=r"expected arrays; got object"):
        as_arrays([np.zeros(2), object()])


def test_take_cuts_every_array():
    cut = take({"a": np.arange(4), "b": None}, 1, 3)
    assert (cut["a"].tolist(), cut["b"]) == ([1, 2], None)


def test_batch_sizes_are_whole_numbers():
    assert (check_batch_size(None), check_batch_size(None, 5), check_batch_size(np.int32(4))) == (32, 5, 4)
    for wrong in (0, -1, 1.5, True, "8"):
        with pytest.raises(ArgumentError, match=r"batch_size is a whole number from 1 up"):
            check_batch_size(wrong)


def test_counts_must_agree():
    with pytest.raises(DataError, match=r"there are 3 examples but 2 labels\. Give one for each example"):
        ArrayFeed(np.zeros(3), np.zeros(2), None, 1, CPU)
    with pytest.raises(DataError, match=r"there are 3 examples but one labels"):
        ArrayFeed(np.zeros(3), np.zeros(()), None, 1, CPU)
    with pytest.raises(DataError, match=r"there are no examples: the first axis of the data has length 0"):
        ArrayFeed(np.zeros((0, 3)), None, None, 1, CPU)
