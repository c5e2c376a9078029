from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from striate.applications.choose import NAMES
from striate.artifacts.checkpoint import read_checkpoint
from striate.core.errors import (
    ArgumentError,
    DataError,
    FileAccessError,
    FileFormatError,
    LabelError,
    UnknownNameError,
)
from striate.models.saving import load
from striate.workbench import Recipe, actions, read_recipe
from tests.workbench.toy import CLASS_NAMES, toy_images

FILES = [
    "confusion.png",
    "curves.png",
    "last.striate",
    "model.striate",
    "recipe.toml",
    "results.csv",
    "run.json",
    "splits.csv",
]


def record(folder, name="toy"):
    return json.loads((folder / "runs" / name / "run.json").read_text(encoding="utf-8"))


def test_a_training_leaves_all_files_of_a_run(trained):
    # The place to go on from, where more epochs are wanted.
    assert [path.name for path in (trained / "runs" / "toy" / "checkpoints").iterdir()] != []
    shutil.rmtree(trained / "runs" / "toy" / "checkpoints")
    assert sorted(path.name for path in (trained / "runs" / "toy").iterdir()) == FILES


def test_the_record_says_what_was_chosen_measured_and_found(trained):
    found = record(trained)
    assert found["status"] == "finished"
    assert found["schema_version"] == 1
    assert found["seed"] == 0
    assert found["data"]["classes"] == CLASS_NAMES
    assert found["data"]["parts"] == {"train": 68, "validation": 8, "test": 14}
    assert found["epochs"]["planned"] == found["epochs"]["done"] == 12
    assert found["final"]["test_examples"] == 14
    assert found["final"]["test_accuracy"] == 1
    assert {"device", "precision", "threads", "versions", "seconds", "started", "finished"} <= set(found)


def test_the_results_are_a_row_an_epoch_and_the_best_epoch_has_the_lowest_validation_loss(trained):
    with (trained / "runs" / "toy" / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["val_loss"]) for row in rows]
    assert len(rows) == 12
    assert record(trained)["epochs"]["best"] == losses.index(min(losses)) + 1


def test_the_model_takes_raw_pixels_and_knows_its_classes(trained):
    model = load(trained / "runs" / "toy" / "model.striate")
    images, labels = toy_images()
    assert model.class_names == CLASS_NAMES
    assert model.preprocessing == {"kind": "image", "size": [6, 6], "channels": 1, "pixel_range": [0, 255]}
    assert (np.asarray(model(images)).argmax(axis=1) == labels).mean() > 0.95


def test_the_recipe_does_it_again_with_the_same_figures(trained):
    recipe = read_recipe(trained / "runs" / "toy" / "recipe.toml")
    again = actions.train(recipe)
    assert again.run.name == "toy-2"
    first, second = (load(trained / "runs" / name / "last.striate") for name in ("toy", "toy-2"))
    for mine, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(mine, other)


def test_each_choice_is_said_in_a_line(here):
    lines: list[str] = []
    actions.train(Recipe("toy.npz", epochs=1, model="networks.py:scaled"), "mine", say=lines.append)
    labels = [line.split()[0] for line in lines]
    assert labels == ["data", "split", "model", "augment", "device", "precision", "training", "run"]
    assert "14 to test (held back, stratified); seed 0" in lines[1]
    assert lines[-1].endswith("runs/mine")


def test_a_network_is_chosen_for_data_of_its_own_test_part_and_for_signals(here):
    images, labels = toy_images(60)
    signals = images.reshape(60, 36).astype(np.float32)
    np.savez(
        here / "own.npz", x_train=signals[:45], y_train=labels[:45], x_test=signals[45:], y_test=labels[45:]
    )
    lines: list[str] = []
    result = actions.train(Recipe("own.npz", epochs=1, schedule="constant"), say=lines.append)
    assert result.scores.sentence().endswith("on 15 signals")
    assert "15 to test (the data's own)" in lines[1]


def test_a_mistake_before_the_training_leaves_nothing_behind(here):
    with pytest.raises(UnknownNameError, match="no network"):
        actions.train(Recipe("toy.npz", model="nothing"))
    assert not (here / "runs").exists()


def test_a_name_that_exists_is_refused_before_anything_is_loaded(trained):
    with pytest.raises(ArgumentError, match="there is a run called 'toy' already"):
        actions.train(Recipe("nowhere.npz"), "toy")


def test_a_device_that_is_not_there_is_refused(here):
    with pytest.raises(ArgumentError, match="device 'cuda:77' is not"):
        actions.train(Recipe("toy.npz", device="cuda:77"))


def test_a_run_that_fails_says_so(here, monkeypatch):
    def fail(*_, **__):
        raise DataError("the data were lost")

    monkeypatch.setattr("striate.models.Model.fit", fail)
    with pytest.raises(DataError, match="the data were lost"):
        actions.train(Recipe("toy.npz"))
    assert record(here)["status"] == "failed"
    assert record(here)["error"] == "the data were lost"


def test_ctrl_c_in_the_training_keeps_what_is_there(here, monkeypatch):
    from striate.callbacks import CSVLogger

    original = CSVLogger.on_epoch_end

    def interrupt(self, epoch, logs=None):
        original(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(CSVLogger, "on_epoch_end", interrupt)
    result = actions.train(Recipe("toy.npz", model="networks.py:stack", epochs=5))
    assert result.status == record(here)["status"] == "stopped"
    assert result.scores is None
    assert load(here / "runs" / "toy" / "last.striate").class_names == CLASS_NAMES
    assert actions.evaluate("toy").scores.examples == 14


def test_ctrl_c_before_the_first_step_is_a_stop_as_well(here, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("striate.models.Model.fit", interrupt)
    assert actions.train(Recipe("toy.npz", model="networks.py:stack")).status == "stopped"
    assert (here / "runs" / "toy" / "last.striate").is_file()
    assert actions.evaluate("toy").file.name == "last.striate"


def test_evaluation_scores_the_same_test_part_as_the_training_did(trained):
    found = actions.evaluate("toy")
    assert found.scores.accuracy == record(trained)["final"]["test_accuracy"]
    assert found.scores.loss == pytest.approx(record(trained)["final"]["test_loss"], rel=1e-5)
    assert found.described == "the test part of toy, kept apart from training"


def test_a_run_is_evaluated_from_another_folder_too(trained, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert actions.evaluate(str(trained / "runs" / "toy")).scores.examples == 14


def test_of_the_runs_own_data_only_the_test_part_is_scored(trained):
    assert actions.evaluate("toy", "toy.npz").scores.examples == 14


def test_other_data_are_scored_whole_and_their_classes_found_by_name(trained):
    images, labels = toy_images(30, seed=5)
    names = np.array(["left", "right", "middle"])
    np.savez("other.npz", x=images, y=np.array([0, 2, 1])[labels], class_names=names)
    found = actions.evaluate("toy", "other.npz")
    assert found.scores.examples == 30
    assert found.scores.accuracy > 0.9
    assert found.described == "all examples of other"


def test_other_data_of_another_range_are_scaled_and_it_is_said(trained):
    images, labels = toy_images(30, seed=5)
    np.savez("other.npz", x_train=images[:1] / 255, y_train=labels[:1], x_test=images / 255, y_test=labels)
    found = actions.evaluate("toy", "other.npz")
    assert found.scores.accuracy > 0.9
    assert found.described == "the test part of other, pixels scaled from 0..1 to 0..255"


def test_data_that_the_network_cannot_take_are_refused(trained):
    np.savez("wide.npz", x=np.zeros((4, 9, 9, 1), np.uint8), y=np.arange(4) % 2)
    with pytest.raises(
        DataError, match=r"wide\.npz holds images of \(9, 9, 1\); this network takes images of \(6"
    ):
        actions.evaluate("toy", "wide.npz")
    np.savez("birds.npz", x=np.zeros((4, 6, 6, 1), np.uint8), y=np.array(["left", "owl"] * 2))
    with pytest.raises(
        LabelError, match="the network does not know the class 'owl' of birds; it tells apart"
    ):
        actions.evaluate("toy", "birds.npz")


def test_examples_without_labels_cannot_be_scored(trained):
    from striate.datasets.source import Data, DataBundle
    from striate.workbench.trained import _translate, open_trained

    bare = Data(np.zeros((2, 6, 6, 1), np.uint8))
    assert _translate(bare, DataBundle("bare", bare), open_trained("toy", trained)) is None


def test_a_model_file_outside_any_run_needs_data(trained):
    shutil.copy("runs/toy/model.striate", "alone.striate")
    with pytest.raises(ArgumentError, match=r"alone\.striate belongs to no run, so it has no test part"):
        actions.evaluate("alone.striate")
    assert actions.evaluate("alone.striate", "toy.npz").scores.examples == 90


def test_a_run_that_is_not_there_is_refused_with_those_that_are(trained):
    with pytest.raises(FileAccessError, match=r"'tot'\. Did you mean 'toy'\? Runs here: toy"):
        actions.evaluate("tot")


def test_a_run_of_a_newer_version_is_refused(trained):
    content = record(trained)
    content["schema_version"] = 9
    (trained / "runs" / "toy" / "run.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(FileFormatError, match="schema_version 9, written by a newer Striate"):
        actions.evaluate("toy")


def test_a_run_without_a_model_is_refused(trained):
    for name in ("model.striate", "last.striate"):
        (trained / "runs" / "toy" / name).unlink()
    with pytest.raises(ArgumentError, match=r"the run 'toy' \(status: finished\) holds no model"):
        actions.predict("toy", ["a.png"])


def test_a_damaged_model_is_refused(trained):
    path = trained / "runs" / "toy" / "model.striate"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"model\.striate"):
        actions.predict("toy", ["a.png"])


def test_data_that_changed_since_are_refused(trained):
    images, labels = toy_images(seed=3)
    np.savez("toy.npz", x=images, y=labels, class_names=np.array(CLASS_NAMES))
    with pytest.raises(FileFormatError, match="toy is no longer what the run 'toy' was trained on"):
        actions.evaluate("toy")


def test_predictions_name_file_class_and_probability_and_the_mistakes(trained):
    Image.new("L", (12, 12)).save("dark.png")
    (trained / "note.txt").write_text("hello", encoding="utf-8")
    stripe = np.zeros((60, 60), np.uint8)
    stripe[:, 40:] = 220
    Image.fromarray(stripe).save("stripe.png")
    bad, good = actions.predict("toy", ["note.txt", "stripe.png"], top=5)
    assert bad.answers == ()
    assert "note.txt is not an image" in bad.mistake
    assert good.source == "stripe.png"
    assert good.answers[0].class_name == "right"
    assert len(good.answers) == 3
    assert sum(answer.probability for answer in good.answers) == pytest.approx(1, abs=1e-5)


def test_predictions_of_arrays_are_those_of_the_model(trained):
    images, _ = toy_images(5, seed=9)
    np.save("some.npy", images)
    found = actions.predict("toy", ["some.npy"])
    expected = np.asarray(load("runs/toy/model.striate")(images))
    assert [prediction.source for prediction in found] == [f"some.npy[{row}]" for row in range(5)]
    assert [prediction.answers[0].class_name for prediction in found] == [
        CLASS_NAMES[place] for place in expected.argmax(axis=1)
    ]
    assert [prediction.answers[0].probability for prediction in found] == pytest.approx(
        expected.max(axis=1).tolist(), abs=1e-5
    )


def test_arrays_of_another_range_are_refused(trained):
    np.save("small.npy", np.full((2, 6, 6, 1), 0.5))
    (found,) = actions.predict("toy", ["small.npy"])
    assert "pixels of 0 to 1, it seems" in found.mistake


def test_a_summary_is_that_of_a_run_a_file_or_a_network_by_name(trained):
    assert "Total params: 111" in actions.summary("toy").text
    assert actions.summary("runs/toy/last.striate").described == "runs/toy/last.striate"
    assert "94,890" in actions.summary("net_c").text
    assert "FLOPs" in actions.summary("toy", details=True).text


def test_every_network_by_name_has_a_shape_to_be_shown_for():
    assert set(actions.SHOWN_FOR) == set(NAMES)


def test_a_summary_of_nothing_known_is_refused_with_what_was_meant(trained):
    with pytest.raises(FileAccessError, match=r"'net_cc', and no network either .* Did you mean 'net_c'"):
        actions.summary("net_cc")


@pytest.fixture
def spectra(here):
    """A run on signals with two columns that could be the label, and a folder of images."""
    rows = [
        f"{'oak' if n % 2 else 'elm'},{'wet' if n % 3 else 'dry'},{n % 2}.5,{n % 7},{n % 5}"
        for n in range(60)
    ]
    for name in ("own.csv", "other.csv"):
        (here / name).write_text("\n".join(["tree,soil,400,410,420", *rows]), encoding="utf-8")
    wanted = Recipe("own.csv", label="tree", model="networks.py:stack", epochs=1)
    actions.train(wanted, "trees")
    return here


def test_other_data_may_name_the_column_of_their_classes(spectra):
    text = (spectra / "other.csv").read_text(encoding="utf-8")
    (spectra / "renamed.csv").write_text(text.replace("tree", "species"), encoding="utf-8")
    with pytest.raises(UnknownNameError, match="no column for the label called 'tree'"):
        actions.evaluate("trees", "renamed.csv")
    found = actions.evaluate("trees", "renamed.csv", label="species")
    assert found.scores.examples > 0
    with pytest.raises(LabelError, match="the network does not know the class 'dry' of other"):
        actions.evaluate("trees", "other.csv", label="soil")
    with pytest.raises(
        ArgumentError, match=r"label='soil' names a column of other data, and none were given"
    ):
        actions.evaluate("trees", label="soil")


def test_arrays_take_no_label_of_the_networks_own_data(spectra):
    np.savez("bare.npz", x=np.zeros((4, 3, 1), np.float32), y=np.arange(4) % 2)
    assert actions.evaluate("trees", "bare.npz").scores.examples == 4


def test_images_are_refused_by_a_network_of_signals_in_words(spectra):
    for label in ("oak", "elm"):
        (spectra / "pets" / label).mkdir(parents=True)
        Image.new("L", (9, 9), 50).save(spectra / "pets" / label / "0.png")
    with pytest.raises(DataError, match=r"pets holds images; this network takes signals of \(3, 1\)\."):
        actions.evaluate("trees", "pets")
    with pytest.raises(DataError, match=r"digits holds images; this network takes signals of \(3, 1\)\."):
        actions.evaluate("trees", "digits")


def test_shares_that_nothing_is_held_back_by_are_said(here):
    images, labels = toy_images(60)
    np.savez("own.npz", x_train=images[:45], y_train=labels[:45], x_test=images[45:], y_test=labels[45:])
    lines: list[str] = []
    recipe = Recipe("own.npz", epochs=1, model="networks.py:stack", test_share=0.3, validation_share=0.2)
    actions.train(recipe, say=lines.append)
    assert lines[2] == "unused     test_share 0.3: the data's own test part is taken"
    assert not any("validation_share" in line for line in lines)


def test_cutmix_is_refused_for_signals_before_a_run_begins(here):
    np.savez("waves.npz", x=np.arange(600, dtype=np.float32).reshape(20, 30, 1), y=np.arange(20) % 2)
    with pytest.raises(
        ArgumentError, match=r"mix='cutmix' puts pieces of images together, and waves holds signals"
    ):
        actions.train(Recipe("waves.npz", mix="cutmix"))
    assert not (here / "runs").exists()


def test_the_number_of_threads_that_is_said_and_written_down_is_the_one_that_computes(here, monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr("striate.core.threads._decision", [])
    monkeypatch.setenv("STRIATE_THREADS", str(before + 1))
    said: list[str] = []
    try:
        result = actions.train(Recipe("toy.npz", epochs=1, schedule="constant"), say=said.append)
    finally:
        torch.set_num_threads(before)
    (checkpoint,) = result.run.checkpoints.iterdir()
    assert read_checkpoint(checkpoint)["machine"]["threads"] == before + 1
    assert record(here)["threads"] == before + 1
    assert torch.cuda.is_available() or any(f"; {before + 1} threads)" in line for line in said)
