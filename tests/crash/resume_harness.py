"""Kills a training at random moments, lets it go on, and compares what comes out with an undisturbed one.

One process imports everything and forks: a child trains, the parent kills it. `python
tests/crash/resume_harness.py SETUP KILLS SEED FOLDER` answers with a line of JSON.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from striate.artifacts.checkpoint import read_checkpoint
from striate.callbacks import BackupAndRestore, CSVLogger, EarlyStopping, ModelCheckpoint, SwapEMAWeights
from striate.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from striate.models import Sequential
from striate.optimizers import Adam
from striate.optimizers.schedules import CosineDecay
from striate.utils import set_random_seed
from striate.workbench import Recipe, actions, fitting

EPOCHS = 8
# A chain of kills is let through to its end after so many.
LONGEST_CHAIN = 3
NETWORKS = """
from striate.layers import BatchNormalization, Conv1D, Conv2D, Dense, Dropout, Flatten, Input
from striate.models import Sequential

def images(input_shape, classes):
    return Sequential([Input(input_shape), Conv2D(4, 3, activation="relu"), BatchNormalization(),
                       Flatten(), Dropout(0.3), Dense(classes, activation="softmax")])

def signals(input_shape, classes):
    return Sequential([Input(input_shape), Conv1D(4, 3, activation="relu"), BatchNormalization(),
                       Flatten(), Dropout(0.3), Dense(classes, activation="softmax")])
"""


def images(count: int = 96) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.random((count, 8, 8, 1), np.float32), np.arange(count) % 3


def network(optimizer: Adam) -> Sequential:
    set_random_seed(3)
    model = Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(4, 3, activation="relu"),
            BatchNormalization(),
            Flatten(),
            Dropout(0.3),
            Dense(8, activation="relu"),
            Dropout(0.2, seed=5),
            Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(folder: Path, optimizer: Adam, callbacks: list, **options: object) -> None:
    x, y = images()
    given = {
        "x": x,
        "y": y,
        "batch_size": 4,
        "validation_data": (x[:16], y[:16]),
        "epochs": EPOCHS,
        **options,
    }
    model = network(optimizer)
    history = model.fit(callbacks=callbacks, verbose=0, **given)
    (folder / "history.json").write_text(json.dumps([history.history, history.epoch]))
    model.save(folder / "model.striate")


def backup(folder: Path, **options: object) -> BackupAndRestore:
    return BackupAndRestore(folder / "checkpoints", delete_checkpoint=False, **options)


def arrays(folder: Path) -> None:
    best = ModelCheckpoint(str(folder / "best.striate"), save_best_only=True)
    kept = [CSVLogger(folder / "results.csv"), best, EarlyStopping(patience=7, restore_best_weights=True)]
    fit(folder, Adam(0.01), [backup(folder), *kept])


def schedule_and_average(folder: Path) -> None:
    rate = CosineDecay(0.02, decay_steps=EPOCHS * 24)
    optimizer = Adam(rate, use_ema=True, ema_momentum=0.9, gradient_accumulation_steps=2)
    fit(folder, optimizer, [backup(folder, seconds=0.05), SwapEMAWeights(swap_on_epoch=True)])


def within_an_epoch(folder: Path) -> None:
    x, y = images()
    data = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    loader = DataLoader(data, 4, shuffle=True)
    # Passes over the data and epochs end at different steps.
    options = {"x": loader, "y": None, "batch_size": None, "epochs": 2, "steps_per_epoch": 90}
    fit(folder, Adam(0.01), [backup(folder, save_freq=7)], **options)


def in_the_workbench(folder: Path, recipe: Recipe) -> None:
    often = functools.partial(BackupAndRestore, seconds=0.05)
    fitting.BackupAndRestore = often
    os.chdir(folder)
    if Path("runs/run/run.json").is_file():
        actions.resume("runs/run")
        return
    # It died before anything of the run was complete.
    shutil.rmtree("runs", ignore_errors=True)
    actions.train(recipe, "run")


def folder_of_images(folder: Path) -> None:
    recipe = Recipe(
        "images",
        model="networks.py:images",
        epochs=EPOCHS,
        batch_size=4,
        augment="standard",
        learning_rate=0.01,
    )
    in_the_workbench(folder, recipe)


def table_of_signals(folder: Path) -> None:
    recipe = Recipe(
        "signals.csv",
        model="networks.py:signals",
        epochs=EPOCHS,
        batch_size=4,
        augment="light",
        learning_rate=0.01,
        schedule="constant",
    )
    in_the_workbench(folder, recipe)


SETUPS: dict[str, Callable[[Path], None]] = {
    "arrays": arrays,
    "folder, augmentation and workers": folder_of_images,
    "table of signals": table_of_signals,
    "schedule and moving average": schedule_and_average,
    "within an epoch": within_an_epoch,
}


def write_data(folder: Path) -> None:
    """Write what the setups of the workbench read."""
    folder.mkdir(parents=True)
    (folder / "networks.py").write_text(NETWORKS)
    generator = np.random.default_rng(1)
    for name in ("left", "right"):
        (folder / "images" / name).mkdir(parents=True)
        for number in range(40):
            pixels = generator.integers(0, 256, (33, 33, 3), dtype=np.uint8)
            pixels[:, :16] //= 1 if name == "left" else 2
            Image.fromarray(pixels).save(folder / "images" / name / f"{number}.png")
    rows = generator.normal(size=(90, 24)).round(3)
    lines = [",".join([*(f"t{step}" for step in range(24)), "class"])]
    lines += [",".join([*map(str, row), "abc"[place % 3]]) for place, row in enumerate(rows)]
    (folder / "signals.csv").write_text("\n".join(lines))


def start(setup: str, folder: Path) -> int:
    """Fork a child that trains; answer with its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        with (folder / "said.txt").open("a") as said, contextlib.redirect_stdout(said):
            SETUPS[setup](folder)
        code = 0
    finally:
        if code:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def finish(setup: str, folder: Path) -> float:
    begun = time.monotonic()
    _, status = os.waitpid(start(setup, folder), 0)
    if status:
        raise SystemExit(f"{setup}: the training failed with status {status}")
    return time.monotonic() - begun


def kill(setup: str, folder: Path, after: float) -> bool:
    """Kill a training after so many seconds; whether it had not ended by itself."""
    child = start(setup, folder)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"{setup}: the training failed with status {status}")
    return os.WIFSIGNALED(status)


def outcome(folder: Path) -> dict[str, str]:
    """Hash everything that a training left: weights, optimiser, chance, history, callbacks, model files."""
    found = {}
    checkpoints = sorted(folder.rglob("*.checkpoint"))
    for key, value in read_checkpoint(checkpoints[-1]).items():
        found[key] = digest(value)
    for path in sorted(folder.rglob("*")):
        if path.name in ("best.striate", "model.striate", "last.striate", "results.csv", "history.json"):
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    own = (folder / name for name in ("checkpoints", "runs"))
    leftovers = [
        path.name
        for place in own
        for path in place.rglob("*")
        if path.name == "lock" or path.suffix == ".part"
    ]
    return {**found, "leftovers": ",".join(leftovers)}


def digest(value: object) -> str:
    hashed = hashlib.sha256()

    def add(part: object) -> None:
        if isinstance(part, dict):
            for key in sorted(part):
                hashed.update(key.encode())
                add(part[key])
        elif isinstance(part, list):
            for each in part:
                add(each)
        elif isinstance(part, np.ndarray):
            hashed.update(f"{part.dtype}{part.shape}".encode() + part.tobytes())
        else:
            hashed.update(repr(part).encode())

    add(value)
    return hashed.hexdigest()


def fresh(data: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(data, folder)
    return folder


def play(setup: str, kills: int, seed: int, place: Path) -> dict:
    """Kill so often, and compare each training that was let through to its end."""
    for library in ("matplotlib.figure", "sklearn.metrics", "sklearn.model_selection"):
        # Loaded before the fork, once for all children.
        importlib.import_module(library)
    write_data(place / "data")
    chance = random.Random(seed)
    whole = fresh(place / "data", place / "whole")
    length = finish(setup, whole)
    wanted = outcome(whole)
    done, compared, moments, differences = 0, 0, [], []
    while done < kills:
        folder = fresh(place / "data", place / "broken")
        for _ in range(min(LONGEST_CHAIN, kills - done)):
            if not kill(setup, folder, chance.uniform(0, length)):
                break
            done += 1
            moments.append(sorted(path.name[9:12] for path in folder.rglob("*.checkpoint"))[-1:])
        finish(setup, folder)
        compared += 1
        found = outcome(folder)
        differences += [
            f"chain {compared}: {key}" for key in wanted | found if wanted.get(key) != found.get(key)
        ]
    return {
        "setup": setup,
        "kills": done,
        "compared": compared,
        "before the first checkpoint": moments.count([]),
        "seconds undisturbed": round(length, 2),
        "differences": differences,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(play(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))))
