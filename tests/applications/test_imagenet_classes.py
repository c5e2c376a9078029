"""Names for answers over ImageNet's classes, from a list that the test draws."""

from __future__ import annotations

import json

import numpy as np
import pytest

from striate.applications import imagenet_classes, vgg16
from striate.applications.imagenet_classes import decode_predictions, imagenet_names, names_at_hand
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError, ShapeError


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({str(n): [f"n{n:08d}", f"thing_{n}"] for n in range(1000)}))
    return path


def test_the_most_probable_classes_come_first(names):
    answers = np.zeros((2, 1000), np.float32)
    answers[0, [7, 3, 999]] = [0.5, 0.25, 0.2]
    answers[1, 281] = 1
    first, second = decode_predictions(answers, top=3, names=names)
    assert first[0] == ("n00000007", "thing_7", 0.5)
    assert [name for _, name, _ in first] == ["thing_7", "thing_3", "thing_999"]
    assert second[0] == ("n00000281", "thing_281", 1.0)
    assert len(vgg16.decode_predictions(answers, names=names)[0]) == 5


def test_a_list_can_be_lines_of_text(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text("\n".join(f"a thing {n}" for n in range(1000)))
    assert imagenet_names(path)[2] == ("", "a thing 2")
    path.write_text("\n".join(f"n{n:08d} a thing, {n}" for n in range(1000)))
    assert imagenet_names(path)[2] == ("n00000002", "a thing, 2")
    path.write_text(json.dumps({str(n): f"thing {n}" for n in range(1000)}))
    assert imagenet_names(str(path))[2] == ("", "thing 2")


def test_the_list_is_downloaded_once_by_its_checksum(names, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    monkeypatch.setattr(imagenet_classes, "download", lambda *what: asked.append(what) or names)
    assert imagenet_names()[5] == ("n00000005", "thing_5")
    assert asked == [(imagenet_classes.LIST, tmp_path / "weights")]


def test_names_are_at_hand_once_the_list_lies_in_the_cache(names, monkeypatch, tmp_path):
    monkeypatch.setattr(imagenet_classes, "cache_folder", lambda *parts: tmp_path.joinpath("cache", *parts))
    assert names_at_hand() is None
    place = tmp_path / "cache" / "weights" / "imagenet_class_index.json"
    place.parent.mkdir(parents=True)
    table = json.loads(names.read_text("utf-8"))
    table["7"] = ["n00000007", table["5"][1]]
    place.write_text(json.dumps(table), "utf-8")
    found = names_at_hand()
    assert (len(found), found[4]) == (1000, "thing_4")
    # Two classes of one name are told apart.
    assert (found[5], found[7]) == ("thing_5 (n00000005)", "thing_5 (n00000007)")


def test_without_a_network_it_is_said_how_else(monkeypatch):
    def fail(file, folder):
        raise FileAccessError(f"{file.name} could not be downloaded.")

    monkeypatch.setattr(imagenet_classes, "download", fail)
    words = (
        r"the names of ImageNet's classes \(a list that you have goes in by names='path'\): imagenet_class"
    )
    with pytest.raises(FileAccessError, match=words):
        decode_predictions(np.zeros((1, 1000)))


def test_what_is_no_list_of_a_thousand_names_is_refused(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("cat\ndog\n")
    with pytest.raises(FileFormatError, match=r"short.txt names 2 classes; ImageNet has 1000"):
        imagenet_names(path)
    path.write_text('{"1": ["n1", "cat"]}')
    with pytest.raises(FileFormatError, match=r"short.txt cannot be read as a list of class names: KeyError"):
        imagenet_names(path)


def test_other_answers_and_other_numbers_are_refused(names):
    with pytest.raises(ShapeError, match=r"ImageNet's 1000 classes, \(images, 1000\); got \(1, 10\)"):
        decode_predictions(np.zeros((1, 10)), names=names)
    with pytest.raises(ArgumentError, match="top is how many classes to name, from 1 to 1000; got 0"):
        decode_predictions(np.zeros((1, 1000)), top=0, names=names)
