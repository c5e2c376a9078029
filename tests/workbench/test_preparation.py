from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, DataError, FileAccessError, FileFormatError
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.source import Data, DataBundle
from striate.workbench.preparation import (
    InputDescription,
    check_top,
    describe_input,
    files_of,
    match_range,
    read_description,
    read_examples,
    scale_pixels,
)

IMAGES = InputDescription("image", (6, 6, 1), (0, 16), ImageInput(6, 6, 1, fit="stretch"))
SIGNALS = InputDescription("signal", (8, 2), None)


def parts_of(examples):
    return examples.names, examples.x


def test_what_a_network_takes_comes_back_from_its_file():
    bundle = DataBundle("toy", Data(np.zeros((2, 6, 6, 1), np.uint8)), pixel_range=(0, 16))
    assert read_description(describe_input(bundle), "file") == IMAGES


@pytest.mark.parametrize("preprocessing", [{}, {"size": 3}, {"size": [6, 6], "channels": "x"}])
def test_a_file_that_does_not_say_it_is_refused(preprocessing):
    with pytest.raises(FileFormatError, match=r"m\.striate does not say what its network takes"):
        read_description(preprocessing, "m.striate")


def test_a_file_that_says_nonsense_of_it_is_refused():
    nonsense = {"kind": "image", "size": [6], "channels": 1, "pixel_range": None}
    with pytest.raises(FileFormatError, match=r"says that its network takes 'image' of \(6, 1\)"):
        read_description(nonsense, "m.striate")


def test_an_image_of_any_size_and_colour_is_brought_to_the_networks_range(tmp_path):
    Image.new("RGB", (30, 20), (255, 255, 255)).save(tmp_path / "white.png")
    names, examples = parts_of(read_examples(str(tmp_path / "white.png"), IMAGES))
    assert names == [str(tmp_path / "white.png")]
    assert examples.shape == (1, 6, 6, 1)
    assert np.allclose(examples, 16)


def test_pixels_of_bytes_stay_bytes_where_the_network_takes_these():
    pixels = np.arange(4, dtype=np.uint8)
    assert scale_pixels(pixels, (0, 255), (0, 255)) is pixels


def test_pixels_are_scaled_from_range_to_range():
    found = scale_pixels(np.array([0, 127.5, 255]), (0, 255), (-1, 1))
    assert found.tolist() == [-1, 0, 1]


def test_whole_data_are_scaled_only_where_they_are_not_in_the_range_already():
    digits = np.array([0, 16], np.uint8)
    kept, said = match_range(digits, (0, 255), (0, 16))
    assert kept is digits
    assert said == ""
    scaled, said = match_range(np.array([0, 255], np.uint8), (0, 255), (0, 1))
    assert scaled.tolist() == [0, 1]
    assert said == ", pixels scaled from 0..255 to 0..1"


@pytest.mark.parametrize("shape", [(3, 6, 6, 1), (3, 6, 6)])
def test_arrays_of_many_examples_may_leave_out_a_single_channel(tmp_path, shape):
    np.save(tmp_path / "many.npy", np.zeros(shape, np.uint8))
    names, examples = parts_of(read_examples(str(tmp_path / "many.npy"), IMAGES))
    assert examples.shape == (3, 6, 6, 1)
    assert names[1].endswith("many.npy[1]")


@pytest.mark.parametrize("shape", [(6, 6, 1), (6, 6)])
def test_an_array_of_one_example_is_taken_as_one(tmp_path, shape):
    np.save(tmp_path / "one.npy", np.zeros(shape, np.uint8))
    names, examples = parts_of(read_examples(str(tmp_path / "one.npy"), IMAGES))
    assert examples.shape == (1, 6, 6, 1)
    assert names == [str(tmp_path / "one.npy")]


def test_of_an_archive_the_examples_are_taken(tmp_path):
    np.savez(tmp_path / "set.npz", y=np.zeros(2), x=np.ones((2, 6, 6, 1)))
    assert read_examples(str(tmp_path / "set.npz"), IMAGES).x.min() == 1
    np.savez(tmp_path / "single.npz", anything=np.ones((2, 6, 6, 1)))
    assert len(read_examples(str(tmp_path / "single.npz"), IMAGES).x) == 2


def test_an_archive_of_unknown_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "odd.npz", a=np.ones(2), b=np.ones(2))
    with pytest.raises(DataError, match=r"holds a, b; wanted is one array, or one called x, X, images"):
        read_examples(str(tmp_path / "odd.npz"), IMAGES)


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    np.save(tmp_path / "big.npy", np.zeros((2, 9, 9, 1)))
    with pytest.raises(
        DataError, match=r"has the shape \(2, 9, 9, 1\); this network takes \(examples, 6, 6, 1\)"
    ):
        read_examples(str(tmp_path / "big.npy"), IMAGES)
    np.save(tmp_path / "text.npy", np.array(["a"]))
    with pytest.raises(DataError, match="has dtype <U1; examples are made of real numbers"):
        read_examples(str(tmp_path / "text.npy"), IMAGES)
    np.save(tmp_path / "none.npy", np.zeros((0, 6, 6, 1)))
    with pytest.raises(DataError, match="holds no examples"):
        read_examples(str(tmp_path / "none.npy"), IMAGES)


def test_files_of_arrays_that_cannot_be_read_are_said(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no file .*missing\.npy"):
        read_examples(str(tmp_path / "missing.npy"), IMAGES)
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(FileAccessError, match=r"cannot read .*folder\.npy: "):
        read_examples(str(tmp_path / "folder.npy"), IMAGES)
    for name in ("bad.npy", "bad.npz"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 not really")
        with pytest.raises(FileFormatError, match="is damaged, or not an array of numbers"):
            read_examples(str(tmp_path / name), IMAGES)


def test_a_network_for_signals_takes_no_image_files(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"this network takes signals, \(8, 2\), as \.csv, .*\.npy or \.npz"):
        read_examples(str(tmp_path / "a.png"), SIGNALS)
    with pytest.raises(FileAccessError, match=r"there is no file .*b\.png"):
        read_examples(str(tmp_path / "b.png"), SIGNALS)


def test_channels_that_no_image_file_has_are_said(tmp_path):
    with pytest.raises(DataError, match="this network takes 5 channels; an image file has 1 or 3"):
        read_examples("a.png", InputDescription("image", (6, 6, 5), None))


def test_at_most_one_answer_a_class_is_given():
    assert check_top(5, 3) == 3
    with pytest.raises(
        ArgumentError, match="top is how many answers to give for each file, from 1 up; got 0"
    ):
        check_top(0, 3)


def test_a_folder_stands_for_the_images_in_it_and_below(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "deep/a.png"):
        Image.new("L", (6, 6)).save(tmp_path / name)
    (tmp_path / "note.txt").write_text("no image", encoding="utf-8")
    assert files_of(str(tmp_path)) == [str(tmp_path / "b.png"), str(tmp_path / "deep" / "a.png")]
    assert files_of("a.npy") == ["a.npy"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileAccessError, match=r"there is no image in the folder .*empty"):
        read_examples(str(tmp_path / "empty"), IMAGES)


def test_rows_of_a_table_are_signals_with_or_without_labels(tmp_path):
    wanted = InputDescription("signal", (4, 1), None)
    plain, labelled = tmp_path / "plain.csv", tmp_path / "labelled.csv"
    rows = [[0.5, 1.25, 2, 3], [4, 5.5, 6, 7], [1, 1, 2, 9.5]]
    plain.write_text("".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    named = "a,b,c,d,class\n" + "".join(",".join(map(str, [*row, "x"])) + "\n" for row in rows)
    labelled.write_text(named, encoding="utf-8")
    for path in (plain, labelled):
        found = read_examples(str(path), wanted)
        assert found.x[..., 0].tolist() == rows
        assert len(found.names) == 3


def test_a_table_of_other_lengths_or_of_no_kind_is_refused(tmp_path):
    (tmp_path / "short.csv").write_text("1.5,2\n3,4.5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"short\.csv holds signals of \(2, 1\); this network takes \(8, 2\)"):
        read_examples(str(tmp_path / "short.csv"), SIGNALS)


def test_an_image_that_is_missing_locked_or_damaged_is_said_by_name(tmp_path, monkeypatch):
    with pytest.raises(FileAccessError, match=r"there is no image .*gone\.png \(seen from"):
        read_examples(str(tmp_path / "gone.png"), IMAGES)
    (tmp_path / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match=r"half\.png is "):
        read_examples(str(tmp_path / "half.png"), IMAGES)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(FileAccessError, match=r"cannot read .*half\.png: Permission denied"):
        read_examples(str(tmp_path / "half.png"), IMAGES)
