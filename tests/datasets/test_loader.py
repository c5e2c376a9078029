"""Every example comes once an epoch, whatever the arrays look like in memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, DataError
from striate.core.runtime import set_random_seed
from striate.datasets.loader import ArrayBatches

X = np.arange(10 * 3 * 2, dtype=np.float32).reshape(10, 3, 2)
Y = np.arange(10)


def read_only(array):
    locked = array.copy()
    locked.flags.writeable = False
    return locked


def test_batches_come_in_order_and_the_last_one_is_smaller():
    batches = list(ArrayBatches((X, Y), 4))
    assert [len(y) for _, y in batches] == [4, 4, 2]
    np.testing.assert_array_equal(torch.cat([x for x, _ in batches]).numpy(), X)
    np.testing.assert_array_equal(torch.cat([y for _, y in batches]).numpy(), Y)


@pytest.mark.parametrize(
    ("count", "size", "drop", "batches"), [(10, 5, False, 2), (10, 4, True, 2), (3, 8, True, 0)]
)
def test_the_length_is_the_number_of_batches(count, size, drop, batches):
    made = ArrayBatches(Y[:count], size, drop_last=drop)
    assert len(made) == len(list(made)) == batches


def test_a_batch_in_order_is_a_view():
    array = X.copy()
    first = next(iter(ArrayBatches(array, 4)))
    array[0, 0, 0] = 77
    assert first[0, 0, 0] == 77


def test_shuffled_rows_stay_together_and_each_comes_once():
    batches = list(ArrayBatches((X, Y), 3, shuffle=True, generator=np.random.default_rng(0)))
    order = torch.cat([y for _, y in batches]).numpy()
    assert sorted(order) == Y.tolist()
    assert order.tolist() != Y.tolist()
    np.testing.assert_array_equal(torch.cat([x for x, _ in batches]).numpy(), X[order])


def test_each_epoch_has_another_order_and_one_seed_fixes_them_all():
    def two_epochs():
        batches = ArrayBatches(Y, 10, shuffle=True, generator=np.random.default_rng(3))
        return [next(iter(batches)).tolist() for _ in range(2)]

    first, second = two_epochs()
    assert first != second
    assert two_epochs() == [first, second]


def test_without_a_generator_the_seed_of_the_whole_run_decides():
    def order():
        set_random_seed(5)
        return next(iter(ArrayBatches(Y, 10, shuffle=True))).tolist()

    assert order() == order()


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    "array",
    [
        read_only(X),
        X[::-1],
        X[:, ::-1],
        X[::2],
        np.asfortranarray(X),
        X.astype(">f4"),
        X.astype(np.float16),
        X > 20,
        np.lib.stride_tricks.as_strided(np.zeros(200, np.uint8)[1:].view(np.uint8), (10, 4), (5, 1)),
        np.zeros(10, [("a", "i1"), ("b", "<f4")])["b"],
    ],
    ids=["read-only", "reversed", "inner", "steps", "fortran", "endian", "half", "bool", "strided", "field"],
)
def test_any_layout_gives_the_same_rows(array, shuffle):
    order = np.arange(len(array))
    batches = list(ArrayBatches((array, order), 3, shuffle=shuffle, generator=np.random.default_rng(0)))
    order = torch.cat([places for _, places in batches]).numpy()
    np.testing.assert_array_equal(torch.cat([x for x, _ in batches]).numpy(), array[order])


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [(np.uint16, torch.int32), (np.uint32, torch.int64), (np.uint64, torch.int64), (">u2", torch.int32)],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_unsigned_numbers_are_widened_batch_by_batch(dtype, wide, shuffle):
    array = np.array([0, 1, 65535], dtype)
    batch = next(iter(ArrayBatches(array, 3, shuffle=shuffle)))
    assert batch.dtype == wide
    assert sorted(batch.tolist()) == [0, 1, 65535]


def test_a_mapped_file_is_read_batch_by_batch(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(torch.cat(list(ArrayBatches(mapped, 4))).numpy(), X)


def test_batches_have_the_form_of_the_arrays():
    arrays = {"image": X, "more": [torch.from_numpy(X), None], "pair": (Y, Y.tolist())}
    batch = next(iter(ArrayBatches({"image": X, "more": [torch.from_numpy(X), None], "pair": (Y, Y)}, 4)))
    assert isinstance(batch["more"], list)
    assert isinstance(batch["pair"], tuple)
    assert batch["more"][1] is None
    np.testing.assert_array_equal(batch["more"][0].numpy(), arrays["image"][:4])


def test_torch_tensors_are_taken_as_they_are():
    tensor = torch.arange(6).reshape(3, 2)
    batches = list(ArrayBatches(tensor, 2, shuffle=True, generator=np.random.default_rng(0)))
    assert sorted(torch.cat(batches)[:, 0].tolist()) == [0, 2, 4]


@pytest.mark.parametrize("size", [0, -1, 2.0, True, None])
def test_a_batch_size_that_is_none_is_refused(size):
    with pytest.raises(ArgumentError, match=r"batch_size must be a whole number from 1; got"):
        ArrayBatches(X, size)


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(DataError, match=r"the same number of examples; got 10, 9"):
        ArrayBatches((X, Y[:9]), 2)


@pytest.mark.parametrize("arrays", [X[:0], (None, None), ()])
def test_no_examples_are_refused(arrays):
    with pytest.raises(DataError, match="no examples to make batches of"):
        ArrayBatches(arrays, 2)


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([object()]), np.zeros(2, np.longdouble)])
def test_what_are_no_numbers_are_refused(array):
    with pytest.raises(DataError, match="a batch holds numbers; got an array of dtype"):
        ArrayBatches(array, 2)


@pytest.mark.parametrize("array", [np.array(1.0), torch.tensor(1.0)])
def test_a_single_number_is_refused(array):
    with pytest.raises(DataError, match="cut along the first axis, but a single number came"):
        ArrayBatches(array, 2)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("taken", [0, 1, 3, 4, 6])
def test_batches_go_on_where_they_told_of(shuffle, taken):
    def batches(seed):
        return ArrayBatches(Y, 3, shuffle, np.random.default_rng(seed))

    def endless(source):
        while True:
            yield from (tuple(batch.tolist()) for batch in source)

    one, other = batches(1), batches(2)
    reader = endless(one)
    for _ in range(taken):
        next(reader)
    other.set_state(one.get_state())
    again = endless(other)
    assert [next(again) for _ in range(9)] == [next(reader) for _ in range(9)]
