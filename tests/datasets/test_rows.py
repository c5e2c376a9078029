"""Rows of an array on the disk are read when they are asked for, and pass for an array everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from striate.datasets import ArrayBatches
from striate.datasets.rows import Rows, pick
from striate.datasets.source import Data


@pytest.fixture
def on_disk(tmp_path) -> np.memmap:
    values = np.arange(40 * 3, dtype=np.uint8).reshape(40, 3)
    values.tofile(tmp_path / "values")
    return np.memmap(tmp_path / "values", np.uint8, "r", shape=(40, 3))


def test_rows_have_the_shape_and_type_of_what_they_stand_for(on_disk):
    rows = Rows(on_disk, np.array([5, 1, 5]))
    assert (rows.shape, rows.dtype, rows.ndim, len(rows)) == ((3, 3), np.uint8, 2, 3)
    assert rows[:2].tolist() == [[15, 16, 17], [3, 4, 5]]
    assert rows[0].tolist() == [15, 16, 17]
    assert np.asarray(rows, dtype=np.float32).dtype == np.float32
    assert [row[0] for row in rows] == [15, 3, 15]


def test_picking_from_a_map_reads_nothing_and_from_memory_copies(on_disk):
    twice = pick(pick(on_disk, np.arange(10, 20)), np.array([0, 9]))
    assert isinstance(twice, Rows)
    assert twice.places.tolist() == [10, 19]
    assert pick(np.arange(5), np.array([3])).tolist() == [3]


def test_data_on_the_disk_stay_there_when_parted(on_disk):
    part = Data(on_disk, np.zeros(40, int)).take(np.array([2, 4]))
    assert isinstance(part.x, Rows)
    assert part.x[:].tolist() == [[6, 7, 8], [12, 13, 14]]


def test_batches_are_cut_from_rows(on_disk):
    rows = Rows(on_disk, np.array([7, 3, 1]))
    batches = [batch.tolist() for batch in ArrayBatches(rows, 2)]
    assert batches == [[[21, 22, 23], [9, 10, 11]], [[3, 4, 5]]]
    generator = np.random.default_rng(0)
    shuffled = [
        row for batch in ArrayBatches(rows, 2, shuffle=True, generator=generator) for row in batch.tolist()
    ]
    assert sorted(shuffled) == [[3, 4, 5], [9, 10, 11], [21, 22, 23]]
