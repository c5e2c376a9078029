from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import (
    ArgumentError,
    FileAccessError,
    FileFormatError,
    LabelError,
    UnknownNameError,
)
from striate.datasets.source import Data, DataBundle
from striate.workbench.data import (
    class_names_of,
    fingerprint,
    load_data,
    own_parts,
    read_split,
    split_data,
    write_split,
)
from tests.workbench.toy import toy_images


def bundle(examples: int = 90, **parts) -> DataBundle:
    images, labels = toy_images(examples)
    return DataBundle("toy", Data(images, labels), **parts)


def test_a_file_of_arrays_is_loaded_by_its_path(here):
    assert len(load_data("toy.npz").train) == 90


def test_a_file_is_looked_for_in_a_second_folder_as_well(here, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_data("toy.npz", base=tmp_path).name == "toy"


def test_a_misspelt_set_or_file_gets_what_was_meant(here):
    with pytest.raises(UnknownNameError, match=r"no data set called 'digts'\. Did you mean 'digits'"):
        load_data("digts")
    with pytest.raises(UnknownNameError, match=r"no data set called 'toy'\. Did you mean 'toy\.npz'"):
        load_data("toy")
    with pytest.raises(FileAccessError, match=r"there is no file tyo\.npz .* Did you mean 'toy\.npz'"):
        load_data("tyo.npz")


def test_a_folder_is_not_data(here):
    (here / "pictures").mkdir()
    with pytest.raises(FileAccessError, match=r"pictures is a folder\. Data are a named set \(cifar10"):
        load_data("pictures")


def test_a_missing_folder_of_data_is_said_and_a_file_takes_none(here):
    with pytest.raises(FileAccessError, match=r"there is no folder nowhere .* the files of fashion_mnist"):
        load_data("fashion_mnist", "nowhere")
    with pytest.raises(ArgumentError, match=r"toy\.npz is a file itself; --data-dir goes with a named set"):
        load_data("toy.npz", ".")


def test_parts_that_are_missing_are_held_back_with_every_class_in_its_share():
    split = split_data(bundle(), 0.2, 0.25, seed=0)
    sizes = {part: len(places) for part, places in split.places.items()}
    assert sizes == {"train": 54, "test": 18, "validation": 18}
    everything = np.concatenate(list(split.places.values()))
    assert sorted(everything) == list(range(90))
    for part in split.places:
        counts = np.bincount(split.take(bundle(), part).y)
        assert counts.tolist() == [sizes[part] // 3] * 3


def test_parts_that_the_data_bring_are_taken_as_they_are():
    images, labels = toy_images(12, seed=1)
    given = bundle(test=Data(images, labels))
    split = split_data(given, 0.2, 0.1, seed=0)
    assert split.sources == {"train": "train", "validation": "train", "test": "test"}
    assert split.take(given, "test").x is not None
    assert len(split.places["test"]) == 12
    assert len(split.places["train"]) + len(split.places["validation"]) == 90


def test_the_same_seed_splits_the_same_way_and_another_does_not():
    first, again, other = (split_data(bundle(), 0.2, 0.1, seed=seed).places["test"] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_data_of_one_class_are_refused():
    images, _ = toy_images(20)
    one = DataBundle("same", Data(images, np.zeros(20, int), ["cat", "dog"]))
    with pytest.raises(LabelError, match="all 20 examples of same are of one class, 'cat': there is nothing"):
        split_data(one, 0.2, 0.1, 0)


def test_data_without_labels_are_refused():
    images, _ = toy_images(20)
    with pytest.raises(LabelError, match="toy has no labels; training needs a class for each example"):
        split_data(DataBundle("toy", Data(images)), 0.2, 0.1, 0)


def test_classes_without_names_are_called_by_their_numbers():
    assert class_names_of(bundle()) == ["0", "1", "2"]


def test_a_split_comes_back_from_its_file(tmp_path):
    split = split_data(bundle(), 0.2, 0.1, seed=0)
    write_split(tmp_path / "splits.json", split)
    found = read_split(tmp_path / "splits.json")
    assert found.fingerprint == split.fingerprint == fingerprint(bundle())
    assert own_parts(bundle(), found, "the run")["test"].y.tolist() == split.take(bundle(), "test").y.tolist()


@pytest.mark.parametrize(
    "content",
    ["{}", '{"train": 3}', "[]"],
)
def test_a_file_that_is_no_split_is_refused(tmp_path, content):
    (tmp_path / "splits.json").write_text(content, encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"splits\.json does not say which examples were for what"):
        read_split(tmp_path / "splits.json")


def test_a_split_with_parts_that_do_not_exist_is_refused(tmp_path):
    part = '{"of": "secret", "places": [0]}'
    text = f'{{"train": {part}, "test": {part}, "validation": {part}, "data_sha256": "x"}}'
    (tmp_path / "splits.json").write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match="parts or places are wrong"):
        read_split(tmp_path / "splits.json")


def test_data_that_have_changed_since_are_refused():
    split = split_data(bundle(), 0.2, 0.1, seed=0)
    changed = bundle()
    changed.train.x[5, 0, 0, 0] += 1
    with pytest.raises(FileFormatError, match="toy is no longer what the run 'toy' was trained on"):
        own_parts(changed, split, "the run 'toy'")
