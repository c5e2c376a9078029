"""Lists of files and labels: what they may leave out, and what they must not."""

import pytest

from striate.core.errors import DataError, LabelError, UnknownNameError
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.label_list import part_in_name
from striate.datasets.options import SourceOptions
from tests.datasets.folders.test_folder import NO_CACHE
from tests.datasets.layouts import files_of, write_folder

IMAGES = ("a.png", "b.png", "c.png", "d.png")


@pytest.fixture
def load(tmp_path):
    """Load four images with a list of this text."""

    def load(text, name="labels.csv", images=IMAGES, itself=False, **options):
        place = write_folder(files_of(*images) | {name: text.encode()}, tmp_path / "x")
        return load_images(place / name if itself else place, SourceOptions(cache=False, **options))

    return load


def labels(data):
    return [data.class_names[label] for label in data.y]


def test_the_list_itself_may_be_named(load):
    text = "file,label\na.png,cat\nb.png,dog\n"
    for name in ("labels.csv", "test.csv", "anything.csv"):
        bundle = load(text, name, itself=True)
        assert (bundle.name, bundle.train.names) == (name[:-4], ["a.png", "b.png"])
        assert "2 images in no list: left out" in bundle.origin


def test_a_list_that_is_named_may_lead_to_images_elsewhere(tmp_path):
    write_folder(files_of("a.png", "b.png", "c.png"), tmp_path / "images")
    far = tmp_path / "images" / "c.png"
    text = f"../images/a.png,cat\n../images/b.png,dog\n{far},dog\n"
    place = write_folder(files_of("a.png") | {"list.csv": text.encode()}, tmp_path / "lists")
    bundle = load_images(place / "list.csv", NO_CACHE)
    found = dict(zip(bundle.train.names, labels(bundle.train), strict=True))
    assert found == {"../images/a.png": "cat", "../images/b.png": "dog", far.as_posix(): "dog"}
    with pytest.raises(DataError, match=r"all 1 images of .*lists are of one class"):
        load_images(place, NO_CACHE)


def test_a_list_that_is_named_but_names_no_image(load):
    with pytest.raises(DataError, match=r"no column of .*labels\.csv names images .*4 images are there"):
        load("file,label\nx.png,cat\ny.png,dog\n", itself=True)
    with pytest.raises(DataError, match=r"no column of .*labels\.csv names images"):
        load("", itself=True)


def test_the_column_of_labels_may_be_named(load):
    text = "file,age,kind\na,1,cat\nb,1,dog\nc,2,cat\nd,2,dog\n"
    assert labels(load(text, label="kind").train) == ["cat", "dog", "cat", "dog"]
    assert labels(load(text, label="last").train) == ["cat", "dog", "cat", "dog"]
    assert labels(load(text, label="1").train) == ["1", "1", "2", "2"]
    with pytest.raises(UnknownNameError, match=r"no column of labels\.csv called 'kin'. Did you mean 'kind'"):
        load(text, label="kin")
    with pytest.raises(DataError, match=r"any of the columns 'age', 'kind' of labels\.csv could hold"):
        load(text)


def test_a_list_without_labels(load):
    with pytest.raises(DataError, match=r"labels\.csv names images but has no column of labels"):
        load("file\na\nb\nc\nd\n")


def test_two_labels_for_one_image(load):
    assert len(load("file,label\na,cat\nb,dog\na.png,cat\n").train) == 2
    with pytest.raises(LabelError, match=r"labels\.csv gives a\.png two labels: 'cat' and 'dog'"):
        load("file,label\na,cat\nb,dog\na.png,dog\n")


def test_rows_of_several_classes(load):
    with pytest.raises(LabelError, match=r"b in labels\.csv is marked with 2 of the classes cat, dog"):
        load("file,cat,dog\na,1,0\nb,1,1\n")
    with pytest.raises(LabelError, match=r"b in labels\.csv is marked with 0 of the classes"):
        load("file,cat,dog\na,1,0\nb,0,0\n")


def test_one_hot_columns_beside_others(load):
    bundle = load("image,cat,dog,age,patient\na,1,0,30,x\nb,0,1,40,x\nc,0,1,50,y\n", group="column:patient")
    assert labels(bundle.train) == ["cat", "dog", "dog"]
    assert bundle.train.groups == ["x", "x", "y"]


def test_values_that_are_no_classes(load):
    images = [f"{n}.png" for n in range(40)]
    text = "file,label\n" + "".join(f"{n}.png,{n / 7:.3f}\n" for n in range(40))
    with pytest.raises(LabelError, match=r"the column 'label' of labels\.csv holds 40 different labels"):
        load(text, images=images)


def test_labels_called_like_images_are_labels(load):
    images = [f"{n}.png" for n in range(9)]
    bundle = load("".join(f"{n % 3},{n}\n" for n in range(9)), images=images)
    assert bundle.train.names == images
    assert labels(bundle.train) == [str(n % 3) for n in range(9)]


def test_files_of_the_list_that_are_not_there_are_bad_files(load):
    images = [f"{n:02d}.png" for n in range(40)]
    text = "file,label\n" + "".join(f"{n:02d},{n % 2}\n" for n in range(41))
    bundle = load(text, images=images)
    assert [(bad.name, bad.reason) for bad in bundle.bad_files] == [
        ("40", "stands in labels.csv but is not there")
    ]
    with pytest.raises(DataError, match="1 of 41 files cannot be used:\n  40: stands in labels"):
        load(text, images=images, bad_files="error")
    with pytest.raises(DataError, match="2 of 4 files cannot be used, more than 5%"):
        load("file,label\na,cat\nb,dog\ny.png,cat\nx.png,dog\n")


def test_a_part_that_is_none(load):
    with pytest.raises(DataError, match=r"column 'split' of labels\.csv says which part .*; got 'holdout'"):
        load("file,label,split\na,cat,train\nb,dog,holdout\n")


def test_parts_of_rows_without_one_are_the_lists(load):
    bundle = load("file,label,split\na,cat,\nb,dog,train\nc,cat,test\n")
    assert (bundle.train.names, bundle.test.names) == (["a.png", "b.png"], ["c.png"])


@pytest.mark.parametrize(
    ("stem", "part"),
    [
        ("train", "train"), ("train_labels", "train"), ("trainLabels", "train"),
        ("my-val-list", "validation"), ("Test_set", "test"), ("train-00000-of-00002", "train"),
        ("labels", None), ("latest", None), ("", None),
    ],
)  # fmt: skip
def test_parts_in_names_of_files(stem, part):
    assert part_in_name(stem) == part
