"""A run whose numbers go wrong says where and how to go on, and goes on more slowly."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from striate.artifacts.checkpoint import CheckpointFolder, read_checkpoint
from striate.cli.main import main
from striate.core.errors import ArgumentError, NumbersError, OutOfMemoryError
from striate.models.saving import load
from striate.training.step import Stepper
from striate.workbench import Recipe, actions
from striate.workbench.mishaps import slow_down
from striate.workbench.resuming import with_options
from striate.workbench.run import Run
from tests.crash.clear_messages import check_nothing_lost, lying_in, told


def record(name="toy"):
    return json.loads(Path("runs", name, "run.json").read_text(encoding="utf-8"))


WORDS = ["train", "toy.npz", "--model", "networks.py:stack", "--epochs", "6", "--batch-size", "8"]
WORDS += ["--learning-rate", "0.05", "--no-report"]


def break_after(patch, steps):
    """From some step on, one example of each batch is none on its way into the network."""
    forward, taken = Stepper.forward, []

    def overflow(self, inputs):
        if self.module.training:
            taken.append(inputs)
            if len(taken) > steps:
                inputs = inputs.float().clone()
                inputs[2] = torch.nan
        return forward(self, inputs)

    patch.setattr(Stepper, "forward", overflow)


@pytest.fixture
def broken(here, capsys):
    """What was said by the training of the run `toy`, which failed in its fourth epoch."""
    with pytest.MonkeyPatch.context() as patch:
        break_after(patch, 32)
        code, said = told(WORDS, capsys)
    assert code == 1
    return said


def test_the_message_names_place_layer_and_example_and_how_to_go_on(broken):
    assert broken.startswith("striate: in epoch 4, step ")
    assert "at a learning rate of 0.0" in broken
    assert "come out of layer '" in broken
    assert re.search(r"The files concerned: \S+", broken)
    assert "The run 'toy' keeps its last good checkpoint, after step 2" in broken
    assert broken.endswith("To go on more slowly: striate train --resume runs/toy --learning-rate 0.005\n")


def test_the_run_is_marked_and_keeps_its_last_good_checkpoint_and_models(broken):
    content = record()
    assert content["status"] == "failed"
    assert content["went_wrong"]["cause"] == "layer"
    assert content["went_wrong"]["epoch"] == 4
    assert len(content["went_wrong"]["examples"]) == 1
    assert broken.strip().endswith(content["error"][-40:])
    assert content["epochs"]["done"] == 3
    for name in ("model.striate", "last.striate"):
        assert all(np.isfinite(weight).all() for weight in load(Path("runs/toy", name)).get_weights())
    assert not list(Path("runs/toy").rglob("*.part"))


def test_it_goes_on_at_a_lower_rate_and_says_so_in_its_record(broken, capsys):
    code, _ = told(["train", "--resume", "toy", "--learning-rate", "0.005", "--no-report"], capsys)
    assert code == 0
    content = record()
    assert content["status"] == "finished"
    assert content["epochs"]["done"] == 6
    assert "went_wrong" not in content
    assert content["resumed"][-1]["learning_rate"] == 0.005
    assert "learning_rate = 0.005" in Path("runs/toy/recipe.toml").read_text(encoding="utf-8")


def test_evaluating_and_predicting_say_what_of_it_is_used(broken, capsys):
    np.save("one.npy", np.zeros((6, 6, 1), np.uint8))
    main(["evaluate", "toy"])
    said = capsys.readouterr().out
    best = record()["epochs"]["best"]
    assert (
        f"the run 'toy' failed after 3 of 6 epochs; used is the network after epoch {best}, the best" in said
    )
    main(["predict", "toy", "one.npy"])
    assert (
        f"striate: the run 'toy' failed after 3 of 6 epochs; used is the network after epoch {best}"
        in capsys.readouterr().err
    )
    Path("runs/toy/model.striate").unlink()
    main(["predict", "toy", "one.npy"])
    assert "used is the network after the last of them" in capsys.readouterr().err
    content = record()
    Path("runs/toy/run.json").write_text(json.dumps({**content, "status": "running"}), encoding="utf-8")
    main(["predict", "toy", "one.npy"])
    assert "the run 'toy' was cut off after 3 of 6 epochs" in capsys.readouterr().err


def test_a_run_without_a_checkpoint_begins_anew_at_the_lower_rate(here, capsys):
    words = [word if word != "0.05" else "1e37" for word in WORDS]
    code, said = told(words, capsys)
    assert code == 1
    assert "The run 'toy' has no checkpoint yet and goes on from its beginning." in said
    assert "--resume runs/toy --learning-rate 1e+36" in said
    code, _ = told(["train", "--resume", "toy", "--learning-rate", "0.01", "--no-report"], capsys)
    assert code == 0
    assert record()["status"] == "finished"


@pytest.mark.parametrize("rate", [0.05, 0.06, 0.0, -1.0])
def test_only_a_lower_rate_is_taken_and_only_after_numbers_went_wrong(rate):
    recipe = Recipe("toy.npz", learning_rate=0.05, epochs=3)
    if rate != 0.05:
        with pytest.raises(ArgumentError, match=r"was begun with learning_rate 0\.05 and goes on with it"):
            with_options(recipe, {"learning_rate": rate}, "toy", went_wrong=True)
    with pytest.raises(ArgumentError, match=r"was begun with learning_rate 0\.05 and goes on with it"):
        with_options(recipe, {"learning_rate": 0.01}, "toy")
    assert with_options(recipe, {"learning_rate": 0.01}, "toy", went_wrong=True).learning_rate == 0.01


def test_a_constant_rate_is_lowered_in_the_checkpoints(here):
    recipe = Recipe("toy.npz", model="networks.py:stack", epochs=2, batch_size=8, learning_rate=0.05)
    actions.train(recipe.with_options(schedule="constant"), "toy")
    run = Run(Path("runs/toy"))
    untouched = lying_in(run.checkpoints)
    slow_down(run, 0.05, 0.05)
    assert lying_in(run.checkpoints) == untouched
    slow_down(run, 0.05, 0.002)
    (path,) = CheckpointFolder(run.checkpoints).files()
    optimizer = read_checkpoint(path)["optimizer"]
    assert float(dict(optimizer["arrays"])["learning_rate"]) == pytest.approx(0.002)
    assert optimizer["rate"] == 0.002


def test_files_of_a_folder_are_named_and_all_stand_in_the_record(here, capsys):
    from PIL import Image

    for number in range(24):
        place = Path("pets", "cat" if number % 2 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        shade = np.random.default_rng(number).integers(0, 255, (8, 8), np.uint8)
        Image.fromarray(shade).save(place / f"{number}.png")
    words = ["train", "pets", "--epochs", "2", "--learning-rate", "1e38", "--batch-size", "9", "--no-report"]
    code, said = told(words, capsys)
    assert code == 1
    assert "The files of this step: " in said
    files = record("pets")["went_wrong"]["files"]
    assert len(files) == 9
    assert all(Path("pets", name).is_file() for name in files)
    assert files[0] in said


def test_memory_that_runs_out_names_the_batch_size_that_fits_and_keeps_the_checkpoint(
    here, capsys, monkeypatch
):
    steps = []
    original = Stepper.train

    def train(self, batch):
        steps.append(batch.size)
        if len(steps) == 12:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")
        original(self, batch)

    before = {}
    monkeypatch.setattr(Stepper, "train", train)
    code, said = told(WORDS, capsys)
    assert code == 1
    assert "memory ran out on a batch of 8 (an example takes about " in said
    assert "Try batch_size=4, smaller inputs or fewer filters." in said
    assert (
        "A new run with --batch-size 4 fits. The run 'toy' keeps its last good checkpoint, after step 9."
        in said
    )
    assert said.endswith("With more memory free: striate train --resume runs/toy\n")
    assert record()["status"] == "failed"
    before = lying_in(Path("runs/toy/checkpoints"))
    check_nothing_lost(Path("runs/toy/checkpoints"), before)
    assert main(["train", "--resume", "toy", "--no-report"]) == 0


def test_mistakes_of_a_run_stay_the_errors_they_are(here, monkeypatch):
    recipe = Recipe("toy.npz", model="networks.py:stack", epochs=6, batch_size=8, learning_rate=0.05)
    with monkeypatch.context() as patch:
        break_after(patch, 32)
        with pytest.raises(NumbersError, match="come out of layer '") as caught:
            actions.train(recipe, "toy")
    assert caught.value.place["epoch"] == 4

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(Stepper, "train", fail)
    with pytest.raises(OutOfMemoryError, match="memory ran out on a batch of 8"):
        actions.train(recipe, "other")
