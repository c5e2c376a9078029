"""Names of files are printed whatever they are made of."""

from __future__ import annotations

import io

import pytest

from striate.core.names import accept_all_names, harmless, printable

NAME = "caf\udce9 \u0301é 😀.png"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "caf\\xe9 \u0301é 😀.png"),
        ("latin-1", "caf\\xe9 \\u0301é \\U0001f600.png"),
        ("ascii", "caf\\xe9 \\u0301\\xe9 \\U0001f600.png"),
    ],
)
def test_what_an_encoding_has_no_sign_for_becomes_a_code(encoding, written):
    assert printable(NAME, encoding) == written
    written.encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", b"caf\xe9 \xcc\x81\xc3\xa9 \xf0\x9f\x98\x80.png"),
        ("latin-1", b"caf\xe9 \\u0301\xe9 \\U0001f600.png"),
        ("ascii", b"caf\xe9 \xcc\x81\xc3\xa9 \xf0\x9f\x98\x80.png"),
    ],
)
def test_a_program_writes_the_bytes_of_a_name_as_they_are(encoding, written):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    accept_all_names(out)
    out.write(NAME)
    out.flush()
    assert out.buffer.getvalue() == written


def test_half_characters_that_are_no_bytes_become_codes_as_well():
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    accept_all_names(out)
    out.write("a\ud800b")
    out.flush()
    assert out.buffer.getvalue() == b"a\\ud800b"
    assert printable("a\ud800b") == "a\\ud800b"


def test_a_stream_that_cannot_be_set_stays_as_it_is():
    accept_all_names(io.StringIO())


def test_bytes_that_cannot_be_read_stay_a_mistake():
    stream = io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8")
    accept_all_names(stream)
    with pytest.raises(UnicodeDecodeError, match="invalid start byte"):
        stream.read()


def test_signs_that_steer_a_terminal_become_codes():
    assert harmless("a\x1b[2J\x07\x9b\r\n\té😀") == "a\\x1b[2J\\x07\\x9b\\x0d\\x0a\\x09é😀"
    assert harmless("one\ntwo\x1b", keep="\n") == "one\ntwo\\x1b"
