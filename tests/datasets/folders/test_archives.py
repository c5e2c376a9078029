"""Zips and tars, sound, damaged and hostile, read in place."""

import io
import pickle
import struct
import tarfile
import zipfile

import pytest

from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets.folders import places
from striate.datasets.folders.archives import is_archive_name, list_archive, refusing_damage
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.packed_tar import UnpackedTar
from tests.datasets.folders.test_folder import NO_CACHE
from tests.datasets.layouts import CONTAINERS, files_of, picture, write_tar, write_zip

FILES = files_of("cat/1.png", "dog/1.png") | {"notes.txt": b"hello"}


@pytest.mark.parametrize("container", [name for name in CONTAINERS if name != "folder"])
def test_members_are_read_in_any_order_and_in_other_processes(container, tmp_path):
    folder = list_archive(CONTAINERS[container](FILES, tmp_path))
    members = {place.name: place for place in [*folder.all_images(), *folder.all_others()]}
    for name in ("notes.txt", "cat/1.png", "dog/1.png", "cat/1.png"):
        place = pickle.loads(pickle.dumps(members[name]))
        assert place.read() == FILES[name]
        assert place.path is None
    assert len({place.stamp() for place in members.values()}) == 3
    assert len({place.order for place in members.values()}) == 3


def test_names_that_lead_outside_and_the_other_slash(tmp_path):
    files = {"../../etc/1.png": b"1", "/root/2.png": b"2", "a\\b\\3.png": b"3", "./c//4.png": b"4"}
    folder = list_archive(write_zip(files, tmp_path / "x.zip"))
    assert [image.name for image in folder.all_images()] == [
        "a/b/3.png",
        "c/4.png",
        "etc/1.png",
        "root/2.png",
    ]


def test_of_two_members_of_one_name_the_later_counts(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for content in (b"old", b"newer"):
            info = tarfile.TarInfo("a.png")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    (image,) = list_archive(path).all_images()
    assert image.read() == b"newer"


def test_links_in_a_tar(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("a.png")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
        for name, kind, target in (
            ("hard.png", tarfile.LNKTYPE, "a.png"),
            ("soft.png", tarfile.SYMTYPE, "/etc"),
        ):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
    images = list_archive(path).all_images()
    assert [(image.name, image.read()) for image in images] == [("a.png", b"abc"), ("hard.png", b"abc")]


def test_a_locked_member_is_a_bad_file(tmp_path):
    files = files_of(*(f"{c}/{n:02d}.png" for c in ("cat", "dog") for n in range(15)))
    path = write_zip(files, tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    # The flag stands in the archive's directory, in the entry of the first member.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    bundle = load_images(path, NO_CACHE)
    assert [(bad.name, bad.reason) for bad in bundle.bad_files] == [
        ("cat/00.png", "is locked with a password in the archive")
    ]


def test_a_compression_that_is_not_read(tmp_path):
    path = write_zip({"a.png": b"abc"}, tmp_path / "x.zip", zipfile.ZIP_LZMA)
    (image,) = list_archive(path).all_images()
    with pytest.raises(FileFormatError, match=r"compressed in a way that is not read \(number 14\)"):
        image.read()


def test_members_that_say_they_are_huge_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "MOST_BYTES", 1000)
    for write, name in ((write_zip, "x.zip"), (write_tar, "x.tar")):
        (image,) = list_archive(write({"a.png": bytes(1001)}, tmp_path / name)).all_images()
        with pytest.raises(
            FileFormatError, match="says that it takes 1,001 bytes; no more than 1,000 are read"
        ):
            image.read()


def test_a_member_that_unpacks_to_more_than_it_says_is_cut_short(tmp_path):
    path = write_zip({"a.png": bytes(10_000_000)}, tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 100)
    path.write_bytes(content)
    (image,) = list_archive(path).all_images()
    assert image.size == 100
    with pytest.raises(FileFormatError, match="is damaged in the archive: its checksum is wrong"):
        image.read()


@pytest.mark.parametrize("flipped", [0, 45])
def test_a_damaged_member_of_a_zip(flipped, tmp_path):
    path = write_zip({"a.png": picture("a")}, tmp_path / "x.zip")
    (image,) = list_archive(path).all_images()
    content = bytearray(path.read_bytes())
    content[flipped] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="is damaged in the archive"):
        image.read()


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
def test_an_archive_that_is_gone_by_the_time_it_is_read(name, tmp_path):
    path = (write_zip if name == "x.zip" else write_tar)({"a.png": b"abc"}, tmp_path / name)
    (image,) = list_archive(path).all_images()
    path.unlink()
    with pytest.raises(FileAccessError, match="the archive cannot be read: No such file"):
        image.read()


def test_a_tar_that_has_become_shorter(tmp_path):
    path = write_tar({"a.png": bytes(5000)}, tmp_path / "x.tar")
    (image,) = list_archive(path).all_images()
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(FileFormatError, match="is cut off: the archive ends before it does"):
        image.read()


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_damage_in_a_packed_tar_is_noted_once(packing, tmp_path):
    path = write_tar(files_of("a.png", "b.png"), tmp_path / f"x.tar.{packing}")
    images = list_archive(path).all_images()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    for image in (*images, images[1]):
        with pytest.raises(FileFormatError, match="is damaged in the archive"):
            image.read()


@pytest.mark.parametrize("container", [name for name in CONTAINERS if name != "folder"])
def test_an_archive_that_is_cut_off_is_refused_by_its_name(container, tmp_path):
    path = CONTAINERS[container](FILES, tmp_path)
    whole = path.read_bytes()
    # A tar is filled up with zeros, which nobody misses.
    half = len(whole.rstrip(b"\0")) // 2
    for damaged in (whole[:half], b"", b"no archive at all, but long enough to be one" * 20):
        path.write_bytes(damaged)
        with pytest.raises(FileFormatError, match=path.name):
            list_archive(path)


def test_a_damaged_header_in_the_midst_of_a_tar_is_no_end(tmp_path):
    path = write_tar(files_of("a.png", "b.png", "c.png"), tmp_path / "x.tar")
    content = bytearray(path.read_bytes())
    content[content.index(b"b.png")] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"x.tar is damaged, .*there is no sound header at byte 1,024"):
        list_archive(path)


def test_a_wrong_checksum_at_the_end_of_what_gzip_packed(tmp_path):
    path = write_tar(FILES, tmp_path / "x.tar.gz")
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"x.tar.gz is damaged: .*Get it again"):
        list_archive(path)


def test_a_zip_that_says_it_is_of_a_later_kind(tmp_path):
    path = write_zip({"a.png": b"abc"}, tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 200
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"the zip .*x\.zip is damaged: zip file version 20\.0"):
        list_archive(path)


def test_what_goes_wrong_between_is_not_called_damage(tmp_path):
    with pytest.raises(FileFormatError, match=r"^as it is$"), refusing_damage(tmp_path):
        raise FileFormatError("as it is")


def test_an_archive_that_is_not_there(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*x.zip: No such file"):
        list_archive(tmp_path / "x.zip")


def test_a_packed_tar_is_read_forwards_with_a_window_behind(tmp_path):
    content = bytes(range(256)) * 40
    path = write_tar({"a": content}, tmp_path / "x.tar.gz")
    tar = UnpackedTar(str(path), "gz", window=512, step=100)
    start = 512
    for offset in (0, 5000, 4600, 9000, 10, 10_000):
        assert tar.read(start + offset, 200) == content[offset : offset + 200]
        assert sum(map(len, tar._chunks)) <= 512 + 200 + 2 * 100
    assert tar.read(10**6, 10) == b""


def test_names_of_archives():
    assert all(map(is_archive_name, ["a.zip", "a.TAR", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2"]))
    assert not is_archive_name("a.png.gz")
