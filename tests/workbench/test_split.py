from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, FileFormatError, LabelError
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.source import Data, DataBundle
from striate.workbench.split import class_names_of, own_parts, split_data
from striate.workbench.split_file import write_split
from tests.workbench.toy import toy_bundle as bundle
from tests.workbench.toy import toy_images


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


def test_copies_stay_on_one_side_and_are_said_by_name():
    images, labels = toy_images(60)
    images[30:40], labels[30:40] = images[:10], labels[:10]
    twice = DataBundle("toy", Data(images, labels, None, [f"{place}.png" for place in range(60)]))
    split = split_data(twice, 0.3, 0.2, seed=1)
    side = {place: part for part, places in split.places.items() for place in places.tolist()}
    assert [side[place] for place in range(10)] == [side[place] for place in range(30, 40)]
    assert split.copy_of[("train", 33)] == ("train", 3)
    assert split.leaks == (
        "10 examples are copies of others (10 of them exact), kept on one side of the split: "
        "30.png = 0.png; 31.png = 1.png; 32.png = 2.png; ...",
    )


def test_training_examples_with_a_copy_in_the_datas_own_test_part_are_left_out(tmp_path):
    images, labels = toy_images(60)
    test_images, test_labels = toy_images(12, seed=1)
    test_images[:2], test_labels[:2] = images[7:9], labels[7:9]
    given = DataBundle(
        "toy",
        Data(images, labels, None, [f"train/{place}.png" for place in range(60)]),
        Data(test_images, test_labels, None, [f"test/{place}.png" for place in range(12)]),
    )
    split = split_data(given, 0.2, 0.1, seed=0)
    assert len(split.places["test"]) == 12
    assert split.left_out["train"].tolist() == [7, 8]
    assert not {7, 8} & {*split.places["train"].tolist(), *split.places["validation"].tolist()}
    assert split.leaks[1] == (
        "2 of the train part have a copy in a part that is scored, and are left out: train/7.png, train/8.png"
    )
    write_split(tmp_path / "splits.csv", split, given)
    text = (tmp_path / "splits.csv").read_text(encoding="utf-8")
    assert "train/7.png,left out,train,7,1,,\n" in text
    assert "test/0.png,test,test,0,1,,train/7.png\n" in text


def test_copies_that_are_labelled_in_two_ways_are_said():
    images, labels = toy_images(60)
    images[31] = images[0]
    doubtful = DataBundle("toy", Data(images, labels, ["left", "middle", "right"]))
    split = split_data(doubtful, 0.3, 0.2, seed=1)
    assert split.leaks[1] == (
        "1 group of copies is labelled in several ways: train 0 (left) and train 31 (middle)"
    )


def test_groups_stay_together_and_so_do_copies_of_their_members():
    images, labels = toy_images(90)
    groups = [f"patient {place // 9}" for place in range(90)]
    images[85], labels[85] = images[0], labels[0]
    grouped = DataBundle("toy", Data(images, labels, None, None, groups))
    split = split_data(grouped, 0.3, 0.2, seed=0)
    side = {place: part for part, places in split.places.items() for place in places.tolist()}
    for start in range(0, 90, 9):
        assert len({side[place] for place in range(start, start + 9)}) == 1
    assert side[0] == side[85] == side[81]
    assert {len(places) > 0 for places in split.places.values()} == {True}


def test_a_validation_share_of_nothing_holds_nothing_back():
    split = split_data(bundle(), 0.2, 0, seed=0)
    assert [len(split.places[part]) for part in ("train", "validation", "test")] == [72, 0, 18]


def test_data_that_have_changed_since_are_refused():
    split = split_data(bundle(), 0.2, 0.1, seed=0)
    changed = bundle()
    changed.train.x[5, 0, 0, 0] += 1
    with pytest.raises(FileFormatError, match="toy is no longer what the run 'toy' was trained on"):
        own_parts(changed, split, "the run 'toy'")


def test_a_class_of_nothing_but_copies_is_refused_as_such():
    images, labels = toy_images(30)
    images[labels == 1] = images[1]
    with pytest.raises(
        LabelError,
        match="all 10 examples of class 'middle' are copies of one another, and copies stay on one",
    ):
        split_data(DataBundle("toy", Data(images, labels, ["left", "middle", "right"])), 0.3, 0.2, 0)


def test_a_single_copy_is_said_in_the_singular_and_small_files_say_how_was_looked():
    images, labels = toy_images(60)
    images[31], labels[31] = images[1], labels[1]
    one = DataBundle("toy", Data(images, labels), image_input=ImageInput(6, 6, 1))
    assert split_data(one, 0.3, 0.2, seed=1).leaks == (
        "1 example is a copy of another (1 of them exact), kept on one side of the split: train 31 = train 1 "
        "(near copies are looked for from 64 x 64 pixels up; here only exact ones)",
    )
    own = Data(images[1:2].copy(), labels[1:2])
    split = split_data(DataBundle("toy", Data(*toy_images(60)), own), 0.2, 0.2, seed=1)
    assert (
        split.leaks[1] == "1 of the train part has a copy in a part that is scored, and is left out: train 1"
    )


def test_a_share_that_is_too_small_is_called_by_its_name():
    with pytest.raises(ArgumentError, match=r"Choose another validation_share, or add examples"):
        split_data(bundle(), 0.2, 0.01, seed=0)
    with pytest.raises(ArgumentError, match=r"Choose another test_share, or add examples"):
        split_data(bundle(), 0.01, 0.1, seed=0)
