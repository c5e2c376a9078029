"""What a person names finds its source: a set, a folder, a list, an archive, a table, arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, FileAccessError, UnknownNameError
from striate.datasets.opening import open_data
from striate.datasets.options import SourceOptions


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


@pytest.mark.parametrize(("word", "value"), [("kind", "sound"), ("bad_files", "delete")])
def test_words_that_are_none_are_refused(word, value):
    with pytest.raises(ArgumentError, match=f"{word} must be one of"):
        open_data("digits", SourceOptions(**{word: value}))
