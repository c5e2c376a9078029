"""Tables of text from any program."""

import pytest

from striate.core.errors import FileFormatError, UnknownNameError
from striate.datasets.folders.label_table import Table, read_table
from striate.datasets.folders.places import FilePlace


@pytest.fixture
def read(tmp_path):
    """Read bytes or text as a table of a name."""

    def read(content, name="t.csv"):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(FilePlace(name, tmp_path / name)).rows

    return read


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(read, separator, end):
    lines = [f"a{separator}b", f" 1 {separator} 2", "", f'"x{separator}y"{separator}z']
    assert read(end.join(lines)) == [["a", "b"], ["1", "2"], [f"x{separator}y", "z"]]


def test_encodings(read):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert read("näme,wért\n".encode(encoding)) == [["näme", "wért"]]


def test_white_space_parts_the_cells_of_plain_text_alone(read):
    assert read("a.png 1\nb.png  2\n", "t.txt") == [["a.png", "1"], ["b.png", "2"]]
    assert read("a b\nc d\n") == [["a b"], ["c d"]]


def test_rows_that_are_short_or_end_in_separators(read):
    assert read("a,b,c\n1\n1,2,3,,\n") == [["a", "b", "c"], ["1", "", ""], ["1", "2", "3"]]
    assert read("") == read("\n \n") == []


def test_rows_that_are_too_long(read):
    with pytest.raises(FileFormatError, match=r"t\.csv: row 3 has 3 cells, the first has 2"):
        read("a,b\n1,2\n1,2,3\n")


def test_what_is_no_table(read):
    with pytest.raises(FileFormatError, match=r"t\.csv is no table of text"):
        read(b"a,b\0c\n")
    with pytest.raises(FileFormatError, match=r"t\.csv cannot be read: field larger than field limit"):
        read("a," + "x" * 200_000)


def test_records(read):
    assert read('{"a": 1, "b": null}\n\n{"b": "x", "c": 2.5}\n', "t.jsonl") == [
        ["a", "b", "c"],
        ["1", "", ""],
        ["", "x", "2.5"],
    ]
    with pytest.raises(FileFormatError, match=r"t\.jsonl: line 2 is no JSON: Expecting"):
        read('{"a": 1}\n{"a": \n', "t.jsonl")
    with pytest.raises(FileFormatError, match=r"t\.jsonl: line 1 is no record"):
        read("[1]\n", "t.jsonl")


def test_columns_are_found_by_name_number_or_end():
    table = Table("t.csv", [["1", "2", "3"]], ["File", "2", "first"])
    assert [table.find_column(name) for name in ("file", "2", "first", "last", "0")] == [0, 1, 2, 2, 0]
    assert Table("t.csv", [["1", "2"]]).find_column("first") == 0
    with pytest.raises(UnknownNameError, match=r"no column of t\.csv called 'fil'. Did you mean 'File'"):
        table.find_column("fil")
    with pytest.raises(UnknownNameError, match="'7'"):
        table.find_column("7")
