"""A save that is killed at any write, fsync or rename leaves the old or the new file, whole."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.artifacts.checkpoint import CheckpointFolder
from striate.callbacks import ModelCheckpoint
from striate.layers import Conv2D, Dense, Flatten, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.harness import LONG, counted, disturbed

CALLS = ("write", "fsync", "rename")
IMAGES = np.random.default_rng(0).random((4, 6, 6, 1), np.float32)


def network(filled_with: float) -> Sequential:
    model = Sequential([Input((6, 6, 1)), Conv2D(300, 3), Flatten(), Dense(3)])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.set_weights([np.full_like(weight, filled_with) for weight in model.get_weights()])
    return model


def filling(path: Path) -> float:
    return float(load(path).get_weights()[0].flat[0])


def weights_filling(path: Path) -> float:
    model = network(0.0)
    model.load_weights(path)
    return float(model.get_weights()[0].flat[0])


def best_so_far(model: Sequential, path: Path) -> None:
    callback = ModelCheckpoint(str(path), verbose=0)
    callback.set_model(model)
    callback.on_epoch_end(0, {"loss": 1.0})


def checkpoint(model: Sequential, path: Path) -> None:
    weights = dict(enumerate(model.get_weights()))
    steps = int(weights[0].flat[0])
    CheckpointFolder(path.parent, keep=2).write(
        {f"weight {key}": array for key, array in weights.items()}, steps
    )


def checkpoint_filling(path: Path) -> float:
    content, _, reasons = CheckpointFolder(path.parent, keep=2).read_last()
    assert reasons == []
    return float(content["weight 0"].flat[0])


def has_files(folder: Path) -> bool:
    return any(not path.name.startswith(".striate-") for path in folder.iterdir())


@dataclass(frozen=True)
class SetUp:
    """One way to write, and how to see which of two contents a file has."""

    name: str
    write: Callable[[Any, Path], None]
    read: Callable[[Path], float]
    there_before: bool = True


SET_UPS = [
    SetUp("over an old file", lambda model, path: model.save(path), filling),
    SetUp("a new file", lambda model, path: model.save(path), filling, there_before=False),
    SetUp("weights alone", lambda model, path: model.save_weights(path), weights_filling),
    SetUp("the best of a training", best_so_far, filling),
    SetUp("where a training stands", checkpoint, checkpoint_filling),
]


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("set_up", SET_UPS if LONG else SET_UPS[:1], ids=lambda one: one.name)
def test_killed_at_any_call_the_old_or_the_new_file_opens(set_up, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / ("net.safetensors" if set_up.read is weights_filling else "net.striate")
    old, new = network(1.0), network(2.0)

    def begin() -> None:
        clear(folder)
        if set_up.there_before:
            set_up.write(old, path)

    begin()
    calls = counted(lambda: set_up.write(new, path), CALLS, tmp_path / "log")
    assert set_up.read(path) == 2.0
    assert calls["write"] >= (1 if set_up.read is weights_filling else 2)
    assert (calls["fsync"], calls["rename"]) == (2, 1)
    seen = set()
    for call, times in calls.items():
        for when in range(1, times + 1):
            begin()
            status, told = disturbed(lambda: set_up.write(new, path), call, "signal=SIGKILL", when)
            assert os.WIFSIGNALED(status), f"{call} {when}: {told}"
            assert os.WTERMSIG(status) == signal.SIGKILL
            seen.add(set_up.read(path) if has_files(folder) else None)
            # A save after that is as any other, whatever was left.
            set_up.write(new, path)
            assert set_up.read(path) == 2.0
    assert seen == {1.0 if set_up.there_before else None, 2.0}
