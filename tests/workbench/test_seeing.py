"""`striate see`: every picture by its name, of a run, for its own examples or a person's files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, LabelError, UnknownNameError
from striate.datasets.source import Data
from striate.workbench import Recipe, actions
from striate.workbench.seeing import VIEWS, Question, Subject, see
from striate.workbench.trained import open_trained_here

NETWORK = """
from striate.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, MaxPooling2D
from striate.models import Sequential

def convolutional(input_shape, classes):
    return Sequential([
        Input(input_shape), Conv2D(4, 3, activation="relu", name="conv"), MaxPooling2D(2),
        Flatten(), Dense(classes, activation="softmax", name="answer"),
    ])

def flat(input_shape, classes):
    return Sequential([Input(input_shape), GlobalAveragePooling2D(), Flatten()])
"""


@pytest.fixture(scope="module")
def seen_folder(tmp_path_factory):
    """A folder with a run of a small convolutional network."""
    from tests.workbench.toy import write_toy

    folder = tmp_path_factory.mktemp("seen")
    write_toy(folder)
    (folder / "own.py").write_text(NETWORK, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        recipe = Recipe("toy.npz", model="own.py:convolutional", epochs=6, batch_size=8, learning_rate=0.02)
        actions.train(recipe, "toy")
    return folder


@pytest.fixture
def trained_here(seen_folder, monkeypatch):
    monkeypatch.chdir(seen_folder)
    return open_trained_here("toy")


QUICK = [name for name in VIEWS if name not in ("mistakes", "excitement", "class_output")]


@pytest.mark.parametrize("view", QUICK)
def test_every_view_is_written_as_a_file_with_a_caption(trained_here, tmp_path, view):
    (found,) = see(trained_here, views=[view], out=tmp_path)
    assert found.view == view
    assert found.picture.title
    assert found.picture.caption
    assert found.file.parent == tmp_path
    assert found.file.stat().st_size > 500


def test_without_views_files_are_shown_with_the_reason_of_their_answers(trained_here, tmp_path):
    for number in (1, 2):
        Image.new("L", (9, 7), 90 * number).save(tmp_path / f"{number}.png")
    files = [str(tmp_path / "1.png"), str(tmp_path / "2.png")]
    found = see(trained_here, files, out=tmp_path / "out", kind="svg")
    assert [one.file.name for one in found] == [
        "feature_maps-1.svg",
        "feature_maps-2.svg",
        "why-1.svg",
        "why-2.svg",
    ]


def test_what_is_asked_of_a_picture_reaches_it(trained_here, tmp_path):
    asked = Question(layer="1", filters=(3, 0), sort=None, untrained=True, target="right")
    maps, why = see(trained_here, views=["feature_maps", "why"], question=asked, out=tmp_path)
    assert any(panel.title.startswith("Feature 4") for panel in maps.picture.panels)
    assert "right" in why.picture.panels[1].title
    place = Question(layer="conv", filters=(2,), row=1, column=2)
    (summed,) = see(trained_here, views=["sum"], question=place, out=tmp_path)
    assert summed.picture.title.startswith("How the value of conv, filter 2 at 1, 2")


def test_pictures_lie_in_the_run_unless_told_otherwise(trained_here):
    (found,) = see(trained_here, views=["architecture"])
    assert found.file.as_posix() == "runs/toy/see/architecture.png"


def test_a_view_layer_or_class_that_there_is_not_is_said(trained_here, tmp_path):
    with pytest.raises(UnknownNameError, match=r"no picture called 'filter'\. Did you mean 'filters'"):
        see(trained_here, views=["filter"], out=tmp_path)
    with pytest.raises(UnknownNameError, match="conf"):
        see(trained_here, views=["filters"], question=Question(layer="conf"), out=tmp_path)
    with pytest.raises(LabelError, match="leeft"):
        see(trained_here, views=["why"], question=Question(target="leeft"), out=tmp_path)


def test_a_network_without_weights_has_no_layer_to_look_into(trained_here):
    from striate.layers import Flatten, GlobalAveragePooling2D, Input
    from striate.models import Sequential

    bare = replace(trained_here, model=Sequential([Input((6, 6, 3)), GlobalAveragePooling2D(), Flatten()]))
    with pytest.raises(ArgumentError, match="this network has no layer with weights to look into"):
        Subject(bare, Question()).layer()


def test_answers_need_labels(trained_here):
    subject = Subject(trained_here, Question())
    subject.data = Data(np.zeros((2, 6, 6, 1), np.uint8))
    with pytest.raises(LabelError, match="compares answers with labels, and the test part has none"):
        assert subject.answers
