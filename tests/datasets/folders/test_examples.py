"""Classes, limits and groups of images, before anything is decoded."""

import pytest

from striate.core.errors import ArgumentError, DataError, LabelError, UnknownNameError
from striate.datasets.folders.examples import (
    Example,
    Found,
    check_classes_repeat,
    class_name,
    group_examples,
    limit_examples,
    part_of,
    settle_classes,
    sort_classes,
)
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.places import FilePlace
from striate.datasets.options import SourceOptions
from tests.datasets.folders.test_folder import NO_CACHE
from tests.datasets.layouts import files_of, write_folder


def examples(*names, **words):
    """Examples by name, of the class that the name begins with."""
    return [Example(FilePlace(name, None), name[0], **words) for name in names]


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("train", "train"), ("Training", "train"), ("train_data", "train"), ("trainset", "train"),
        ("val", "validation"), ("VALID", "validation"), ("validation", "validation"), ("eval", "validation"),
        ("dev", "validation"), ("test", "test"), ("Testing", "test"), ("test1", "test"),
        ("test-images", "test"), ("trains", None), ("tester", None), ("cat", None), ("", None),
    ],
)  # fmt: skip
def test_words_for_parts(word, part):
    assert part_of(word) == part


def test_classes_are_sorted_by_name_or_by_number():
    assert sort_classes(["10", "9", "-1", "9"]) == ["-1", "9", "10"]
    assert sort_classes(["10", "9", "b", "B"]) == ["10", "9", "B", "b"]
    assert class_name(" e\u0301 ") == "\u00e9"


def test_no_training_part():
    with pytest.raises(DataError, match="x holds validation and test but no training part"):
        settle_classes(Found({"validation": examples("a"), "test": examples("a")}), "x")
    with pytest.raises(DataError, match="x holds nothing but no training part"):
        settle_classes(Found({}), "x")


def test_a_single_class():
    with pytest.raises(DataError, match="all 2 images of x are of one class, 'a'"):
        settle_classes(Found({"train": examples("a1", "a2")}), "x")


def test_classes_of_the_parts_have_to_agree():
    found = Found(
        {"train": examples("a", "b", "c"), "validation": examples("a", "b"), "test": examples("a", "d")}
    )
    with pytest.raises(DataError, match="test part of x has classes that the training part lacks: 'd'"):
        settle_classes(found, "x")
    assert found.notes == ["the validation part has no image of 'c'"]
    with pytest.raises(DataError, match=r"the validation part of x has classes .* lacks: 'd'"):
        settle_classes(Found({"train": examples("a", "b"), "validation": examples("d")}), "x")


def test_a_test_part_of_one_unknown_class_is_without_labels():
    found = Found({"train": examples("a", "b"), "test": examples("u1", "u2")})
    assert settle_classes(found, "x") == ["a", "b"]
    assert "test" not in found.parts
    assert found.notes == ["2 images of the test part, all in 'u', without labels: left out"]


def test_labels_of_which_hardly_two_are_the_same_are_no_classes():
    check_classes_repeat([str(n % 20) for n in range(20)], "it")
    with pytest.raises(
        LabelError, match="it holds 21 different labels for 30 images, such as '0': these are no"
    ):
        check_classes_repeat([str(n % 21) for n in range(30)], "it")


def test_a_limit_spreads_evenly_and_takes_what_there_is():
    some = examples(*(f"a{n}" for n in range(10)), "b0", "b1")
    assert [example.place.name for example in limit_examples(some, 3)] == ["a0", "a3", "a6", "b0", "b1"]
    assert limit_examples(some, 100) == some
    for wrong in (0, -1, True):
        with pytest.raises(ArgumentError, match="limit is how many examples a class are taken, at least 1"):
            limit_examples(some, wrong)


def test_groups_by_a_regular_expression():
    some = examples("a/p1_1.png", "a/p1_2.png", "b/p2_1.png", "b/other.png")
    groups, note = group_examples(some, r"(p\d)_")
    assert groups == ["p1", "p1", "p2", "alone: b/other.png"]
    assert note == "2 groups by " + repr(r"(p\d)_") + ", 1 image in none"
    with pytest.raises(
        DataError, match=r"puts no example into a group: it matches no name, such as 'a/p1_1.png'"
    ):
        group_examples(some, "patient(.)")
    with pytest.raises(ArgumentError, match="is no regular expression: missing"):
        group_examples(some, "(p")
    for wrong in ("p1", "(a)(b)"):
        with pytest.raises(ArgumentError, match=r"one bracket around the group, as .*; .* has [02] brackets"):
            group_examples(some, wrong)


def test_all_in_one_group_is_refused():
    with pytest.raises(DataError, match="puts all examples into one group, 'p'"):
        group_examples(examples("p1", "p2"), "^(p)")


def test_groups_by_folder_and_column():
    with pytest.raises(DataError, match="no example into a group: the images lie directly in their class's"):
        group_examples(examples("a", "b"), "folder")
    some = examples("a", columns={"who": "1"}) + examples("b", columns={"who": "2"}) + examples("c")
    assert group_examples(some, "column:who")[0] == ["1", "2", "alone: c"]
    with pytest.raises(UnknownNameError, match=r"no column called 'whom'. Did you mean 'who'"):
        group_examples(some, "column:whom")
    with pytest.raises(DataError, match="the column is empty"):
        group_examples(examples("a", "b", columns={"who": ""}), "column:who")


def test_groups_are_those_of_folders_below_the_class(tmp_path):
    files = files_of("cat/p1/1.png", "cat/p1/2.png", "cat/p2/x/3.png", "dog/p1/4.png", "dog/5.png")
    bundle = load_images(write_folder(files, tmp_path / "x"), SourceOptions(cache=False, group="folder"))
    assert dict(zip(bundle.train.names, bundle.train.groups, strict=True)) == {
        "cat/p1/1.png": "p1", "cat/p1/2.png": "p1", "cat/p2/x/3.png": "p2/x", "dog/p1/4.png": "p1",
        "dog/5.png": "alone: dog/5.png",
    }  # fmt: skip
    assert "2 groups by 'folder', 1 image in none" in bundle.origin


def test_groups_by_a_column_of_a_table_beside_class_folders(tmp_path):
    files = files_of("cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png")
    files["patients.csv"] = b"image;patient\n1.png;A\n2.png;B\n3.png;A\n4.png;C\n"
    files["other.csv"] = b"\0\0"
    place = write_folder(files, tmp_path / "x")
    bundle = load_images(place, SourceOptions(cache=False, group="column:patient"))
    assert bundle.train.groups == ["A", "B", "A", "C"]
    assert bundle.class_names == ["cat", "dog"]


def test_a_limit_is_for_the_training_part_alone(tmp_path):
    names = [f"{part}/{c}/{n}.png" for part in ("train", "val") for c in ("cat", "dog") for n in range(6)]
    place = write_folder(files_of(*names), tmp_path / "x")
    bundle = load_images(place, SourceOptions(cache=False, limit=2))
    assert bundle.train.names == ["train/cat/0.png", "train/cat/3.png", "train/dog/0.png", "train/dog/3.png"]
    assert len(bundle.validation) == 12
    assert load_images(place, NO_CACHE).content != bundle.content
