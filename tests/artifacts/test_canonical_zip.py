"""There is one way to write a given content, and nothing else is read."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile

import numpy as np
import pytest

from striate.artifacts import canonical_zip
from striate.artifacts.canonical_zip import read_canonical_zip, write_canonical_zip
from striate.core.errors import ArgumentError, FileFormatError, StriateError

CONTENTS = {"manifest.json": b"{}", "graph.json": b'{"layers":[]}', "weights.safetensors": bytes(range(256))}


@pytest.fixture
def path(tmp_path):
    write_canonical_zip(tmp_path / "file", CONTENTS)
    return tmp_path / "file"


def sealed(body: bytes) -> bytes:
    """Put a right checksum behind bytes, as somebody who knows the format could."""
    return body + hashlib.sha256(body).hexdigest().encode()


def zipped(contents, *, info=None, compression=zipfile.ZIP_STORED, comment=bytes(64)):
    """Write a zip the way Python's zipfile does, with a right checksum."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100644 << 16
            entry.compress_type = compression
            entry.create_system = 3
            for field, value in (info or {}).items():
                setattr(entry, field, value)
            archive.writestr(entry, data)
        archive.comment = comment
    return sealed(buffer.getvalue()[: -len(comment)])


def test_what_is_written_comes_back_in_order(path):
    assert list(read_canonical_zip(path, "model file").items()) == list(CONTENTS.items())


def test_any_zip_program_opens_it(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == CONTENTS
        assert archive.comment.decode() == hashlib.sha256(path.read_bytes()[:-64]).hexdigest()
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_type == zipfile.ZIP_STORED
            assert entry.extra == b""


def test_python_writes_the_same_bytes_for_such_an_archive(path):
    assert path.read_bytes() == zipped(CONTENTS)


def test_every_single_flipped_bit_is_refused(path):
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    flips = generator.choice(len(whole) * 8, size=2000, replace=False)
    for flip in flips:
        changed = bytearray(whole)
        changed[flip // 8] ^= 1 << flip % 8
        path.write_bytes(changed)
        with pytest.raises(FileFormatError, match="is damaged or was changed"):
            read_canonical_zip(path, "model file")


def test_every_flipped_bit_is_refused_also_under_a_right_checksum(path):
    body = path.read_bytes()[:-64]
    for flip in range(len(body) * 8):
        changed = bytearray(body)
        changed[flip // 8] ^= 1 << flip % 8
        path.write_bytes(sealed(bytes(changed)))
        with pytest.raises(FileFormatError, match=r"is not written the one way|its own checksum|claims more"):
            read_canonical_zip(path, "model file")


def test_every_truncation_is_refused(path):
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match="its checksum does not match"):
            read_canonical_zip(path, "model file")


@pytest.mark.parametrize(
    "changed",
    [
        lambda body: body + b"\0",
        lambda body: b"\0" + body,
        lambda body: body[:30] + body[31:],
        lambda body: body + body,
        lambda body: b"",
        lambda body: body[: body.index(b"PK\x01\x02")],
    ],
    ids=["a byte more", "a byte in front", "a byte less", "twice", "nothing", "no directory"],
)
def test_a_right_checksum_does_not_excuse_other_bytes(path, changed):
    path.write_bytes(sealed(changed(path.read_bytes()[:-64])))
    with pytest.raises(
        FileFormatError, match=r"is damaged or was changed .* Take another copy of this model file"
    ):
        read_canonical_zip(path, "model file")


@pytest.mark.parametrize(
    "content",
    [
        zipped(CONTENTS, compression=zipfile.ZIP_DEFLATED),
        zipped(CONTENTS, info={"date_time": (2026, 1, 1, 0, 0, 0)}),
        zipped(CONTENTS, info={"external_attr": 0o100755 << 16}),
        zipped(CONTENTS, info={"create_system": 0}),
        zipped(CONTENTS, info={"extra": b"\x01\x00\x00\x00"}),
        zipped(CONTENTS, info={"comment": b"hello"}),
        zipped({"../escape.json": b""}),
        zipped({"Manifest.json": b""}),
        zipped({f"entry.n{number}": b"" for number in range(65)}),
        zipped(CONTENTS, comment=bytes(65)),
    ],
    ids=["deflated", "time", "mode", "system", "extra", "note", "escape", "upper", "many", "comment"],
)
def test_a_zip_written_in_another_way_is_refused_under_a_right_checksum(path, content):
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="is damaged or was changed"):
        read_canonical_zip(path, "model file")


def test_a_name_twice_is_refused(path):
    write_canonical_zip(path, {"a.json": b"one", "b.json": b"two"})
    path.write_bytes(sealed(path.read_bytes()[:-64].replace(b"b.json", b"a.json")))
    with pytest.raises(FileFormatError, match=r"entry 'a\.json' is not written the one way"):
        read_canonical_zip(path, "model file")


def test_a_size_that_the_file_does_not_hold_is_refused_before_it_is_read(path):
    body = bytearray(path.read_bytes()[:-64])
    body[18:26] = struct.pack("<2L", 2**32 - 1, 2**32 - 1)
    path.write_bytes(sealed(bytes(body)))
    with pytest.raises(FileFormatError, match="an entry claims more than the file holds"):
        read_canonical_zip(path, "model file")


def test_random_bytes_under_a_right_checksum_raise_nothing_else(path):
    generator = np.random.default_rng(1)
    body = path.read_bytes()[:-64]
    for _ in range(500):
        changed = bytearray(body)
        start = generator.integers(len(body))
        changed[start : start + generator.integers(1, 40)] = generator.bytes(generator.integers(0, 40))
        if bytes(changed) == body:
            continue
        path.write_bytes(sealed(bytes(changed)))
        with pytest.raises(StriateError, match="is damaged or was changed"):
            read_canonical_zip(path, "model file")


@pytest.mark.parametrize("name", ["", "no_suffix", "Upper.json", "a/b.json", "../up.json", "ä.json"])
def test_a_name_that_no_reader_takes_is_not_written(tmp_path, name):
    with pytest.raises(ArgumentError, match=r"entries named like 'graph\.json'; got 1, among them"):
        write_canonical_zip(tmp_path / "file", {name: b""})


def test_an_archive_of_nothing_is_not_written(tmp_path):
    with pytest.raises(ArgumentError, match=r"takes 1 to 64 entries .*; got 0\."):
        write_canonical_zip(tmp_path / "file", {})


def test_more_than_the_format_holds_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(canonical_zip, "_MOST_BYTES", 1024)
    with pytest.raises(ArgumentError, match=r"holds at most 1\.00 KB; this one would take 2\.00 KB"):
        write_canonical_zip(tmp_path / "file", {"graph.json": bytes(2048)})


def test_a_file_longer_than_the_format_is_refused_before_it_is_read(path):
    with path.open("r+b") as file:
        file.truncate(2**32)  # with a hole, which takes no room
    with pytest.raises(FileFormatError, match="it is longer than the format allows"):
        read_canonical_zip(path, "model file")
