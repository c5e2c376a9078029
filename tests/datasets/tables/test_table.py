"""Each way of writing signals into a table arrives as exactly the right examples, classes and axis."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

import numpy as np
import pytest

from striate.core.errors import (
    ArgumentError,
    DataError,
    FileAccessError,
    FileFormatError,
    LabelError,
    UnknownNameError,
)
from striate.datasets.options import SourceOptions
from striate.datasets.tables.table import load_signals
from striate.datasets.tables.text_file import open_text

VALUES = [[1.5, 2, 3, 4], [2, 3, 4, -5], [0, 1, 0, 1], [7, 8, 9, 1e-3]]
WORDS = ["oak", "elm", "oak", "elm"]
ENCODED = [1, 0, 1, 0]


@dataclass(frozen=True)
class Case:
    """A file as people write it, and what must come of it."""

    name: str
    text: str
    values: list = field(default_factory=lambda: VALUES)
    labels: list = field(default_factory=lambda: ENCODED)
    classes: list | None = field(default_factory=lambda: ["elm", "oak"])
    axis: tuple | None = None
    file: str = "x.csv"
    encoding: str = "utf-8"
    options: dict = field(default_factory=dict)
    says: str = ""
    first_line: int = 1
    names: list | None = None


def rows(separator=",", first=True, labels=WORDS, comma=False, values=VALUES):
    lines = []
    for label, numbers in zip(labels, values, strict=True):
        cells = [f"{number:g}".replace(".", "," if comma else ".") for number in numbers]
        lines.append(separator.join([str(label), *cells] if first else [*cells, str(label)]))
    return "\n".join(lines) + "\n"


AXIS = ("", [400, 410.5, 420, 430])
CASES = [
    Case("no header, words first", rows(), says="labels in column 1"),
    Case("no header, words last", rows(first=False), says="labels in column 5"),
    Case(
        "wavelengths",
        "species,400,410.5,420,430\n" + rows(),
        axis=AXIS,
        first_line=2,
        says="column 1 ('species')",
    ),
    Case("label last", "400,410.5,420,430,label\n" + rows(first=False), axis=AXIS, first_line=2),
    Case("no name above the label", ",400,410.5,420,430\n" + rows(), axis=AXIS, first_line=2),
    Case("unit in front", "y,nm 400,nm 410.5,nm 420,nm 430\n" + rows(), axis=("nm", AXIS[1]), first_line=2),
    Case("unit behind", "y,400nm,410.5nm,420nm,430nm\n" + rows(), axis=("nm", AXIS[1]), first_line=2),
    Case("falling axis",
         "y,40 cm-1,30 cm-1,20 cm-1,10 cm-1\n" + rows(), axis=("cm-1", [40, 30, 20, 10]), first_line=2),
    Case("steps of time", "class,t0,t1,t2,t3\n" + rows(), axis=("t", [0, 1, 2, 3]), first_line=2),
    Case("names that are no axis", "class,red,green,blue,far\n" + rows(), first_line=2),
    Case("semicolons", rows(";")),
    Case("semicolons and decimal commas",
         "Klasse;400;410,5;420;430\n" + rows(";", comma=True), axis=AXIS, first_line=2),
    Case("tabs", rows("\t"), file="x.tsv"),
    Case("tabs and decimal commas", rows("\t", comma=True)),
    Case("white space", "  " + rows("   ").replace("\n", "\n  "), file="x.txt"),
    Case("mark of UTF-8",
         "label,400,410.5,420,430\n" + rows(), axis=AXIS, encoding="utf-8-sig", first_line=2),
    Case("UTF-16", rows(), encoding="utf-16"),
    Case("UTF-16 without a mark", rows(), encoding="utf-16-le"),
    Case("Latin-1", rows(labels=["é", "a", "é", "a"]), classes=["a", "é"], encoding="latin-1"),
    Case("UTF-8 beyond letters", rows(labels=["🌳", "é", "🌳", "é"]), classes=["é", "🌳"]),
    Case("quoted", '"label","400","410.5","420","430"\n' + rows(labels=['"oak, old"', "elm"] * 2), axis=AXIS,
         classes=["elm", "oak, old"], first_line=2),
    Case("Windows's line ends", rows().replace("\n", "\r\n")),
    Case("comments and blank lines", "# by me\n\n% and again\n" + rows(), first_line=4),
    Case("a separator behind", rows().replace("\n", ",\n")),
    Case("whole numbers first",
         rows(labels=[3, 1, 3, 1]), classes=["1", "3"], says="whole numbers of few values"),
    Case("whole numbers last", rows(first=False, labels=[1, 0, 1, 0]), classes=["0", "1"]),
    Case("whole numbers written as fractions", rows(labels=["2.0e+00", "1.0e+00"] * 2), classes=["1", "2"]),
    Case("asked for by its header", "a,b,400,410.5,420,430\n" + "".join(
        f"{n},{line}\n" for n, line in enumerate(rows().splitlines())), options={"label": "b"},
        axis=AXIS, says="column 1 ('a'): no step of the axis, was left out", first_line=2),
    Case("words and numbers beside an axis", "class,patient,age,dose,0,2,4,7.5\n" + "".join(
        f"{word},{n // 2},{30 + n},0.{n},{values}\n" for n, (word, values) in enumerate(
            line.split(",", 1) for line in rows().splitlines())), axis=("", [0, 2, 4, 7.5]), first_line=2,
        says="column 2 ('patient'), column 3 ('age'), column 4 ('dose'): no step of the axis, were left out"),
    Case("features with a number in their names stay", "class,f1,f2,f3,area\n" + rows(), first_line=2),
    Case("asked for by number", rows(labels=[5, 2, 5, 2]), options={"label": "0"}, classes=["2", "5"]),
    Case("asked for as the last",
         rows(first=False, labels=[1, 0, 1, 0]), options={"label": "last"}, classes=["0", "1"]),
    Case("asked for as the first", rows(labels=[1, 0, 1, 0]), options={"label": "first"}, classes=["0", "1"]),
    Case("no labels wanted", "400,410,420,430\n" + rows(first=False).replace(",oak", "").replace(",elm", ""),
         options={"label": "none"}, labels=None, classes=None, axis=("", [400, 410, 420, 430]), first_line=2),
    Case("file names", "file,label,400,410.5,420,430\n" + "".join(
        f"f{n}.spc,{line}\n" for n, line in enumerate(rows().splitlines())),
        axis=AXIS, names=["f0.spc", "f1.spc", "f2.spc", "f3.spc"], says="column 1 ('file') names the rows"),
    Case("numbers of the rows under a header", ",400,410.5,420,430,class\n" + "".join(
        f"{n},{line}\n" for n, line in enumerate(rows(first=False).splitlines())),
        axis=AXIS, first_line=2, says="left out: column 1"),
    Case("numbers of the rows", "".join(
        f"{n},{line}\n" for n, line in enumerate(rows(first=False, labels=[1, 0, 1, 0]).splitlines())),
        classes=["0", "1"], says="column 1 counts the rows and was left out"),
    Case("row names without a header", "400,410.5,420,430,class\n" + "".join(
        f"r{n},{line}\n" for n, line in enumerate(rows(first=False).splitlines())),
        axis=AXIS, names=["r0", "r1", "r2", "r3"]),
    Case("words beside the label",
         "label,remark,400,410.5,420,430\n" + rows().replace("oak", "oak,wet").replace(
        "elm", "elm,dry"), axis=AXIS, first_line=2, says="left out: column 2 ('remark')"),
    Case("class called none", rows(labels=["none", "NA"] * 2), classes=["NA", "none"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_table_arrives_as_it_was_written(tmp_path, case):
    path = tmp_path / case.file
    path.write_bytes(case.text.encode(case.encoding))
    bundle = load_signals(path, SourceOptions(**case.options))
    data = bundle.train
    assert data.x.dtype == np.float32
    np.testing.assert_array_equal(data.x, np.array(case.values, np.float32)[..., None])
    assert (None if data.y is None else data.y.tolist()) == case.labels
    assert data.class_names == case.classes
    expected = case.names or [f"{case.file} row {case.first_line + n}" for n in range(len(case.values))]
    assert data.names == expected
    assert (bundle.kind, bundle.pixel_range, bundle.name) == ("signal", None, "x")
    assert case.says in bundle.origin
    if case.axis is None:
        assert bundle.axis is None
    else:
        assert (bundle.axis.label, bundle.axis.values.tolist()) == (case.axis[0], list(case.axis[1]))
    assert (bundle.bad_files, bundle.test, bundle.validation) == ((), None, None)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def many(count=60, columns=4):
    """Rows enough for one of them to be bad: a word and numbers."""
    return [["oak" if n % 2 else "elm", *(str(n + k / 2) for k in range(columns))] for n in range(count)]


def joined(table, header=None):
    return "\n".join(",".join(row) for row in ([header] if header else []) + table) + "\n"


def test_fifty_numbers_a_row_make_signals_of_fifty_steps_and_one_channel(tmp_path):
    table = many(20, 50)
    bundle = load_signals(
        write(tmp_path / "spectra.csv", joined(table, ["label", *map(str, range(400, 450))]))
    )
    assert bundle.train.x.shape == (20, 50, 1)
    assert bundle.axis.values.tolist() == list(range(400, 450))


def test_a_packed_table_is_read(tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(rows().encode()))
    bundle = load_signals(tmp_path / "x.csv.gz")
    assert (bundle.name, bundle.train.x[..., 0].tolist()) == ("x", np.float32(VALUES).tolist())


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["oak", "1", "abc", "3", "4"], r"column 3 \('410'\) holds 'abc', which is no number"),
        (["oak", "1", "", "3", "4"], r"column 3 \('410'\) holds nothing"),
        (["oak", "1", "NaN", "3", "4"], r"column 3 \('410'\) holds NaN \(NaN\)"),
        (["oak", "1", "2", "-inf", "4"], r"column 4 \('420'\) holds infinity \(-inf\)"),
        (["oak", "1", "2", "1e99", "4"], r"column 4 \('420'\) holds infinity \(1e99\)"),
        (["oak", "1", "2"], "3 cells where the other rows have 5"),
        (["oak", "1", "2", "3", "4", "5"], "6 cells where the other rows have 5"),
        (["", "1", "2", "3", "4"], r"column 1 \('label'\), the label, is empty"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_and_listed(tmp_path, cells, reason):
    table = many()
    table[15] = cells
    path = write(tmp_path / "x.csv", joined(table, ["label", "400", "410", "420", "430"]))
    bundle = load_signals(path)
    assert len(bundle.train) == 59
    assert "x.csv row 17" not in bundle.train.names
    [bad] = bundle.bad_files
    assert bad.name == "row 17 of x.csv"
    with pytest.raises(DataError, match=f"row 17 of x.csv: {reason}"):
        load_signals(path, SourceOptions(bad_files="error"))


def test_too_many_bad_rows_are_refused(tmp_path):
    table = many(20)
    for place in (3, 4):
        table[place][2] = "?"
    with pytest.raises(DataError, match=r"2 of 20 .* more than 5%"):
        load_signals(write(tmp_path / "x.csv", joined(table)))


def test_a_class_that_is_lost_with_its_rows_is_refused(tmp_path):
    table = many()
    table[7] = ["yew", "1", "?", "3", "4"]
    with pytest.raises(DataError, match="class 'yew' can be used"):
        load_signals(write(tmp_path / "x.csv", joined(table)))


def test_a_column_of_groups_keeps_rows_together(tmp_path):
    table = [[f"p{n // 3}", *row] for n, row in enumerate(many(12))]
    path = write(tmp_path / "x.csv", joined(table, ["patient", "label", "400", "410", "420", "430"]))
    bundle = load_signals(path, SourceOptions(group="column:patient"))
    assert bundle.train.groups == [f"p{n // 3}" for n in range(12)]
    assert bundle.train.x.shape == (12, 4, 1)
    assert "column 1 ('patient') groups the rows" in bundle.origin


def test_a_column_of_parts_parts_the_rows(tmp_path):
    words = ["train", "Training", "val", "test"]
    table = [[*row, words[n % 4]] for n, row in enumerate(many(12))]
    path = write(tmp_path / "x.csv", joined(table, ["label", "400", "410", "420", "430", "split"]))
    bundle = load_signals(path)
    assert {name: data.x[:, 0, 0].tolist() for name, data in bundle.parts()} == {
        "train": [0, 1, 4, 5, 8, 9],
        "validation": [2, 6, 10],
        "test": [3, 7, 11],
    }
    assert bundle.test.names == ["x.csv row 5", "x.csv row 9", "x.csv row 13"]


@pytest.mark.parametrize("named", ["set", "set/train.csv", "set/test.csv"])
def test_files_called_train_and_test_are_parts(tmp_path, named):
    folder = tmp_path / "set"
    folder.mkdir()
    for part, count in (("train", 12), ("test", 6), ("val", 4)):
        write(folder / f"{part}.csv", joined(many(count), ["label", "400", "410", "420", "430"]))
    write(folder / "README.txt", "words only")
    bundle = load_signals(tmp_path / named)
    assert [(name, len(data)) for name, data in bundle.parts()] == [
        ("train", 12),
        ("validation", 4),
        ("test", 6),
    ]
    assert bundle.name == "set"
    assert bundle.test.names[0] == "test.csv row 2"
    assert "train.csv, val.csv, test.csv" in bundle.origin


def test_a_validation_file_is_no_test_part(tmp_path):
    for part in ("train", "valid"):
        write(tmp_path / f"leaf_{part}.csv", joined(many(6)))
    bundle = load_signals(tmp_path)
    assert (len(bundle.validation), bundle.test, bundle.name) == (6, None, "leaf")


@pytest.mark.parametrize("label", [None, "label"])
def test_a_test_file_without_labels_is_left_out(tmp_path, label):
    table = [["1" if row[0] == "oak" else "0", *row[1:]] for row in many(12)]
    write(tmp_path / "train.csv", joined(table, ["label", "400", "410", "420", "430"]))
    write(tmp_path / "test.csv", joined([row[1:] for row in many(6)], ["400", "410", "420", "430"]))
    bundle = load_signals(tmp_path, SourceOptions(label=label))
    assert bundle.test is None
    assert "test.csv has no column of labels and was left out" in bundle.origin


@pytest.mark.parametrize("header", [["label", "400", "410", "420", "430"], None])
@pytest.mark.parametrize("label", [None, "first"])
def test_labels_in_numbers_are_found_in_the_test_file_too(tmp_path, header, label):
    for part, count in (("train", 12), ("test", 6)):
        table = [["1" if row[0] == "oak" else "0", *row[1:]] for row in many(count)]
        write(tmp_path / f"{part}.csv", joined(table, header))
    bundle = load_signals(tmp_path, SourceOptions(label=label))
    assert (bundle.train.x.shape, bundle.test.x.shape) == ((12, 4, 1), (6, 4, 1))
    assert bundle.test.y.tolist() == [0, 1] * 3


def test_a_label_that_the_training_file_lacks_is_refused(tmp_path):
    write(tmp_path / "train.csv", joined(many(12), ["label", "400", "410", "420", "430"]))
    with pytest.raises(ArgumentError, match="no column for the label called 'species'"):
        load_signals(tmp_path, SourceOptions(label="species"))


def test_a_test_file_alone_is_all_the_data(tmp_path):
    bundle = load_signals(write(tmp_path / "test.csv", joined(many(6))))
    assert (len(bundle.train), bundle.test) == (6, None)


def test_a_limit_takes_so_many_of_each_class(tmp_path):
    bundle = load_signals(write(tmp_path / "x.csv", joined(many(20))), SourceOptions(limit=3))
    assert np.bincount(bundle.train.y).tolist() == [3, 3]
    assert "at most 3 a class" in bundle.origin


def pixels(side, count=6, top=255, channels=1):
    return np.random.default_rng(0).integers(0, top + 1, (count, side * side * channels))


@pytest.mark.parametrize(
    ("header", "side", "channels"),
    [
        (["label", *(f"pixel{n}" for n in range(784))], 28, 1),
        (["label", *(f"{r}x{c}" for r in range(1, 29) for c in range(1, 29))], 28, 1),
        (["label", *(f"pixel{n:04d}" for n in range(192))], 8, 3),
        (None, 28, 1),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_columns_of_pixels_make_images(tmp_path, header, side, channels, first):
    values, labels = pixels(side, channels=channels), np.arange(6) % 3
    values[:, :5], values[:, -5:], values[0, 9] = 0, 0, 255
    order = (lambda row: row) if first else (lambda row: row[1:] + row[:1])
    table = [order([str(label), *map(str, row)]) for label, row in zip(labels, values, strict=True)]
    path = write(tmp_path / "digits.csv", joined(table, header and order(header)))
    bundle = load_signals(path)
    assert (bundle.kind, bundle.pixel_range, bundle.axis) == ("image", (0, 255), None)
    assert bundle.train.x.dtype == np.uint8
    np.testing.assert_array_equal(bundle.train.x, values.reshape(6, side, side, channels))
    assert bundle.train.y.tolist() == labels.tolist()
    as_signals = load_signals(path, SourceOptions(kind="signal"))
    assert as_signals.train.x.shape == (6, side * side * channels, 1)


def test_pixels_keep_their_range(tmp_path):
    table = [[*map(str, row), str(n % 2)] for n, row in enumerate(pixels(8, top=16))]
    bundle = load_signals(write(tmp_path / "x.csv", joined(table)))
    assert (bundle.train.x.shape, bundle.pixel_range) == ((6, 8, 8, 1), (0, 16))
    header = [*(f"pixel{n}" for n in range(64)), "label"]
    table = [[*(f"{v / 16:g}" for v in row), str(n % 2)] for n, row in enumerate(pixels(8, top=16))]
    bundle = load_signals(write(tmp_path / "y.csv", joined(table, header)))
    assert (bundle.train.x.dtype, bundle.pixel_range) == (np.float32, (0, 1))


def test_a_person_can_ask_for_images(tmp_path):
    path = write(tmp_path / "x.csv", rows())
    assert load_signals(path, SourceOptions(kind="image")).train.x.shape == (4, 2, 2, 1)
    table = joined(many(4, 5))
    with pytest.raises(DataError, match="rows of 5 numbers are no square image"):
        load_signals(write(tmp_path / "y.csv", table), SourceOptions(kind="image"))


@pytest.mark.parametrize(
    ("text", "options", "error", "words"),
    [
        ("", {}, FileFormatError, "x.csv is empty"),
        ("# nothing\n\n", {}, FileFormatError, "x.csv is empty"),
        ("a,b\nc,d\ne,f\n", {}, FileFormatError, "no columns of numbers: read with commas"),
        ("1.5,2.5\n2.5,3.5\n3,4\n", {}, DataError, "has no column that is plainly the label"),
        ("2,1.5,3\n3,2.5,2\n2,3.5,3\n3,4.5,2\n", {}, DataError, "could have its labels first or last"),
        ("a,c,1\nb,d,2\na,d,3\nb,c,4\n", {}, DataError, "could be the label: column 1, column 2"),
        (rows(), {"label": "species"}, ArgumentError, "'species', but the table has no header"),
        ("kind,1,2,3,4\n" + rows(), {"label": "kinf"}, ArgumentError, "Did you mean 'kind'"),
        (rows(), {"label": "9"}, ArgumentError, "column 9, counted from 0, but the last of the 5 is 4"),
        (rows(), {"group": "folder"}, ArgumentError, "grouped by 'column:NAME'"),
        (rows(), {"group": "(.*)_"}, ArgumentError, "grouped by 'column:NAME'"),
        ("label,1,2,3\n0.5,1,2,4\n0.25,3,1,7\n0.5,3,1,7\n", {}, LabelError, "classes by whole numbers"),
        ("label,1,2\nA,1,2,3\nB,1,2,4\n", {}, ArgumentError, None),
        ('A,1,2\nB,"3,4\n' + "x" * 140_000, {}, FileFormatError, "cannot be read as a table"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(tmp_path, text, options, error, words):
    path = write(tmp_path / "x.csv", text)
    if words is None:
        # One header cell too few is that of the rows' names.
        assert load_signals(path).train.x.shape == (2, 2, 1)
        return
    with pytest.raises(error, match=words):
        load_signals(path, SourceOptions(**options))


def test_bytes_are_no_table(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\x00\x01\x02\xff\x00\x00\x07abc" * 10)
    with pytest.raises(FileFormatError, match="not a text file: it holds zero bytes"):
        load_signals(tmp_path / "x.csv")
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(rows().encode())[:-10])
    with pytest.raises(FileFormatError, match=r"x\.csv\.gz is damaged"):
        load_signals(tmp_path / "x.csv.gz")
    (tmp_path / "y.csv").write_bytes(rows().encode("utf-16")[:-1])
    with pytest.raises(FileFormatError, match=r"cannot be read as utf-16.* Save it as UTF-8"):
        load_signals(tmp_path / "y.csv")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileAccessError, match=r"no file or folder .*x\.csv, and no x.csv_TRAIN beside it"):
        load_signals(tmp_path / "x.csv")
    with pytest.raises(DataError, match=r"holds no tables \(\.ts, .*\)\. Name the folder or the file that"):
        load_signals(tmp_path)
    for name in ("a", "b"):
        write(tmp_path / f"{name}.csv", rows())
    with pytest.raises(DataError, match=r"called train, but a\.csv, b\.csv"):
        load_signals(tmp_path)
    for name in ("a_train", "b_train"):
        write(tmp_path / f"{name}.csv", rows())
    with pytest.raises(DataError, match=r"holds several sets \(a_\.\.\., b_\.\.\.\)"):
        load_signals(tmp_path)


def test_parts_with_other_columns_are_refused(tmp_path):
    write(tmp_path / "train.csv", rows())
    write(tmp_path / "test.csv", joined(many(4, 7)))
    with pytest.raises(DataError, match=r"test\.csv has 7 columns of numbers for an example, train\.csv 4"):
        load_signals(tmp_path)


def test_parts_with_columns_in_another_order_are_refused(tmp_path):
    write(tmp_path / "train.csv", joined(many(6), ["label", "a", "b", "c", "d"]))
    write(tmp_path / "test.csv", joined(many(6), ["label", "a", "c", "b", "d"]))
    with pytest.raises(DataError, match=r"test\.csv has 'c' where train\.csv has 'b'"):
        load_signals(tmp_path)


def test_a_single_table_in_a_folder_is_taken(tmp_path):
    write(tmp_path / "mine.csv", rows())
    assert load_signals(tmp_path).name == "mine"


def test_progress_is_told_on_the_way(tmp_path):
    told = []
    load_signals(write(tmp_path / "x.csv", joined(many(4100))), progress=lambda *what: told.append(what))
    assert told == [("reading x.csv", 2000, 0), ("reading x.csv", 4000, 0)]


def test_a_table_without_anything_to_train_on_is_refused(tmp_path):
    table = [[*row, "test"] for row in many(6)]
    path = write(tmp_path / "x.csv", joined(table, ["label", "400", "410", "420", "430", "split"]))
    with pytest.raises(DataError, match="x has no examples to train on"):
        load_signals(path)


def test_a_file_that_cannot_be_opened_is_said(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*: Is a directory"), open_text(tmp_path):
        pass


@pytest.mark.parametrize(
    "header", ["label,400,410,420", "material;a;b;c", "400,410,420,class", "height,weight,age"]
)
def test_a_header_alone_holds_no_rows(tmp_path, header):
    with pytest.raises(FileFormatError, match=r"x\.csv holds only a header, no rows\."):
        load_signals(write(tmp_path / "x.csv", header + "\n"))


@pytest.mark.parametrize("text", ["1,2,3.5,4\n", "400,410,420,430\n"])
def test_a_single_row_of_numbers_is_an_example(tmp_path, text):
    found = load_signals(write(tmp_path / "x.csv", text), SourceOptions(label="none"))
    assert found.train.x.shape == (1, 4, 1)


def test_headers_that_are_numbers_are_not_listed_one_by_one(tmp_path):
    header = ",".join(["species", "age", *map(str, range(400, 440))])
    text = header + "\n" + "".join(f"oak,{n},{','.join(map(str, range(n, n + 40)))}\n" for n in range(4))
    with pytest.raises(UnknownNameError) as refused:
        load_signals(write(tmp_path / "x.csv", text), SourceOptions(label="nope"))
    assert str(refused.value).endswith("called 'nope'. Known: age, species, 40 numbers from 400 to 439.")


def test_labels_of_several_words_are_said_to_be_combined(tmp_path):
    path = write(tmp_path / "x.csv", rows(labels=["oak", "elm", "oak;elm", "oak"] * 2, values=VALUES * 2))
    assert "1 class name lists several classes, such as 'oak;elm'" in load_signals(path).origin


def test_rows_that_cannot_be_used_are_called_rows(tmp_path):
    path = write(tmp_path / "x.csv", rows() + "oak,1,,3,4\n")
    with pytest.raises(DataError, match="1 of 5 rows cannot be used, more than 5%"):
        load_signals(path)
