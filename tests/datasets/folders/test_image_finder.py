"""Which layout a path has, and words for those that have none."""

import os
import re

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, DataError, FileAccessError, FileFormatError
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.folder_layouts import class_in_name
from striate.datasets.folders.places import FilePlace, shown_name
from striate.datasets.options import SourceOptions
from tests.datasets.folders.test_folder import NO_CACHE, arrived
from tests.datasets.layouts import files_of, picture, write_folder, write_tar, write_zip

FOUR = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")
ONE_CLASS = "all 2 images of .* are of one class, 'cat'"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x/": b""}, "is empty. Wanted are: a folder for each class"),
        ({".git/1.png": b""}, "is empty. Wanted"),
        ({"notes.txt": b"", "a/b.doc": b""}, "holds no images, only 2 other files, such as 'a/b.doc', 'note"),
        (files_of("cat/1.png", "cat/2.png"), ONE_CLASS),
        (files_of("cat.1.png", "cat.2.png"), ONE_CLASS),
        (files_of("0001.png", "0002.png"), "nothing says the classes of the 2 images of .*, such as '0001.p"),
        (files_of("a.png", "b.png", "c.png"), "nothing says the classes of the 3 images"),
        (files_of(*FOUR) | {"bird/": b""}, "the class folder 'bird' is empty"),
        (files_of("val/cat/1.png", "test/cat/1.png"), "holds validation and test but no training part"),
        (files_of("train/cat/1.png", "train/dog/1.png", "val/bird/1.png"), "the training part lacks: 'bird'"),
    ],
)  # fmt: skip
def test_folders_that_say_no_classes(files, message, tmp_path):
    with pytest.raises(DataError, match=message):
        load_images(write_folder(files, tmp_path / "x"), NO_CACHE)


def test_files_that_hold_no_folder_of_images(tmp_path):
    (tmp_path / "cat.png").write_bytes(picture("x"))
    (tmp_path / "x.bin").write_bytes(b"something else" * 99)
    with pytest.raises(DataError, match=r"cat\.png is a single image. Wanted are"):
        load_images(tmp_path / "cat.png")
    with pytest.raises(
        FileFormatError, match=r"x\.bin is damaged, or neither a zip nor a tar: .* or name a folder"
    ):
        load_images(tmp_path / "x.bin")
    with pytest.raises(DataError, match=r"x\.zip holds no images, but 1 other file"):
        load_images(write_zip({"notes.txt": b"x"}, tmp_path / "x.zip"))
    with pytest.raises(FileAccessError, match=r"there is no file .*nothing"):
        load_images(tmp_path / "nothing")


def test_images_are_no_signals(tmp_path):
    with pytest.raises(ArgumentError, match="holds images, and kind is 'signal'"):
        load_images(tmp_path, SourceOptions(kind="signal"))


def test_a_folder_of_archives_is_like_a_folder_of_folders(tmp_path):
    write_tar(files_of("1.png", "2.png"), tmp_path / "cat.tar")
    write_zip(files_of("1.png"), tmp_path / "dog.zip")
    bundle = load_images(tmp_path, NO_CACHE)
    assert dict(zip(bundle.train.names, bundle.train.y.tolist(), strict=True)) == {
        "cat/1.png": 0, "cat/2.png": 0, "dog/1.png": 1,
    }  # fmt: skip


def test_archives_of_parts(tmp_path):
    write_zip(files_of(*FOUR), tmp_path / "train.zip")
    write_zip(files_of("validation/cat/1.png", "validation/dog/1.png"), tmp_path / "validation.zip")
    bundle = load_images(tmp_path, NO_CACHE)
    assert [(part, data.y.tolist()) for part, data in bundle.parts()] == [
        ("train", [0, 0, 1, 1]), ("validation", [0, 1]),
    ]  # fmt: skip
    assert bundle.train.names[0] == "train/cat/1.png"


def test_one_archive_alone_in_a_folder_is_meant(tmp_path):
    write_zip(files_of(*FOUR), tmp_path / "pets.zip")
    assert arrived(load_images(tmp_path, NO_CACHE)) == {"train": {name: name[:3] for name in FOUR}}


def test_what_was_left_out_is_said(tmp_path):
    files = files_of("train/cat/1.png", "train/dog/1.png", "test/1.png", "extra/1.png", "loose.png")
    files |= {"train/cat/readme.md": b"", "train/scripts/run.py": b"", "train/over.png": picture("o")}
    origin = load_images(write_folder(files, tmp_path / "x"), NO_CACHE).origin
    for note in (
        "2 train, in 2 classes",
        "1 image in 'test' without labels: left out",
        "the folders 'extra' beside the parts are left out",
        "1 image beside the parts' folders left out",
        "train: folders without images are no classes: 'scripts'",
        "train: 1 image beside the class folders left out",
        "2 other files, no images: 'train/cat/readme.md', 'train/scripts/run.py'",
    ):
        assert note in origin


def test_a_few_names_without_a_class_are_left_out(tmp_path):
    names = [f"{c}.{n}.png" for c in ("cat", "dog") for n in range(20)]
    place = write_folder(files_of(*names, "cover.png"), tmp_path / "x")
    bundle = load_images(place, NO_CACHE)
    assert len(bundle.train) == 40
    assert "1 image without a class in the name left out: 'cover.png'" in bundle.origin


def test_a_messy_folder_loads_completely(tmp_path):
    place = tmp_path / "messy"
    modes = {
        "1": "png",
        "L": "jpg",
        "LA": "png",
        "P": "gif",
        "RGB": "bmp",
        "RGBA": "webp",
        "CMYK": "jpg",
        "I;16": "tif",
    }
    for number, (mode, ending) in enumerate(modes.items()):
        for label in ("käse 🧀", "brot"):
            path = place / label / f"Bild {number} ({mode.replace(';', '')}) é.{ending.upper()}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new(mode, (5 + number, 9 - number)).save(path)
    junk = {
        "Thumbs.db": b"x",
        "._Bild 0.png": b"x",
        "notes.txt": b"x",
        "movie.mp4": b"x",
        ".hidden/a.png": b"x",
    }
    for name, content in junk.items():
        (place / "brot" / name).parent.mkdir(exist_ok=True)
        (place / "brot" / name).write_bytes(content)
    (place / "brot" / "round").symlink_to(place)
    bundle = load_images(place, SourceOptions(cache=False, size=(6, 7)))
    assert bundle.class_names == ["brot", "käse 🧀"]
    assert bundle.train.x.shape == (16, 6, 7, 3)
    assert (bundle.train.y == np.repeat([0, 1], 8)).all()
    assert bundle.bad_files == ()


@pytest.mark.parametrize("damage", [b"", b"not an image", "half"])
def test_damaged_files_are_left_out_with_their_reason(damage, tmp_path):
    names = [f"{c}/{n:02d}.png" for c in ("cat", "dog") for n in range(20)]
    place = write_folder(files_of(*names), tmp_path / "x")
    bad = place / "cat" / "07.png"
    bad.write_bytes(bad.read_bytes()[:40] if damage == "half" else damage)
    bundle = load_images(place, NO_CACHE)
    (file,) = bundle.bad_files
    assert (file.name, file.path) == ("cat/07.png", bad)
    assert file.reason
    assert "cat/07.png" not in bundle.train.names
    assert len(bundle.train) == 39
    assert "1 file cannot be used and is left out" in bundle.origin


def test_the_content_stands_for_pixels_labels_and_parts(tmp_path):
    def content(files, name):
        return load_images(write_folder(files, tmp_path / name), NO_CACHE).content

    first = content(files_of(*FOUR), "one")
    assert first == content(files_of(*FOUR), "two")
    moved = files_of(*FOUR)
    moved["cat/1.png"], moved["dog/1.png"] = moved["dog/1.png"], moved["cat/1.png"]
    assert first != content(moved, "three")
    assert first != content(
        {name.replace("cat", "bat"): text for name, text in files_of(*FOUR).items()}, "four"
    )


def test_parts_share_the_decoded_images_without_copies(tmp_path, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    names = [f"{part}/{name}" for part in ("train", "val") for name in FOUR]
    place = write_folder(files_of(*names), tmp_path / "x")
    bundle = load_images(place)
    assert isinstance(bundle.train.x, np.memmap)
    assert isinstance(bundle.validation.x, np.memmap)
    assert arrived(load_images(place)) == arrived(bundle)


def test_a_file_that_is_gone_has_a_stamp_and_says_so_when_read(tmp_path):
    place = FilePlace("a.png", tmp_path / "a.png")
    missing = place.stamp()
    with pytest.raises(FileAccessError, match="cannot be read: No such file"):
        place.read()
    place.path.write_bytes(b"one")
    first = place.stamp()
    place.path.write_bytes(b"three")
    assert len({missing, first, place.stamp()}) == 3


def test_names_that_say_a_class():
    said = {
        "cat.0.jpg": "cat",
        "cat_001.png": "cat",
        "cat-3.png": "cat",
        "cat12.png": "cat",
        "a cat (3).png": "a cat",
    }
    assert {name: class_in_name(name) for name in said} == said
    assert [class_in_name(name) for name in ("0001.png", "cat.png", "2023-01-05.jpg")] == [None] * 3
    assert shown_name("é🐕") == "é🐕"
    assert re.fullmatch(r"a\\xff", shown_name(b"a\xff".decode("utf-8", "surrogateescape")))


def test_a_class_folder_that_cannot_be_read_is_not_called_empty(tmp_path, monkeypatch):
    place = write_folder(files_of(*FOUR, "bird/1.png"), tmp_path / "x")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("bird"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(
        DataError, match=r"the class folder 'bird' cannot be read: Permission denied\. Make it"
    ):
        load_images(place, NO_CACHE)


def test_labels_of_several_words_are_said_to_be_combined(tmp_path):
    files = files_of("1.png", "2.png", "3.png", "4.png")
    files["labels.csv"] = b"file,label\n1.png,cat\n2.png,dog\n3.png,cat|dog\n4.png,cat"
    bundle = load_images(write_folder(files, tmp_path / "x"), NO_CACHE)
    assert "1 class name lists several classes, such as 'cat|dog': each combination" in bundle.origin
