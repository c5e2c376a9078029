"""One seed, one result: the same bits from fresh processes, whatever they hash by and wherever they stand."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np

from striate.models.saving import load
from striate.workbench import Recipe, actions
from tests.workbench.toy import write_toy


def train(folder, *words, **variables):
    environment = {**os.environ, "STRIATE_CACHE": str(folder / "cache"), **variables}
    options = ["name=run", "--no-report"]
    command = [sys.executable, "-m", "striate", "train", *words, *options]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    names = ("model.striate", "last.striate", "results.csv", "splits.csv", "recipe.toml")
    files = [folder / "runs" / "run" / name for name in names]
    files += (folder / "runs" / "run" / "checkpoints").iterdir()
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_three_fresh_processes_leave_the_same_bytes(tmp_path):
    found = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo", "America/Lima")):
        folder = tmp_path / f"place {number}"
        folder.mkdir()
        write_toy(folder)
        words = ["toy.npz", "epochs=2", "batch-size=8", "augment=light", "seed=11"]
        if number == 2:
            # The third does again what the recipe of the first one says.
            recipe = tmp_path / "place 0" / "runs" / "run" / "recipe.toml"
            words = [str(recipe)]
        found.append(train(folder, *words, PYTHONHASHSEED=str(number + 1), TZ=zone))
    assert found[0] == found[1]
    assert found[0] == found[2]
    assert len(found[0]) == 6


def test_another_seed_leaves_other_weights(here):
    networks = []
    for seed in (1, 2):
        recipe = Recipe("toy.npz", model="networks.py:stack", epochs=1, seed=seed, test_share=0.2)
        networks.append(load(actions.train(recipe).run.last_model))
    assert not np.array_equal(*(network.get_weights()[0] for network in networks))
