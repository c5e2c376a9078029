"""`striate see`: every picture by its name, of a run, for its own examples or a person's files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, LabelError, UnknownNameError
from striate.datasets.source import Data
from striate.layers import Conv1D, Dense, Flatten, Input
from striate.models import Sequential
from striate.visualize.maximisation import Maximised
from striate.visualize.probes import watch
from striate.workbench import Recipe, actions, seeing
from striate.workbench.preparation import InputDescription
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
    with pytest.raises(LabelError, match="compares answers with labels, and the test part has none"):
        VIEWS["loss"].make(subject)


def test_unless_told_the_sum_of_the_strongest_place_is_explained(trained_here):
    subject = Subject(trained_here, Question(layer="conv", filters=(2,)))
    example = subject.given[1][0]
    with watch(trained_here.model, "conv", before_activation=True) as seen:
        seen.run(example[None], whole=False)
        values = seen.maps["conv"][0, ..., 2].detach().numpy()
    row, column = np.unravel_index(values.argmax(), values.shape)
    (found,) = VIEWS["sum"].make(subject)
    assert found.title.startswith(f"How the value of conv, filter 2 at {row}, {column} ")
    in_row = Subject(trained_here, Question(layer="conv", filters=(2,), row=1))
    (found,) = VIEWS["sum"].make(in_row)
    assert f"filter 2 at 1, {values[1].argmax()} " in found.title
    (unit,) = VIEWS["sum"].make(Subject(trained_here, Question(layer="answer", filters=(1,))))
    assert unit.title.startswith("How the value of answer, filter 1 comes about")
    with pytest.raises(ArgumentError, match="got row=99"):
        VIEWS["sum"].make(Subject(trained_here, Question(layer="conv", row=99)))
    with pytest.raises(ArgumentError, match="layer 'conv' has filters 0 to 3; got 9"):
        VIEWS["sum"].make(Subject(trained_here, Question(layer="conv", filters=(9,))))


@pytest.mark.parametrize("view", ["why", "methods", "classes"])
def test_a_layer_is_handed_only_to_methods_that_take_one(trained_here, view):
    asked = Question(layer="conv", method="saliency")
    assert VIEWS[view].make(Subject(trained_here, asked))[0].panels
    (by_layer,) = VIEWS[view].make(Subject(trained_here, replace(asked, method="grad_cam")))
    assert view == "methods" or "layer 'conv', 4 × 4 places, as asked for" in by_layer.caption


def signal_subject(trained, question=None):
    model = Sequential([Input((20, 2)), Conv1D(18, 3, name="conv"), Flatten(), Dense(2)])
    takes = InputDescription("signal", (20, 2), None)
    subject = Subject(
        replace(trained, model=model, takes=takes, class_names=["a", "b"]), question or Question()
    )
    x = np.random.default_rng(0).normal(size=(6, 20, 2)) * [3.0, 0.0]
    subject.data = Data(x.astype(np.float32), np.zeros(6, np.int64))
    return subject


def test_signals_are_sought_between_the_values_of_real_ones(trained_here):
    subject = signal_subject(trained_here)
    low, high = seeing._signal_range(subject)
    np.testing.assert_allclose(low, subject.data.x.min(axis=(0, 1)))
    np.testing.assert_allclose(high, subject.data.x.max(axis=(0, 1)) + np.array([0, 1e-3]))
    outside = signal_subject(replace(trained_here, run=None))
    assert seeing._signal_range(outside) is None
    outside.files = ("own.csv",)
    outside.given = (["own"], np.array([[[-2.0, 1.0], [4.0, 2.0]]]))
    np.testing.assert_array_equal(seeing._signal_range(outside), [[-2, 1], [4, 2]])
    assert seeing._signal_range(Subject(trained_here, Question())) is None


def test_searches_of_signals_get_that_range_and_only_the_first_filters(trained_here, monkeypatch):
    given = {}

    def maximise(*_, **options):
        given.update(options)
        empty = np.zeros((1, 20, 2))
        return Maximised(empty, np.zeros(1), np.zeros(1), ("0",), "conv", "its value", (-1, 1), 1)

    monkeypatch.setattr(seeing, "maximise", maximise)
    monkeypatch.setattr(seeing, "class_output", lambda *_, **options: given.update(classes=options))
    subject = signal_subject(trained_here)
    VIEWS["excitement"].make(subject)
    VIEWS["class_output"].make(subject)
    assert given["most"] == 16
    for ends in (given["value_range"], given["classes"]["value_range"]):
        np.testing.assert_allclose(ends[0], subject.data.x.min(axis=(0, 1)))


def test_the_loss_is_drawn_over_no_more_than_200_examples(trained_here, monkeypatch):
    lengths = []
    monkeypatch.setattr(seeing, "loss_along", lambda _, x, y, **__: lengths.append((len(x), len(y))))
    subject = Subject(trained_here, Question())
    subject.data = Data(np.zeros((300, 6, 6, 1), np.uint8), np.zeros(300, np.int64))
    VIEWS["loss"].make(subject)
    assert lengths == [(200, 200)]


def test_examples_are_counted_out_of_all(trained_here):
    subject = Subject(trained_here, Question(count=2))
    (found,) = VIEWS["examples"].make(subject)
    assert found.caption.startswith(f"2 of {len(subject.data.x)} examples")
    with pytest.raises(ArgumentError, match="count is a whole number from 1 up; got 0"):
        VIEWS["examples"].make(Subject(trained_here, Question(count=0)))
