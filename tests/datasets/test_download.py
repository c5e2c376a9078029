"""Downloads are checked, tried at several addresses, and kept."""

from __future__ import annotations

import hashlib

import pytest

from striate.core.errors import FileAccessError
from striate.datasets.download import RemoteFile, download

CONTENT = b"the right bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_the_right_file_is_fetched_once_and_kept(web, tmp_path):
    (web.folder / "set.gz").write_bytes(CONTENT)
    file = RemoteFile("set.gz", SHA256, (f"{web.address}/set.gz",))
    path = download(file, tmp_path / "cache")
    assert path == tmp_path / "cache" / "set.gz"
    assert path.read_bytes() == CONTENT
    assert download(file, tmp_path / "cache") == path
    assert web.asked == ["/set.gz"]


def test_a_dead_address_is_passed_over(web, tmp_path):
    (web.folder / "set.gz").write_bytes(CONTENT)
    addresses = ("http://127.0.0.1:9/set.gz", f"{web.address}/absent", f"{web.address}/set.gz")
    assert download(RemoteFile("set.gz", SHA256, addresses), tmp_path).read_bytes() == CONTENT


def test_an_address_with_wrong_bytes_is_passed_over(web, tmp_path):
    (web.folder / "set.gz").write_bytes(CONTENT)
    (web.folder / "wrong.gz").write_bytes(b"other bytes")
    addresses = (f"{web.address}/wrong.gz", f"{web.address}/set.gz")
    assert download(RemoteFile("set.gz", SHA256, addresses), tmp_path).read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_fetched_again(web, tmp_path):
    (web.folder / "set.gz").write_bytes(CONTENT)
    (tmp_path / "set.gz").write_bytes(b"damaged")
    file = RemoteFile("set.gz", SHA256, (f"{web.address}/set.gz",))
    assert download(file, tmp_path).read_bytes() == CONTENT


def test_without_the_right_file_each_answer_is_told_and_what_to_do(web, tmp_path):
    (web.folder / "wrong.gz").write_bytes(b"other bytes")
    addresses = (f"{web.address}/wrong.gz", f"{web.address}/absent", "http://127.0.0.1:9/dead")
    words = (
        r"set\.gz could not be downloaded\. Tried: http.*wrong\.gz: its checksum is wrong; "
        r"http.*absent: 404.*; http://127\.0\.0\.1:9/dead: .*\. Without a network, "
        r"get the file elsewhere and put it into .*cache, or name the folder that holds it "
        r"\(data_dir, --data-dir\)"
    )
    with pytest.raises(FileAccessError, match=words):
        download(RemoteFile("set.gz", SHA256, addresses), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
