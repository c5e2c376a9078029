from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset, TensorDataset

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


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_examples_of_the_last_batch_are_known_by_their_numbers(shuffle):
    feed = ArrayFeed(np.arange(7) * 10, None, None, 3, CPU, shuffle, np.random.default_rng(0))
    for _ in range(2):
        for batch in feed:
            assert (batch.inputs.numpy() == feed.last_examples() * 10).all()


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_of_several_processes_each_knows_its_own_part(rank):
    feed = ArrayFeed(np.arange(7) * 10, None, None, 4, CPU, True, np.random.default_rng(0))
    feed.share = (rank, 3)
    for batch in feed:
        assert (batch.inputs.numpy() == feed.last_examples() * 10).all()


def test_the_files_of_the_last_batch_are_known_where_the_source_knows_them():
    class Files:
        def __len__(self):
            return 2

        def __getitem__(self, number):
            return np.full((2, 1), number)

        def files_of_batch(self, number):
            return [f"{number}a.png", f"{number}b.png"]

    feed = IterableFeed(Files(), CPU)
    assert [feed.last_examples() for _ in feed] == [["0a.png", "0b.png"], ["1a.png", "1b.png"]]
    feed = IterableFeed([np.zeros((2, 1))], CPU)
    assert [feed.last_examples() for _ in feed] == [None]


@pytest.mark.parametrize("shuffle", [False, True])
def test_processes_read_their_parts_of_the_same_batches(shuffle):
    def batches(share):
        feed = ArrayFeed(np.arange(10), np.arange(10), None, 4, CPU, shuffle, np.random.default_rng(0))
        feed.share = share
        return list(feed)

    whole, parts = batches((0, 1)), [batches((rank, 3)) for rank in range(3)]
    for number, batch in enumerate(whole):
        mine = [part[number] for part in parts if part[number].counts]
        assert [row for part in mine for row in part.inputs.tolist()] == batch.inputs.tolist()
        assert [part.first for part in mine] == [0, *np.cumsum([part.size for part in mine])[:-1]]
        assert {part.whole for part in mine} == {batch.size}
    # The last batch holds two examples for three processes.
    assert [part[2].counts for part in parts] == [True, True, False]


def test_a_sampler_that_parts_the_data_is_refused():
    data = TensorDataset(torch.zeros(8, 2), torch.zeros(8))
    sampler = DistributedSampler(data, num_replicas=2, rank=0)
    with pytest.raises(DataError, match="DistributedSampler parts the data between the processes already"):
        IterableFeed(DataLoader(data, batch_size=2, sampler=sampler), CPU)
