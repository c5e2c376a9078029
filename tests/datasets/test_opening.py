"""What a person names finds its source: a set, a folder, a list, an archive, a table, arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, DataError, FileAccessError, UnknownNameError
from striate.datasets.opening import open_data, source_of
from striate.datasets.options import SourceOptions
from tests.datasets.folders.test_folder import arrived
from tests.datasets.layouts import CONTAINERS, LAYOUTS


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    np.savez(tmp_path / "toy.npz", x=np.zeros((6, 8, 8, 1), np.uint8), y=np.arange(6) % 2)
    return tmp_path


def write_images(folder: Path, count: int = 3) -> None:
    for label, shade in (("cat", 50), ("dog", 200)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            Image.new("L", (12, 10), shade + number).save(folder / label / f"{number}.png")


def write_table(path: Path) -> None:
    rows = [f"{number % 2},{number / 3},{number / 7},{number}.5" for number in range(8)]
    path.write_text("\n".join(["class,400,500,600", *rows]) + "\n", encoding="utf-8")


def test_a_folder_of_images_is_images(here):
    write_images(here / "pets")
    found = open_data("pets")
    assert (found.kind, len(found.train), found.class_names) == ("image", 6, ["cat", "dog"])
    assert found.train.names == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/0.png", "dog/1.png", "dog/2.png"]


def test_a_table_of_numbers_is_signals_and_a_list_of_files_is_images(here):
    write_table(here / "spectra.csv")
    assert open_data("spectra.csv").kind == "signal"
    write_images(here / "pets")
    listed = [f"{label}/{number}.png,{label}" for label in ("cat", "dog") for number in range(3)]
    (here / "pets" / "labels.csv").write_text("\n".join(["file,label", *listed]), encoding="utf-8")
    assert open_data("pets/labels.csv").kind == "image"
    bare = [f"{number},{'cat' if number < 2 else 'dog'}" for number in range(4)]
    for number in range(4):
        Image.new("L", (12, 10), 60 * number).save(here / f"{number}.png")
    (here / "bare.csv").write_text("\n".join(["id,label", *bare]), encoding="utf-8")
    assert open_data("bare.csv").kind == "image"


def test_a_folder_of_tables_is_signals_and_one_of_arrays_arrays(here):
    (here / "waves").mkdir()
    write_table(here / "waves" / "train.csv")
    write_table(here / "waves" / "test.csv")
    assert open_data("waves").kind == "signal"
    (here / "arrays").mkdir()
    np.save(here / "arrays" / "X.npy", np.zeros((4, 8, 8, 1), np.uint8))
    np.save(here / "arrays" / "y.npy", np.arange(4) % 2)
    assert len(open_data("arrays").train) == 4


def test_arrays_are_found_from_a_second_folder_as_well(here, monkeypatch):
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert open_data("toy.npz", base=here).name == "toy"


def test_a_limit_holds_for_named_sets_and_arrays_too():
    assert len(open_data("digits", SourceOptions(limit=5)).train) == 50
    found = open_data("toy.npz", SourceOptions(limit=2))
    assert found.train.y.tolist() == [0, 1, 0, 1]
    assert found.origin.endswith("at most 2 a class to train on.")


def test_a_misspelt_set_or_file_gets_what_was_meant():
    with pytest.raises(UnknownNameError, match=r"called 'digts'\. Did you mean 'digits'"):
        open_data("digts")
    with pytest.raises(UnknownNameError, match=r"called 'toy'\. Did you mean 'toy\.npz'"):
        open_data("toy")
    with pytest.raises(FileAccessError, match=r"no file or folder tyo\.npz .* Did you mean 'toy\.npz'"):
        open_data("tyo.npz")


def test_files_of_no_known_kind_are_refused(here):
    (here / "paper.docx").write_bytes(b"x")
    with pytest.raises(ArgumentError, match=r"paper\.docx is of no kind that Striate trains on: folders"):
        open_data("paper.docx")


def test_a_missing_folder_of_data_is_said_and_a_file_takes_none():
    with pytest.raises(FileAccessError, match=r"there is no folder nowhere .* the files of fashion_mnist"):
        open_data("fashion_mnist", SourceOptions(data_dir="nowhere"))
    with pytest.raises(ArgumentError, match=r"toy\.npz lies on the disk itself; data_dir goes with a named"):
        open_data("toy.npz", SourceOptions(data_dir="."))


def test_options_for_files_are_refused_for_named_sets():
    with pytest.raises(ArgumentError, match="digits is a set of arrays as they are; size goes with files"):
        open_data("digits", SourceOptions(size=(9, 9)))
    with pytest.raises(ArgumentError, match="digits is a set of arrays as they are; interpolation goes with"):
        open_data("digits", SourceOptions(interpolation="area"))
    with pytest.raises(DataError, match="digits holds images and no signals; kind is 'signal'"):
        open_data("digits", SourceOptions(kind="signal"))


@pytest.mark.parametrize(("word", "value"), [("kind", "sound"), ("bad_files", "delete")])
def test_words_that_are_none_are_refused(word, value):
    with pytest.raises(ArgumentError, match=f"{word} must be one of"):
        open_data("digits", SourceOptions(**{word: value}))


def write_pixels(path: Path) -> None:
    rows = [",".join(map(str, [number % 2, *range(number, number + 64)])) for number in range(8)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_a_table_of_numbers_stays_one_though_images_called_by_numbers_lie_below_it(here):
    write_images(here / "near" / "pets")
    write_pixels(here / "near" / "pixels.csv")
    assert len(open_data("near/pixels.csv").train) == 8


def test_a_table_of_numbers_stays_one_though_images_called_by_numbers_lie_beside_it(here):
    for number in range(4):
        Image.new("L", (12, 10), 60 * number).save(here / f"{number}.png")
    write_pixels(here / "pixels.csv")
    assert open_data("pixels.csv").train.x.shape == (8, 8, 8, 1)


def test_a_list_may_leave_endings_out_for_images_in_folders_below(here):
    rows = []
    for number, label in enumerate(["cat", "dog"] * 3):
        (here / "all").mkdir(exist_ok=True)
        Image.new("L", (12, 10), 40 * number).save(here / "all" / f"pet{number}.png")
        rows.append(f"{label};pet{number}")
    (here / "list.csv").write_text("\n".join(["breed;id", *rows]), encoding="utf-8")
    assert open_data("list.csv").kind == "image"
    (here / "list.txt").write_text("\n".join(row.replace(";", " ") for row in rows), encoding="utf-8")
    assert open_data("list.txt").kind == "image"


def test_label_and_kind_settle_whether_a_column_names_files(here):
    for number in range(8):
        Image.new("L", (12, 10), 20 * number).save(here / f"{number}.png")
    rows = [f"{number},{number * 0.5},{number * 0.25},{number % 2}" for number in range(8)]
    (here / "both.csv").write_text("\n".join(["id,a,b,label", *rows]), encoding="utf-8")
    assert open_data("both.csv").kind == "image"
    assert open_data("both.csv", SourceOptions(kind="signal")).kind == "signal"
    assert source_of("both.csv") == "images"
    numbered = SourceOptions(label="id", limit=None)
    assert open_data("both.csv", numbered).kind == "signal"


def test_a_folder_of_images_holds_no_signals(here):
    write_images(here / "pets")
    with pytest.raises(
        DataError, match=r"pets holds images and no signals; kind is 'signal'\. Leave kind out"
    ):
        open_data("pets", SourceOptions(kind="signal"))


def test_what_is_known_are_folders_and_data_not_every_file(here):
    (here / "notes.docx").write_bytes(b"x")
    (here / "pets").mkdir()
    with pytest.raises(UnknownNameError) as refused:
        open_data("qwertz")
    assert str(refused.value).endswith(
        "Known: cifar10, cifar100, digits, fashion_mnist, mnist, pets, toy.npz."
    )


@pytest.mark.parametrize(
    ("word", "value"), [("size", (9, 9)), ("fit", "pad"), ("channels", 3), ("interpolation", "area")]
)
def test_options_for_images_are_refused_for_tables(here, word, value):
    write_table(here / "spectra.csv")
    with pytest.raises(
        ArgumentError,
        match=rf"spectra\.csv holds a table of numbers; {word} goes with image files\. Leave it",
    ):
        open_data("spectra.csv", SourceOptions(**{word: value}))


@pytest.mark.parametrize(("word", "value"), [("size", (9, 9)), ("label", "y"), ("group", "folder")])
def test_options_for_files_are_refused_for_arrays(word, value):
    with pytest.raises(
        ArgumentError, match=rf"toy\.npz holds arrays as they are; {word} goes with files, tables and lists"
    ):
        open_data("toy.npz", SourceOptions(**{word: value}))


def test_a_label_without_a_list_is_refused(here):
    write_images(here / "pets")
    with pytest.raises(ArgumentError, match=r"pets has no list of labels, so label='breed' names no column"):
        open_data("pets", SourceOptions(label="breed"))


def test_a_column_to_group_by_needs_a_list(here):
    write_images(here / "pets")
    with pytest.raises(
        ArgumentError, match=r"group='column:x' names a column of a list, and a folder has no"
    ):
        open_data("pets", SourceOptions(group="column:x"))


def test_channels_are_those_that_images_can_have(here):
    write_images(here / "pets")
    with pytest.raises(ArgumentError, match=r"channels is 1 for grey or 3 for colour; got 2\."):
        open_data("pets", SourceOptions(channels=2))
    assert open_data("pets", SourceOptions(channels=3)).train.x.shape[-1] == 3


def test_classes_always_have_names():
    assert open_data("toy.npz").class_names == ["0", "1"]


@pytest.mark.parametrize(
    ("text", "source"), [("digits", "named"), ("toy.npz", "arrays"), ("nowhere.csv", "")]
)
def test_what_a_word_means_is_said_without_reading_it(text, source):
    assert source_of(text) == source


def test_a_folder_and_a_table_are_told_apart(here):
    write_images(here / "pets")
    write_table(here / "spectra.csv")
    assert (source_of("pets"), source_of("spectra.csv")) == ("images", "table")


def test_a_folder_of_arrays_may_be_asked_for_as_signals(here):
    (here / "arrays").mkdir()
    np.save(here / "arrays" / "X.npy", np.zeros((4, 8, 1), np.float32))
    np.save(here / "arrays" / "y.npy", np.arange(4) % 2)
    assert open_data("arrays", SourceOptions(kind="signal")).kind == "signal"


@pytest.mark.parametrize("container", ["folder", "zip"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_layout_of_images_is_opened_as_images(layout, container, tmp_path):
    place = CONTAINERS[container](layout.files, tmp_path)
    assert arrived(open_data(str(place), SourceOptions(cache=False))) == layout.parts
