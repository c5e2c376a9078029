"""Archives of time series: .ts, ARFF and tables called NAME_TRAIN, with gaps and unequal lengths."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from striate.core.errors import DataError, FileAccessError, FileFormatError, LabelError
from striate.datasets.options import SourceOptions
from striate.datasets.tables.table import load_signals

TRAIN = np.array([[[1, 2, 3, 4]], [[5, 6.5, 7, 8]], [[-1, 0, 1e-2, 2]]])
TEST = np.array([[[4, 3, 2, 1]], [[0, 0, 1, 1]]])


def ts_text(series, labels, top=""):
    lines = ["# made for a test", "@problemName Toy", "@timeStamps false", *top.splitlines()]
    lines += [f"@classLabel true {' '.join(sorted(set(labels)))}", "@data"]
    lines += [
        ":".join([*(",".join(f"{value:g}" for value in channel) for channel in case), label])
        for case, label in zip(series, labels, strict=True)
    ]
    return "\n".join(lines) + "\n"


def tsv_text(series, labels, separator="\t"):
    return "".join(
        separator.join([label, *(f"{value:.7e}" for value in case[0])]) + "\n"
        for case, label in zip(series, labels, strict=True)
    )


def txt_text(series, labels):
    return "".join(
        "  " + "  ".join([f"{float(label):.7e}", *(f"{value:.7e}" for value in case[0])]) + "\n"
        for case, label in zip(series, labels, strict=True)
    )


def arff_text(series, labels):
    attributes = "".join(f"@attribute att{n} numeric\n" for n in range(len(series[0][0])))
    rows = "".join(
        ",".join([*(f"{value:g}" for value in case[0]), label]) + "\n"
        for case, label in zip(series, labels, strict=True)
    )
    classes = ",".join(sorted(set(labels)))
    return f"% made for a test\n@relation Toy\n\n{attributes}@attribute target {{{classes}}}\n\n@data\n{rows}"


def relational_text(series, labels, quote='"'):
    inner = "".join(f"@attribute att{n} numeric\n" for n in range(len(series[0][0])))
    rows = "".join(
        quote + "\\n".join(",".join(f"{v:g}" for v in channel) for channel in case) + f"{quote},{label}\n"
        for case, label in zip(series, labels, strict=True)
    )
    classes = ",".join(sorted(set(labels)))
    return (
        f"@relation 'Toy'\n@attribute relationalAtt relational\n{inner}@end relationalAtt\n"
        f"@attribute activity {{{classes}}}\n@data\n{rows}"
    )


FORMATS = {".ts": ts_text, ".tsv": tsv_text, ".txt": txt_text, ".arff": arff_text}


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "Toy"
    place.mkdir()
    return place


@pytest.mark.parametrize("named", ["Toy", "Toy/Toy_TRAIN{}", "Toy/Toy_TEST{}", "Toy/Toy"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_set_arrives_however_it_is_named(folder, suffix, named):
    write = FORMATS[suffix]
    (folder / f"Toy_TRAIN{suffix}").write_text(write(TRAIN, ["2", "1", "2"]))
    (folder / f"Toy_TEST{suffix}").write_text(write(TEST, ["1", "2"]))
    (folder / "Toy.txt").write_text("What this set is about.\n")
    bundle = load_signals(folder.parent / named.format(suffix))
    assert (bundle.name, bundle.kind, bundle.class_names, bundle.axis) == ("Toy", "signal", ["1", "2"], None)
    np.testing.assert_allclose(bundle.train.x, TRAIN.transpose(0, 2, 1), rtol=1e-6)
    np.testing.assert_allclose(bundle.test.x, TEST.transpose(0, 2, 1), rtol=1e-6)
    assert (bundle.train.y.tolist(), bundle.test.y.tolist()) == ([1, 0, 1], [0, 1])
    text = (folder / f"Toy_TRAIN{suffix}").read_text().splitlines()
    last = f"Toy_TRAIN{suffix} row {len(text)}"
    assert bundle.train.names[-1] == last
    assert bundle.train.x.dtype == np.float32
    assert f"Signals of Toy_TRAIN{suffix}, Toy_TEST{suffix}" in bundle.origin


def test_parts_may_be_in_different_formats(folder):
    (folder / "Toy_TRAIN.tsv").write_text(tsv_text(TRAIN, ["2", "1", "2"]))
    (folder / "Toy_TRAIN.arff").write_text(arff_text(TRAIN[:2], ["2", "1"]))
    (folder / "Toy_TEST.ts").write_text(ts_text(TEST, ["1", "2"]))
    bundle = load_signals(folder / "Toy_TRAIN.tsv")
    assert (len(bundle.train), len(bundle.test)) == (3, 2)
    assert len(load_signals(folder).train) == 2


@pytest.mark.parametrize("write", [ts_text, relational_text, lambda *what: relational_text(*what, quote="'")])
def test_several_channels_become_the_last_axis(folder, write):
    series = np.arange(5 * 100 * 64, dtype=float).reshape(5, 100, 64) % 97
    suffix = ".ts" if write is ts_text else ".arff"
    (folder / f"Toy_TRAIN{suffix}").write_text(write(series, ["walk", "run", "walk", "rest", "run"]))
    bundle = load_signals(folder)
    assert bundle.train.x.shape == (5, 64, 100)
    np.testing.assert_array_equal(bundle.train.x, series.transpose(0, 2, 1))
    assert bundle.class_names == ["rest", "run", "walk"]
    assert bundle.train.y.tolist() == [2, 1, 2, 0, 1]


def test_unequal_lengths_are_brought_to_the_longest_of_the_training_part(folder):
    top = "@data\n1,2,3:4,5,6:a\n7:8:b\n"
    (folder / "Toy_TRAIN.ts").write_text("@problemName Toy\n@equalLength false\n@classLabel true a b\n" + top)
    (folder / "Toy_TEST.ts").write_text("@classLabel true a b\n@data\n1,2,3,4,5:1,2,3,4,5:a\n1,2:3:b\n")
    bundle = load_signals(folder)
    assert bundle.train.x.tolist() == [[[1, 4], [2, 5], [3, 6]], [[7, 8], [7, 8], [7, 8]]]
    assert bundle.test.x.tolist() == [[[1, 1], [2, 2], [3, 3]], [[1, 3], [2, 3], [2, 3]]]
    assert "series of 1 to 5 steps were brought to 3" in bundle.origin
    assert "1 longer ones cut" in bundle.origin


@pytest.mark.parametrize("suffix", [".ts", ".tsv", ".arff"])
def test_gaps_are_filled_along_a_straight_line_and_ends_evened_out(folder, suffix):
    series = [["2", "?", "?", "8", "?"], ["?", "1", "2", "3", "4"], ["1", "1", "1", "1", "1"]]
    if suffix == ".tsv":
        text = "".join(
            "\t".join([f"{n % 2 + 1}", *case]).replace("?", "NaN") + "\n" for n, case in enumerate(series)
        )
    else:
        rows = "".join(
            ",".join(case) + (":" if suffix == ".ts" else ",") + f"{n % 2 + 1}\n"
            for n, case in enumerate(series)
        )
        top = (
            "@classLabel true 1 2\n"
            if suffix == ".ts"
            else ("@relation Toy\n" + "@attribute a numeric\n" * 5 + "@attribute class {1,2}\n")
        )
        text = f"{top}@data\n{rows}"
    (folder / f"Toy_TRAIN{suffix}").write_text(text)
    bundle = load_signals(folder)
    assert bundle.train.x[..., 0].tolist() == [[2, 4, 6, 8, 8], [1, 1, 2, 3, 4], [1, 1, 1, 1, 1]]
    assert bundle.train.y.tolist() == [0, 1, 0]
    assert "3 missing values were filled in along straight lines" in bundle.origin
    assert "series of 4 to 5 steps were brought to 5" in bundle.origin


def many(bad, count=40):
    lines = [f"{n},{n + 1},{n % 5}:{n % 2}" for n in range(count)]
    lines[10] = bad
    return "@classLabel true 0 1\n@data\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,zwei,3:1", "value 2 is 'zwei', which is no number"),
        ("1,inf,3:1", "it holds infinity"),
        ("1,2,3:", "the class is missing"),
        ("1", "there are no values, only a class"),
        ("1,2,3:4,5,6:1", "2 channels where the others have 1"),
        ("?,?,?:1", "a channel holds no value at all"),
    ],
)
def test_a_case_that_cannot_be_used_is_listed(folder, line, reason):
    (folder / "Toy_TRAIN.ts").write_text(many(line))
    bundle = load_signals(folder)
    assert len(bundle.train) == 39
    [bad] = bundle.bad_files
    assert bad.reason == reason
    assert bad.name in ("row 13 of Toy_TRAIN.ts", "Toy_TRAIN.ts row 13")
    with pytest.raises(DataError, match=reason):
        load_signals(folder, SourceOptions(bad_files="error"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,zwei,3,1", "a value is no number: .*'zwei'"),
        ("1,-inf,3,1", "it holds infinity"),
        ("1,2,3,?", "the class is missing"),
        ("1,2,1", "3 values where there are 4 attributes"),
    ],
)
def test_a_row_of_arff_that_cannot_be_used_is_listed(folder, line, reason):
    rows = [f"{n},{n + 1},{n % 5},{n % 2}" for n in range(40)]
    rows[10] = line
    top = "@RELATION Toy\n@ATTRIBUTE 'my att' REAL\n@attribute b real\n@attribute c integer\n"
    top += "@attribute t {0,1}\n"
    (folder / "Toy_TRAIN.arff").write_text(top + "@DATA\n" + "\n".join(rows) + "\n")
    bundle = load_signals(folder)
    assert len(bundle.train) == 39
    with pytest.raises(DataError, match=f"row 17 of Toy_TRAIN.arff: {reason}"):
        load_signals(folder, SourceOptions(bad_files="error"))


def test_a_relational_row_with_other_channels_is_listed(folder):
    series = np.ones((40, 2, 3))
    text = relational_text(series, ["a", "b"] * 20).replace('"1,1,1\\n1,1,1",b', '"1,1,1",b', 1)
    (folder / "Toy_TRAIN.arff").write_text(text)
    with pytest.raises(DataError, match="1 channels where the first has 2"):
        load_signals(folder, SourceOptions(bad_files="error"))
    (folder / "Toy_TRAIN.arff").write_text(
        "@attribute r relational\n@attribute a numeric\n@end r\n@attribute b numeric\n@attribute c {x,y}\n"
        "@data\n'1,2',3,x\n"
    )
    with pytest.raises(DataError, match="numbers stand beside the relational attribute"):
        load_signals(folder)


NUMBER_AND_CLASS = "@attribute x numeric\n@attribute c {a}\n@data\n"


@pytest.mark.parametrize(
    ("suffix", "text", "error", "words"),
    [
        (".ts", "1,2,3:1\n", FileFormatError, "line 1, '1,2,3:1', stands before @data"),
        (".ts", "@classLabel true 1\n", FileFormatError, "there is no line @data"),
        (".ts", "@classLabel true 1\n@data\n", FileFormatError, "holds no cases after @data"),
        (".ts", "@timeStamps true\n@classLabel true 1\n@data\n", FileFormatError, "holds time stamps"),
        (".ts", "@targetLabel true\n@data\n1,2:0.5\n", LabelError, "numbers to be predicted, no classes"),
        (".arff", "hello\n", FileFormatError, "is not an ARFF file: line 1 is 'hello'"),
        (".arff", "@relation x\n", FileFormatError, "there is no line @data"),
        (".arff", "@attribute x\n@data\n", FileFormatError, "line 1: '@attribute x' is no attribute"),
        (".arff", "@attribute x numeric\n@data\n1\n", LabelError, "no attribute with a list of classes"),
        (".arff", "@attribute x string\n@data\n", FileFormatError, r"attribute 'x' \(string\)"),
        (".arff", NUMBER_AND_CLASS, FileFormatError, "holds no cases after @data"),
        (".arff", NUMBER_AND_CLASS + "{0 1}\n", FileFormatError, "sparse cases"),
        (".arff", NUMBER_AND_CLASS + "x" * 140_000, FileFormatError, "field limit"),
    ],
)  # fmt: skip
def test_what_is_no_archive_is_refused_in_words(folder, suffix, text, error, words):
    (folder / f"Toy_TRAIN{suffix}").write_text(text)
    with pytest.raises(error, match=words):
        load_signals(folder)


def test_parts_with_other_channels_are_refused(folder):
    (folder / "Toy_TRAIN.ts").write_text(ts_text(TRAIN, ["1", "2", "1"]))
    (folder / "Toy_TEST.ts").write_text(ts_text(np.ones((2, 2, 4)), ["1", "2"]))
    with pytest.raises(DataError, match=r"Toy_TRAIN\.ts has 1, Toy_TEST\.ts has 2"):
        load_signals(folder)


def test_series_without_classes_or_with_none_wanted_have_no_labels(folder):
    (folder / "Toy_TRAIN.ts").write_text("@classLabel false\n@data\n1,2,3\n4,5,6\n")
    bundle = load_signals(folder)
    assert (bundle.train.y, bundle.train.x.shape) == (None, (2, 3, 1))
    (folder / "Toy_TRAIN.ts").write_text(ts_text(TRAIN, ["1", "2", "1"]))
    assert load_signals(folder, SourceOptions(label="none")).train.y is None


def test_a_stem_that_names_nothing_is_said(folder):
    with pytest.raises(FileAccessError, match="no Gun_TRAIN beside it"):
        load_signals(folder / "Gun")


def test_fifty_steps_of_one_channel_arrive(folder):
    series = np.random.default_rng(0).normal(size=(6, 1, 50)).astype(np.float32)
    (folder / "Toy_TRAIN.tsv").write_text(tsv_text(series, ["0", "1"] * 3))
    bundle = load_signals(folder)
    assert bundle.train.x.shape == (6, 50, 1)
    np.testing.assert_allclose(bundle.train.x, series.transpose(0, 2, 1), rtol=1e-6)


# --- The archive itself -------------------------------------------------------------------------

AEON = os.environ.get("STRIATE_TEST_AEON_WHEEL", "")
INSIDE = "aeon/datasets/data/"
SHAPES = {
    "GunPoint": ((50, 150, 1), (150, 150, 1), 2),
    "ItalyPowerDemand": ((67, 24, 1), (1029, 24, 1), 2),
    "ArrowHead": ((36, 251, 1), (175, 251, 1), 3),
    "OSULeaf": ((200, 427, 1), (242, 427, 1), 6),
    "BasicMotions": ((40, 100, 6), (40, 100, 6), 4),
    "JapaneseVowels": ((270, 26, 12), (370, 26, 12), 9),
    "PickupGestureWiimoteZ": ((50, 361, 1), (50, 361, 1), 10),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    place = tmp_path_factory.mktemp("aeon")
    with zipfile.ZipFile(AEON) as wheel:
        wheel.extractall(place, [name for name in wheel.namelist() if name.startswith(INSIDE)])
    return place / INSIDE


needs_aeon = pytest.mark.skipif(
    not Path(AEON).is_file(), reason="STRIATE_TEST_AEON_WHEEL names no wheel of the package aeon"
)


@needs_aeon
@pytest.mark.parametrize("name", SHAPES)
def test_sets_of_the_archive_have_the_sizes_that_it_states(archive, name):
    bundle = load_signals(archive / name)
    train, test, classes = SHAPES[name]
    assert (bundle.train.x.shape, bundle.test.x.shape) == (train, test)
    assert len(np.unique(bundle.train.y)) == len(np.unique(bundle.test.y)) == classes
    assert bundle.bad_files == ()


@needs_aeon
@pytest.mark.parametrize("name", ["GunPoint", "ArrowHead", "BasicMotions"])
def test_the_formats_of_a_set_hold_the_same_series(archive, name):
    one = load_signals(archive / name / f"{name}_TRAIN.ts").train
    for path in sorted((archive / name).glob(f"{name}_TRAIN.*")):
        other = load_signals(path).train
        np.testing.assert_allclose(other.x, one.x, atol=1e-4)
        assert other.y.tolist() == one.y.tolist()
