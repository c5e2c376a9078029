"""Windows over a series: their steps, targets and limits."""

import numpy as np
import pytest
import torch

from striate import layers, models
from striate.core.errors import ArgumentError, DataError
from striate.utils import timeseries_dataset_from_array


def test_windows_are_steps_of_the_series_and_targets_those_of_their_first():
    data = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    targets = np.arange(50)
    batches = timeseries_dataset_from_array(
        data, targets, sequence_length=4, sequence_stride=3, sampling_rate=2, batch_size=5
    )
    windows, answers = (torch.cat(parts).numpy() for parts in zip(*batches, strict=True))
    starts = list(range(0, 50 - 6, 3))
    np.testing.assert_array_equal(windows, np.stack([data[start : start + 7 : 2] for start in starts]))
    assert answers.tolist() == starts
    assert windows.dtype == np.float32


def test_a_part_is_cut_out_of_both():
    batches = timeseries_dataset_from_array(np.arange(20), np.arange(20) * 10, 3, start_index=5, end_index=10)
    windows, answers = batches[0]
    assert windows.tolist() == [[5, 6, 7], [6, 7, 8], [7, 8, 9]]
    assert answers.tolist() == [50, 60, 70]


def test_windows_alone_in_an_order_of_their_own():
    batches = timeseries_dataset_from_array(np.arange(20), None, 2, batch_size=4, shuffle=True, seed=1)
    starts = [int(window[0]) for batch in batches for window in batch]
    assert sorted(starts) == list(range(19))
    assert starts != sorted(starts)


def test_fewer_targets_than_windows_end_the_series():
    assert timeseries_dataset_from_array(np.arange(9), np.arange(4), 2)[0][0].shape == (4, 2)


def test_a_model_learns_from_them():
    data = np.sin(np.arange(60, dtype=np.float32))[:, None]
    batches = timeseries_dataset_from_array(data, data[8:], 8, batch_size=16, shuffle=True)
    model = models.Sequential([layers.Input((8, 1)), layers.Flatten(), layers.Dense(1)])
    model.compile("adam", "mse")
    assert len(model.fit(batches, epochs=2, verbose=0).history["loss"]) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sequence_length": 0}, r"sequence_length is a whole number from 1 to 9; got 0"),
        ({"sequence_stride": 1.5}, r"sequence_stride is a whole number from 1 to 9; got 1.5"),
        ({"sampling_rate": 10}, r"sampling_rate is a whole number from 1 to 9; got 10"),
        ({"start_index": 9}, r"start_index is a whole number from 0 to 8; got 9"),
        ({"start_index": 4, "end_index": 4}, r"end_index is a whole number from 5 to 9; got 4"),
    ],
)
def test_numbers_out_of_range_are_refused(options, words):
    with pytest.raises(ArgumentError, match=words):
        timeseries_dataset_from_array(np.arange(9), None, **{"sequence_length": 2, **options})


def test_a_series_shorter_than_a_window_is_refused():
    with pytest.raises(DataError, match=r"a window of 5 steps, 3 apart, spans 13, but .* 9 steps\."):
        timeseries_dataset_from_array(np.arange(9), None, 5, sampling_rate=3)
    with pytest.raises(DataError, match=r"but the series has 9 steps and 0 targets"):
        timeseries_dataset_from_array(np.arange(9), np.arange(0), 2)
