"""Folders and files that may not be read or written, case by case, as a user who owns nothing.

Root is told of no permission errors, so each case runs in a child that has become an ordinary user.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import callbacks as keras_callbacks
from striate.cli.main import main
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.clear_messages import NOBODY, check_nothing_lost, in_child, lying_in
from tests.workbench.toy import write_toy

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

X = np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)
TRAIN = ["train", "toy.npz", "--model", "networks.py:stack", "--epochs", "1", "--no-report"]


@pytest.fixture(scope="module")
def trained():
    """A folder that everybody may read, with data and the run `toy`; copied for each test."""
    folder = Path(tempfile.mkdtemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_toy(folder)
        assert main(TRAIN) == 0
        np.save("one.npy", np.zeros((6, 6, 1), np.uint8))
        network().save("net.striate")
        network().save_weights("net.safetensors")
        fit_some(network(), folder)()
        # What Python loads late, a user who may not read its files could not load in the child.
        assert main(["evaluate", "toy"]) == 0
        Image.new("L", (8, 8)).save("one.png")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def here(trained, monkeypatch):
    """A copy of that folder, all of it the ordinary user's own, as the current one."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    folder.chmod(0o755)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STRIATE_CACHE", str(folder / "cache"))
    yield folder
    shutil.rmtree(folder)


def network():
    model = Sequential([Input((4,)), Dense(2), Dense(1)])
    model.compile("sgd", "mse", precision="float32")
    return model


def fit_some(model, folder, epochs=1):
    kept = [
        keras_callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False),
        keras_callbacks.ModelCheckpoint(folder / "best.striate"),
        keras_callbacks.CSVLogger(folder / "results.csv"),
    ]
    return lambda: model.fit(X, X[:, :1], epochs=epochs, verbose=0, callbacks=kept) and 0


def program(*words):
    return lambda: main(list(words))


def saves(name):
    return lambda: network().save(name)


# What a training writes before it comes to what is shut, and how a run ended.
MAY_CHANGE = ("run.json", "best.striate", "results.csv")

# What is shut and how, what is done then, and what must be said.
CASES = {
    "a folder for runs that may not be written": (
        "runs",
        0o555,
        program(*TRAIN),
        "cannot make the folder runs/toy-2 in",
    ),
    "a folder for runs that may not be entered": (
        "runs",
        0o000,
        program(*TRAIN),
        "cannot make the folder runs/toy in",
    ),
    "data that may not be read": ("toy.npz", 0o000, program(*TRAIN), "toy.npz"),
    "a network that may not be read": ("networks.py", 0o000, program(*TRAIN), "networks.py"),
    "a model that may not be read": (
        "runs/toy/model.striate",
        0o000,
        program("evaluate", "toy"),
        "cannot read the model file runs/toy/model.striate: Permission denied",
    ),
    "a recipe that may not be read": (
        "runs/toy/recipe.toml",
        0o000,
        program("evaluate", "toy"),
        "recipe.toml: Permission denied",
    ),
    "a split that may not be read": (
        "runs/toy/splits.csv",
        0o000,
        program("evaluate", "toy"),
        "cannot read runs/toy/splits.csv: Permission denied",
    ),
    "a record that may not be read": (
        "runs/toy/run.json",
        0o000,
        program("predict", "toy", "one.npy"),
        "run.json: Permission denied",
    ),
    "an example that may not be read": (
        "one.npy",
        0o000,
        program("predict", "toy", "one.npy"),
        "cannot read one.npy: Permission denied",
    ),
    "a run that may not be entered": (
        "runs/toy",
        0o000,
        program("evaluate", "toy"),
        "runs/toy/run.json: Permission denied",
    ),
    "a run that may not be gone on with": (
        "runs/toy",
        0o555,
        program("train", "--resume", "toy", "--epochs", "2"),
        "cannot write runs/toy/lock: Permission denied",
    ),
    "pictures that may not be written": (
        "runs/toy",
        0o555,
        program("see", "toy", "one.npy", "--show", "filters"),
        "runs/toy/see",
    ),
    "a model that may not be saved": (
        ".",
        0o555,
        saves("net.striate"),
        "cannot write net.striate: Permission denied (needs",
    ),
    "a new model that may not be saved": (
        ".",
        0o555,
        saves("new.striate"),
        "cannot write new.striate: Permission denied (needs",
    ),
    "weights that may not be saved": (
        ".",
        0o555,
        lambda: network().save_weights("net.safetensors"),
        "cannot write net.safetensors: Permission denied",
    ),
    "weights that may not be read": (
        "net.safetensors",
        0o000,
        lambda: network().load_weights("net.safetensors"),
        "cannot read the weights file net.safetensors: Permission denied",
    ),
    "a model file that may not be read": (
        "net.striate",
        0o000,
        lambda: load("net.striate"),
        "cannot read the model file net.striate: Permission denied",
    ),
    "checkpoints that may not be written": (
        "backup",
        0o555,
        lambda: fit_some(network(), Path(), 2)(),
        "backup",
    ),
    "checkpoints that may not be read": (
        "backup",
        0o000,
        lambda: fit_some(network(), Path(), 2)(),
        "cannot read the folder backup of checkpoints",
    ),
    "a log that may not be written": (
        "results.csv",
        0o444,
        lambda: fit_some(network(), Path(), 2)(),
        "cannot write 'results.csv': Permission denied",
    ),
    "a model of the best epoch that may not be written": (
        ".",
        0o555,
        lambda: network().fit(
            X, X[:, :1], verbose=0, callbacks=[keras_callbacks.ModelCheckpoint("best.striate")]
        ),
        "cannot write best.striate: Permission denied",
    ),
    "a folder for pictures that cannot be made": (
        ".",
        0o555,
        program("convolve", "one.png", "edge"),
        "Permission denied",
    ),
    "images that may not be read": (
        "pets/cat/0.png",
        0o000,
        program("train", "pets", "--epochs", "1", "--bad-files", "error"),
        "cat/0.png: cannot be read: Permission denied",
    ),
    "a folder of images that may not be opened": (
        "pets/cat",
        0o000,
        program("train", "pets", "--epochs", "1"),
        "Permission denied",
    ),
}


def prepare(shut: str) -> None:
    """Make what only some cases have."""
    if shut.startswith("pets"):
        for number in range(24):
            place = Path("pets", "cat" if number % 2 == 0 else "dog")
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8), number * 9, np.uint8)).save(place / f"{number}.png")
            os.chown(place / f"{number}.png", NOBODY, NOBODY)
        for place in ("pets", "pets/cat", "pets/dog"):
            os.chown(place, NOBODY, NOBODY)


@pytest.mark.parametrize(("shut", "mode", "act", "words"), CASES.values(), ids=CASES.keys())
def test_what_is_shut_is_said_in_words_and_nothing_is_lost(shut, mode, act, words, here):
    prepare(shut)
    before = lying_in(here)
    place = here / shut
    opened = place.stat().st_mode & 0o777
    place.chmod(mode)
    code, said = in_child(act, nobody=True)
    place.chmod(opened)
    assert code != 0, said
    assert words in said, said
    assert "Traceback" not in said
    assert "Permission denied" in said, said
    check_nothing_lost(here, before, but=MAY_CHANGE)
    for name in ("net.striate", "best.striate", "runs/toy/model.striate", "runs/toy/last.striate"):
        load(here / name)
