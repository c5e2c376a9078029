"""A run that was stopped or cut off goes on, and comes out as if that had not happened."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from striate.callbacks import ProgbarLogger
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError, StateError
from striate.models.saving import load
from striate.training.stopping import Stopped, ended_by_sigterm
from striate.workbench import Recipe, actions
from striate.workbench.resuming import with_options

RECIPE = Recipe("toy.npz", model="networks.py:stack", epochs=5, batch_size=8, learning_rate=0.05)


class DiedError(Exception):
    """Stands for what kills a process."""


def die_after(monkeypatch, epochs):
    """End the training, or the test that follows it, without a warning."""
    original = ProgbarLogger.on_epoch_begin

    def die(self, epoch, logs=None):
        original(self, epoch, logs)
        if epoch == epochs:
            raise DiedError("it died")

    monkeypatch.setattr(ProgbarLogger, "on_epoch_begin", die)
    # A killed process writes nothing more, not even how it ended.
    monkeypatch.setattr("striate.workbench.record.Record.close", lambda *_: None)


def cut_off(recipe=RECIPE, epochs=2):
    with pytest.MonkeyPatch.context() as patch:
        die_after(patch, epochs)
        with pytest.raises(DiedError, match="it died"):
            actions.train(recipe, "broken", verbose=2)


def record(name="broken"):
    return json.loads(Path("runs", name, "run.json").read_text(encoding="utf-8"))


def same(one="whole", other="broken"):
    for file in ("results.csv", "splits.csv"):
        assert Path("runs", one, file).read_bytes() == Path("runs", other, file).read_bytes(), file
    for file in ("model.striate", "last.striate"):
        # Not byte by byte: a network made a second time in one process has layers of other names.
        pair = [load(Path("runs", name, file)) for name in (one, other)]
        for a, b in zip(*(numbers(model) for model in pair), strict=True):
            np.testing.assert_array_equal(a, b)


def numbers(model):
    return [*model.get_weights(), *model.optimizer.state_arrays().values()]


@pytest.mark.parametrize("epochs", [0, 2, 4])
def test_a_run_that_was_cut_off_comes_out_as_if_it_had_not_been(here, epochs):
    whole = actions.train(RECIPE, "whole")
    cut_off(epochs=epochs)
    assert record()["status"] == "running"
    said = []
    result = actions.resume("runs/broken", say=said.append)
    assert f"resume     broken, cut off after {epochs} of 5 epochs" in said
    assert (result.status, result.signal) == ("finished", None)
    assert result.scores == whole.scores or result.scores.accuracy == whole.scores.accuracy
    assert (result.best_epoch, result.epochs_done) == (whole.best_epoch, whole.epochs_done)
    same()
    found = record()
    assert found["status"] == "finished"
    assert len(found["resumed"]) == 1
    assert found["resumed"][0]["threads"] == found["threads"]
    assert found["final"] == record("whole")["final"]
    assert len(list(Path("runs/broken/checkpoints").iterdir())) == 1


def test_a_run_without_a_checkpoint_begins_at_step_0(here):
    actions.train(RECIPE, "whole")
    cut_off(epochs=2)
    shutil.rmtree("runs/broken/checkpoints")
    actions.resume("broken")
    same()


def test_a_run_that_died_while_it_was_tested_is_only_tested(here, monkeypatch, capsys):
    actions.train(RECIPE, "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "striate.workbench.training_run.score", lambda *_: (_ for _ in ()).throw(DiedError("it died"))
        )
        patch.setattr("striate.workbench.record.Record.close", lambda *_: None)
        with pytest.raises(DiedError, match="it died"):
            actions.train(RECIPE, "broken")
    actions.resume("broken")
    assert "going on after epoch 5" in capsys.readouterr().out
    same()


def test_it_goes_on_from_another_folder_as_well(here, monkeypatch, tmp_path_factory):
    actions.train(RECIPE, "whole")
    cut_off()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        actions.resume(str(here / "runs" / "broken"))
    assert list(elsewhere.iterdir()) == []
    assert Path("runs/whole/results.csv").read_bytes() == Path("runs/broken/results.csv").read_bytes()


def test_ctrl_c_says_so_and_the_run_goes_on(here, monkeypatch):
    actions.train(RECIPE, "whole")
    with pytest.MonkeyPatch.context() as patch:
        original = ProgbarLogger.on_epoch_begin

        def press(self, epoch, logs=None):
            original(self, epoch, logs)
            if epoch == 3:
                signal.raise_signal(signal.SIGINT)

        patch.setattr(ProgbarLogger, "on_epoch_begin", press)
        result = actions.train(RECIPE, "broken", verbose=2)
    assert (result.status, result.signal) == ("stopped", signal.SIGINT)
    assert record()["status"] == "stopped"
    assert actions.resume("broken").status == "finished"
    same()


def test_sigterm_stops_a_run_as_well(here):
    with pytest.MonkeyPatch.context() as patch:
        original = ProgbarLogger.on_epoch_begin

        def end(self, epoch, logs=None):
            original(self, epoch, logs)
            if epoch == 3:
                signal.raise_signal(signal.SIGTERM)

        patch.setattr(ProgbarLogger, "on_epoch_begin", end)
        result = actions.train(RECIPE, "broken", verbose=2)
    assert (result.status, result.signal) == ("stopped", signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    actions.train(RECIPE, "whole")
    actions.resume("broken")
    same()


def test_sigterm_before_the_training_ends_it_too():
    with ended_by_sigterm(), pytest.raises(Stopped) as ended:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.signal == signal.SIGTERM


def test_a_finished_run_is_left_alone_and_that_is_said(trained):
    before = {path: path.stat().st_mtime_ns for path in Path("runs/toy").rglob("*")}
    said = []
    assert actions.resume("toy", say=said.append) is None
    assert said == ["the run 'toy' is finished after 12 epochs: nothing is left to do."]
    assert {path: path.stat().st_mtime_ns for path in Path("runs/toy").rglob("*")} == before


def test_more_epochs_of_a_constant_rate_come_out_as_if_they_had_been_asked_for_at_once(here):
    constant = RECIPE.with_options(schedule="constant")
    actions.train(constant.with_options(epochs=8), "whole")
    actions.train(constant, "broken")
    result = actions.resume("broken", epochs=8)
    assert result.epochs_done == 8
    same()
    assert record()["epochs"]["planned"] == 8
    assert "epochs = 8" in Path("runs/broken/recipe.toml").read_text(encoding="utf-8")


def test_options_that_say_what_the_recipe_says_are_taken(here):
    cut_off()
    options = {"data": "toy.npz", "batch_size": 8, "seed": None}
    assert actions.resume("broken", **options).status == "finished"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 4}, r"begun with batch_size 8 and goes on with it; got 4\. Leave --batch-size out"),
        ({"kind": "image"}, r"begun with kind left open and goes on with it; got 'image'"),
        ({"epochs": 9}, r"begun for 5 epochs, and its learning rate falls to 0 over just these"),
        ({"epochs": 3}, r"begun for 5 epochs; --epochs 3 would be fewer\. .* striate evaluate toy"),
    ],
)
def test_options_that_contradict_the_recipe_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        with_options(RECIPE, options, "toy")


def test_more_epochs_of_fine_tuning_are_refused():
    recipe = RECIPE.with_options(weights="imagenet", schedule="constant")
    with pytest.raises(ArgumentError, match="its fine-tuning is planned over just these"):
        with_options(recipe, {"epochs": 9}, "toy")


def test_a_run_that_is_not_there_is_said(here):
    with pytest.raises(FileAccessError, match=r"there is no run, folder of a run or model file 'toy'"):
        actions.resume("toy")


def test_data_that_have_changed_are_refused(here):
    cut_off()
    with np.load("toy.npz") as content:
        changed = dict(content)
    changed["x"][0, 0, 0] += 1
    np.savez("toy.npz", **changed)
    with pytest.raises(FileFormatError, match=r"toy is no longer what the run 'broken' was begun on"):
        actions.resume("broken")


def test_a_network_of_one_s_own_that_has_changed_is_refused(here):
    cut_off()
    networks = Path("networks.py")
    networks.write_text(
        networks.read_text().replace("Flatten(), Dense(classes, ", "Flatten(), Dense(4), Dense(classes, ")
    )
    with pytest.raises(StateError, match=r"the checkpoint is of another network"):
        actions.resume("broken")


def test_a_run_that_is_trained_now_is_refused(here):
    def again(self, epoch, logs=None):
        with pytest.raises(ArgumentError, match="the run 'broken' is being trained already, by process"):
            actions.resume("broken")
        with pytest.raises(ArgumentError, match="is being trained now and holds no model yet"):
            actions.evaluate("broken")
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProgbarLogger, "on_epoch_begin", again)
        actions.train(RECIPE, "broken", verbose=2)


def test_a_run_that_was_cut_off_early_says_how_to_go_on(here):
    cut_off(epochs=0)
    with pytest.raises(
        ArgumentError, match=r"\(status: cut off\) holds no model: .* striate train --resume runs"
    ):
        actions.evaluate("broken")


def test_half_written_files_of_a_killed_process_are_removed(here):
    cut_off()
    left = [Path("runs/broken/.striate-00.part"), Path("runs/broken/checkpoints/.striate-11.part")]
    for path in left:
        path.write_bytes(b"half")
    actions.resume("broken")
    assert not any(path.exists() for path in left)
