"""A run that was stopped or cut off goes on, and comes out as if that had not happened."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from striate.callbacks import ProgbarLogger
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError, StateError
from striate.models.saving import load
from striate.training.stopping import Stopped, ended_by_sigterm
from striate.workbench import Recipe, actions
from striate.workbench.recipe import recipe_from_table, write_recipe
from striate.workbench.resuming import with_options

RECIPE = Recipe("toy.npz", model="networks.py:stack", epochs=5, batch_size=8, learning_rate=0.05)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """Shells let what they start in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
    with pytest.raises(StateError, match=r"stack' is not the one that the run 'broken' was begun with"):
        actions.resume("broken")


def test_a_change_that_no_weight_shows_is_seen_too(here):
    cut_off()
    networks = Path("networks.py")
    before = networks.read_text()
    networks.write_text(before.replace('="softmax"', '="softmax", kernel_regularizer="l2"'))
    assert networks.read_text() != before
    with pytest.raises(StateError, match=r"its layers or their settings have changed\. Bring the old one"):
        actions.resume("broken")
    networks.write_text(before + "\n# A remark changes nothing.\n")
    assert actions.resume("broken").status == "finished"


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


def test_a_finished_run_that_was_stopped_in_its_report_gets_it(trained):
    left = Path("runs/toy/.striate-00.part")
    left.write_bytes(b"half")
    said = []
    assert actions.resume("toy", say=said.append, report=True) is None
    assert said[1:] == ["report     not there yet, being written"]
    assert Path("runs/toy/report.html").is_file()
    assert not left.exists()
    assert actions.resume("toy", say=said.append, report=True) is None
    assert len(said) == 3


@pytest.mark.parametrize("file", ["begin_record", "write_recipe", "write_split"])
def test_a_run_that_is_stopped_while_it_is_begun_leaves_nothing(here, monkeypatch, file):
    def press(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"striate.workbench.training_run.{file}", press)
        with pytest.raises(KeyboardInterrupt):
            actions.train(RECIPE, "broken")
    assert list(Path("runs").iterdir()) == []
    assert actions.train(RECIPE, "broken").status == "finished"


def test_a_run_that_cannot_be_begun_leaves_nothing(here, monkeypatch):
    def fail(*_):
        raise FileAccessError("cannot write splits.csv: No space left on device")

    monkeypatch.setattr("striate.workbench.training_run.write_split", fail)
    with pytest.raises(FileAccessError, match=r"cannot write splits\.csv: No space left"):
        actions.train(RECIPE, "broken")
    assert list(Path("runs").iterdir()) == []


@pytest.mark.parametrize("what", ["fitting.save", "training_run.save", "training_run.score"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_after_its_last_epoch_says_so_and_goes_on(here, monkeypatch, what, number):
    def press(*_, **__):
        signal.raise_signal(number)

    with monkeypatch.context() as patch:
        patch.setattr(f"striate.workbench.{what}", press)
        result = actions.train(RECIPE, "broken")
    assert (result.status, result.signal, result.scores) == ("stopped", number, None)
    assert record()["status"] == "stopped"
    assert actions.resume("broken").status == "finished"
    actions.train(RECIPE, "whole")
    same()


def test_of_two_writes_that_fail_the_first_is_told(here, monkeypatch):
    def full(*_, **__):
        monkeypatch.setattr("striate.workbench.record.Record.write", shut)
        raise FileAccessError("cannot write the checkpoint: it needs 20 MB")

    def shut(*_):
        raise FileAccessError("cannot write run.json: it needs 2 KB")

    monkeypatch.setattr("striate.models.Model.fit", full)
    with pytest.raises(FileAccessError, match=r"cannot write the checkpoint"):
        actions.train(RECIPE, "broken")


def test_a_record_that_cannot_be_closed_is_told(here, monkeypatch):
    def shut(*_):
        raise FileAccessError("cannot write run.json: it needs 2 KB")

    monkeypatch.setattr("striate.workbench.record.Record.close", shut)
    with pytest.raises(FileAccessError, match=r"cannot write run\.json"):
        actions.train(RECIPE, "broken")


def test_a_folder_without_a_record_says_how_to_begin_anew(trained):
    Path("runs/toy/run.json").unlink()
    for text in ("toy", "runs/toy"):
        with pytest.raises(
            FileAccessError, match=r"has no run\.json, .*: striate train runs/toy/recipe\.toml"
        ):
            actions.resume(text)


def test_a_run_whose_lock_finds_no_room_leaves_nothing(here, monkeypatch):
    def full(*_):
        raise FileAccessError("cannot write the lock: No space left on device")

    monkeypatch.setattr("striate.workbench.locking._take", full)
    with pytest.raises(FileAccessError, match="cannot write the lock: No space left"):
        actions.train(RECIPE, "broken")
    assert list(Path("runs").iterdir()) == []


def edit_recipe(old, new):
    path = Path("runs/broken/recipe.toml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_recipe_that_was_changed_meanwhile_is_refused(here):
    cut_off()
    for old, new, said in (
        ("seed = 0", "seed = 1", r"seed was 0 and is 1\. Put it back"),
        ("batch_size = 8\n", "", r"batch_size was 8 and is left open"),
        ("epochs = 5", "epochs = 6", r"epochs was 5 and is 6\."),
    ):
        edit_recipe(old, new)
        with pytest.raises(ArgumentError, match=rf"recipe\.toml was changed since .*: {said}"):
            actions.resume("broken")
        Path("runs/broken/recipe.toml").unlink()
        write_recipe(Path("runs/broken/recipe.toml"), recipe_from_table(record()["recipe"], "run.json"))
    assert actions.resume("broken").status == "finished"


def test_data_that_lie_elsewhere_now_are_named_in_the_recipe(here):
    actions.train(RECIPE, "whole")
    cut_off()
    Path("toy.npz").rename("moved.npz")
    edit_recipe("toy.npz", "moved.npz")
    assert actions.resume("broken").status == "finished"
    same()


@pytest.mark.parametrize("last", ["write", "write_recipe"])
def test_a_run_that_died_while_it_got_more_epochs_goes_on(here, monkeypatch, last):
    recipe = replace(RECIPE, schedule="constant")
    actions.train(recipe, "broken")

    def die(*_):
        raise DiedError("it died")

    with monkeypatch.context() as patch:
        # Before the recipe was written again, or just after.
        place = "resuming.write_recipe" if last == "write" else "resuming.go_on_record"
        patch.setattr(f"striate.workbench.{place}", die)
        with pytest.raises(DiedError, match="it died"):
            actions.resume("broken", epochs=7)
    assert actions.resume("broken", epochs=7).epochs_done == 7
    assert record()["recipe"]["epochs"] == 7
    assert "recipe_before" not in record()


def test_a_split_that_was_changed_meanwhile_is_refused(here):
    cut_off()
    splits = Path("runs/broken/splits.csv")
    before = splits.read_bytes()
    # One of each changes sides, so that all counts stay.
    splits.write_bytes(
        before.replace(b",test,", b",?,", 1).replace(b",train,", b",test,", 1).replace(b"?", b"train")
    )
    assert splits.read_bytes().count(b",test,") == before.count(b",test,")
    for use in (actions.resume, actions.evaluate):
        with pytest.raises(
            FileFormatError, match=r"splits\.csv was changed after .*never learnt from\. Bring"
        ):
            use("broken")
    splits.write_bytes(before)
    assert actions.resume("broken").status == "finished"
