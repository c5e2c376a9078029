"""The elements of a MATLAB file, read from bytes put together by hand; lengths that lie end in words."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from striate.core.errors import FileAccessError
from striate.datasets.tables.mat_elements import HEADER, DamagedError, read_variables
from striate.datasets.tables.matlab import read_mat


def element(kind, data, order="<"):
    return struct.pack(f"{order}II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def short(kind, data, order="<"):
    return struct.pack(f"{order}I", len(data) << 16 | kind) + data.ljust(4, b"\0")


def matrix(kind, axes, *parts, name=b"X", order="<"):
    head = element(6, struct.pack(f"{order}II", kind, 0), order)
    head += element(5, struct.pack(f"{order}{len(axes)}i", *axes), order)
    return element(14, head + element(1, name, order) + b"".join(parts), order)


def file(*elements, order="<"):
    mark = b"IM" if order == "<" else b"MI"
    return b"MATLAB 5.0".ljust(HEADER - 2) + mark + b"".join(elements)


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_lie_with_the_first_axis_fastest(order):
    numbers = element(9, struct.pack(f"{order}6d", *range(6)), order)
    [(name, value)] = read_variables(file(matrix(6, (2, 3), numbers, order=order), order=order))
    assert (name, value.dtype, value.tolist()) == ("X", np.float64, [[0, 2, 4], [1, 3, 5]])


def test_doubles_may_be_stored_in_bytes_and_in_the_tag_itself():
    [(_, value)] = read_variables(file(matrix(6, (1, 3), short(2, bytes([7, 8, 9])))))
    assert (value.dtype, value.tolist()) == (np.float64, [[7, 8, 9]])


def test_packed_variables_follow_each_other():
    packed = [
        zlib.compress(matrix(9, (1, 2), short(2, bytes([n, n + 1])), name=bytes([65 + n]))) for n in range(3)
    ]
    content = file(*(struct.pack("<II", 15, len(data)) + data for data in packed))
    assert {name: value.tolist() for name, value in read_variables(content)} == {
        "A": [[0, 1]],
        "B": [[1, 2]],
        "C": [[2, 3]],
    }


@pytest.mark.parametrize(("kind", "encoding"), [(4, "utf-16-le"), (16, "utf-8"), (18, "utf-32-le")])
def test_letters_make_a_text_a_row(kind, encoding):
    [(_, value)] = read_variables(file(matrix(4, (2, 3), element(kind, "oealkm".encode(encoding)))))
    assert value.tolist() == ["oak", "elm"]


def test_cells_of_text_and_what_else_there_is():
    texts = [matrix(4, (1, 3), short(16, text), name=b"") for text in (b"oak", b"elm")]
    content = file(
        matrix(1, (2, 1), *texts, name=b"words"),
        matrix(1, (2, 1), texts[0], matrix(6, (1, 1), element(9, bytes(8)), name=b""), name=b"mixed"),
        matrix(1, (1, 1), element(14, b""), name=b"empty"),
        matrix(1, (0, 0), name=b"none"),
        matrix(2, (1, 1), name=b"struct"),
        matrix(6 | 0x800, (1, 1), element(9, bytes(8)), name=b"complex"),
        matrix(4, (1, 1, 1), short(16, b"a"), name=b"deep"),
        matrix(4, (1, 1), element(9, bytes(8)), name=b"odd"),
        element(5, bytes(4)),
    )
    assert {name: value.tolist() for name, value in read_variables(content)} == {"words": ["oak", "elm"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * 300, "does not begin as one"),
        (file(b"abc"), "cut off within a tag"),
        (file(struct.pack("<I", 9 << 16 | 2) + bytes(4)), "a short element is too long"),
        (file(struct.pack("<II", 14, 4_000_000_000)), "it is cut off"),
        (file(element(15, b"no zlib at all")), "incorrect header"),
        (file(element(15, zlib.compress(bytes(100))[:-8])), "a packed variable is cut off"),
        (file(element(15, zlib.compress(b""))), "a packed variable holds something else"),
        (file(matrix(6, (-1, 3), element(9, bytes(8)))), "impossible axes"),
        (file(matrix(6, (99_999, 99_999), element(9, bytes(8)))), "more or fewer numbers than its axes say"),
        (file(matrix(6, (1, 1), element(14, bytes(8)))), "more or fewer numbers"),
        (file(matrix(4, (1, 9), short(16, b"abc"))), "more or fewer letters"),
        (file(matrix(1, (3, 1))), "more or fewer cells"),
    ],
)
def test_what_is_damaged_is_refused(content, words):
    with pytest.raises(DamagedError, match=words):
        list(read_variables(content))


def test_a_file_that_cannot_be_opened_is_said(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*: Is a directory"):
        read_mat(tmp_path)
