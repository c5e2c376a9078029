from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from striate.core.errors import DataError, FileAccessError, FileFormatError
from striate.datasets.opening import open_data
from striate.datasets.source import Data, DataBundle
from striate.report.material import Examples
from striate.workbench import Recipe, actions, reporting
from striate.workbench.reporting import gather, read_history, report, shown_name, write_report
from striate.workbench.run import Run
from striate.workbench.trained import run_split


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def left_out(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"[^§]*?Left out', page.replace("</section>", "§"))


def test_a_report_is_written_into_the_run_and_found_by_its_name(trained):
    place = report("toy")
    assert place == Path("runs/toy/report.html")
    page = text_of(place)
    assert "<h1><bdi>toy</bdi></h1>" in page
    assert "striate train runs/toy/recipe.toml" in page
    # Its network is dense.
    assert left_out(page) == ["filters", "maps", "window"]


def test_a_report_can_be_written_elsewhere(trained):
    assert report(str(trained / "runs" / "toy"), "page.html") == Path("page.html")
    assert Path("page.html").is_file()
    assert not Path("runs/toy/report.html").exists()


def test_the_numbers_are_those_of_the_run(trained):
    run = Run(Path("runs/toy"))
    record = run.read()
    given = gather(run, None, None, None, "cpu")
    assert given.answers.right.mean() == pytest.approx(record["final"]["test_accuracy"])
    assert {part: int(counts.sum()) for part, counts in given.examples.counts.items()} == record["data"][
        "parts"
    ]
    assert len(given.history["val_loss"]) == record["epochs"]["done"]
    assert given.plan["batch_size"] == 8
    assert given.missing == {"answers": ""}


def test_examples_are_named_as_in_the_split(trained):
    run = Run(Path("runs/toy"))
    rows = [line.split(",") for line in text_of(run.splits).splitlines()]
    wanted = [row[0] for row in rows if row[1] == "test"]
    assert list(gather(run, None, None, None, "cpu").answers.names) == wanted


def test_examples_without_names_of_their_own_are_named_by_their_place():
    unnamed = Data(np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1]))
    named = Data(unnamed.x, unnamed.y, names=["a.png", "b.png"])
    bundle = DataBundle(name="toy", kind="image", origin="here", train=unnamed, test=named)
    assert shown_name(bundle, "train", 1) == "image 1"
    assert shown_name(bundle, "test", 1) == "b.png"


def test_data_that_are_at_hand_are_not_read_again(trained):
    run = Run(Path("runs/toy"))
    bundle, split = open_data("toy.npz"), run_split(run)
    Path("toy.npz").unlink()
    page = text_of(write_report(run, bundle=bundle, split=split))
    assert left_out(page) == ["filters", "maps", "window"]


def test_without_its_data_a_run_still_has_curves_and_network(trained):
    Path("toy.npz").unlink()
    page = text_of(report("toy"))
    assert {"results", "classes", "mistakes", "filters"} <= set(left_out(page))
    assert "toy.npz" in page
    assert "Verdict: " in page
    assert 'class="network"' in page


def test_without_its_network_a_run_still_has_data_and_curves(trained):
    for name in ("model.striate", "last.striate"):
        Path("runs/toy", name).unlink()
    page = text_of(report("toy"))
    assert {"network", "results", "inputs"} <= set(left_out(page))
    assert "holds no model" in page
    assert "How many examples there are of each class" in page


def test_without_its_recipe_the_reason_is_said(trained):
    Path("runs/toy/recipe.toml").unlink()
    page = text_of(report("toy"))
    assert "recipe.toml" in page
    assert "Verdict: " in page


def test_changed_data_are_not_taken_for_the_runs_own(trained):
    with np.load("toy.npz") as content:
        kept = dict(content)
    np.savez("toy.npz", **{**kept, "x": kept["x"][::-1]})
    assert "no longer what the run &#39;toy&#39; was trained on" in text_of(report("toy"))


def test_a_run_with_a_convolution_shows_what_it_sees(here):
    Path("networks.py").write_text(
        "from striate.layers import Conv2D, Dense, Flatten, Input\n"
        "from striate.models import Sequential\n"
        "def convolve(input_shape, classes):\n"
        "    layers = [Conv2D(2, 3, activation='relu'), Flatten(), Dense(classes, activation='softmax')]\n"
        "    return Sequential([Input(input_shape), *layers])\n"
    )
    actions.train(Recipe("toy.npz", model="networks.py:convolve", epochs=1, batch_size=8))
    page = text_of(report("toy"))
    assert left_out(page) == []
    assert "What excites the filters of" in page


def test_a_run_that_is_not_there_is_missed_with_those_that_are(trained):
    with pytest.raises(FileAccessError, match=r"there is no run.*'tox'.*Did you mean 'toy'"):
        report("tox")


def test_a_run_of_a_newer_version_is_refused(trained):
    shutil.copytree("runs/toy", "runs/newer")
    content = json.loads(text_of(Path("runs/newer/run.json")))
    Path("runs/newer/run.json").write_text(json.dumps({**content, "schema_version": 99}))
    with pytest.raises(FileFormatError, match="written by a newer Striate"):
        report("newer")


def test_a_place_that_cannot_be_written_is_named(trained):
    with pytest.raises(FileAccessError, match="there is no folder"):
        report("toy", "nowhere/page.html")


def test_the_table_of_epochs_is_read_as_lists(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("epoch,loss,accuracy,val_loss\n0,1.5,0.5,NA\n1,0.5,oops,NA\n")
    found = read_history(path)
    assert found["loss"] == [1.5, 0.5]
    assert found["accuracy"][0] == 0.5
    assert math.isnan(found["accuracy"][1])
    assert set(found) == {"loss", "accuracy"}


@pytest.mark.parametrize("content", [None, "", "epoch,loss\n"])
def test_without_epochs_there_is_no_history(tmp_path, content):
    path = tmp_path / "results.csv"
    if content is not None:
        path.write_text(content)
    assert read_history(path) is None


def test_without_test_examples_there_are_no_answers():
    nothing = Data(np.zeros((0, 6, 6, 1), np.uint8), np.zeros(0, np.int64))
    examples = Examples("image", nothing, nothing, {}, None)
    with pytest.raises(DataError, match=r"There are no test examples, so the network was not tested\."):
        reporting._answer(None, examples, ["left"], [])
