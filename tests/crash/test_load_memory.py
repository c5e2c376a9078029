"""What opening a file takes: not much more memory than the file is long, and no more for a lie."""

from __future__ import annotations

import gc
from functools import partial

import numpy as np
import pytest

from striate.layers import Dense, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.harness import in_child

TIMES = 2.5


@pytest.mark.parametrize("trained", [False, True], ids=["weights", "weights and optimizer"])
def test_opening_a_large_file_takes_less_than_two_and_a_half_times_its_size(trained, tmp_path):
    path, small = tmp_path / "net.striate", tmp_path / "small.striate"
    model = Sequential([Input((2048,)), Dense(4096), Dense(2 if trained else 2048)])
    model.compile("adam", "mse", precision="float32")
    if trained:
        model.train_on_batch(np.ones((1, 2048)), np.ones((1, 2)))
    model.save(path)
    load(path)
    del model
    # Models hold themselves: what this process had still to give back would hide what the child takes.
    gc.collect()
    size = path.stat().st_size
    assert size > 60 << 20
    # What any opening takes, such as pages of the libraries that a child has not looked at yet.
    Sequential([Input((4,)), Dense(2)]).save(small)
    least = in_child(partial(load, small))
    outcome = in_child(partial(load, path))
    assert (least.kind, outcome.kind) == ("opened", "opened"), outcome
    times = (outcome.grown - least.grown) / size
    assert 0.9 < times < TIMES, f"{times:.2f} times"
