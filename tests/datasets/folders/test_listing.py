"""Folders as they are on real disks: system files, links in circles, names of every kind."""

import os
import sys
import unicodedata

import pytest

from striate.core.errors import FileAccessError
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.listing import Folder, is_hidden, list_folder
from striate.datasets.folders.places import FilePlace
from tests.datasets.folders.test_folder import NO_CACHE
from tests.datasets.layouts import colour, files_of, picture, write_folder

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links take rights there")
BYTES = pytest.mark.skipif(sys.platform != "linux", reason="names are text there")


def names(folder):
    return [image.name for image in folder.all_images()]


@LINKS
def test_circles_of_links_end_and_linked_folders_are_listed(tmp_path):
    outside = write_folder(files_of("1.png", "2.png"), tmp_path / "outside")
    place = write_folder(files_of("cat/1.png"), tmp_path / "pets")
    (place / "dog").symlink_to(outside)
    (place / "cat" / "up").symlink_to(place)
    (place / "cat" / "self").symlink_to(place / "cat")
    (outside / "round").symlink_to(outside)
    (outside / "above").symlink_to(tmp_path)
    (place / "again").symlink_to(outside)
    assert names(list_folder(place)) == ["again/1.png", "again/2.png", "cat/1.png"]
    (place / "again").unlink()
    assert names(list_folder(place)) == ["cat/1.png", "dog/1.png", "dog/2.png"]


@LINKS
def test_a_link_that_leads_nowhere_or_to_itself_is_a_bad_file(tmp_path):
    place = write_folder(
        files_of(*(f"{c}/{n:02d}.png" for c in ("cat", "dog") for n in range(30))), tmp_path / "x"
    )
    (place / "cat" / "lost.png").symlink_to(place / "nothing.png")
    (place / "cat" / "loop.png").symlink_to(place / "cat" / "loop.png")
    bundle = load_images(place, NO_CACHE)
    assert [bad.name for bad in bundle.bad_files] == ["cat/loop.png", "cat/lost.png"]
    assert "cannot be read: No such file" in bundle.bad_files[1].reason
    assert len(bundle.train) == 60


@LINKS
def test_what_would_be_waited_for_is_no_file(tmp_path):
    place = write_folder(files_of("cat/1.png"), tmp_path / "pets")
    os.mkfifo(place / "cat" / "pipe.png")
    (place / "cat" / "link.png").symlink_to(place / "cat" / "pipe.png")
    assert names(list_folder(place)) == ["cat/1.png"]


@BYTES
def test_names_of_every_kind_load_with_names_that_can_be_printed(tmp_path):
    composed, parted = (unicodedata.normalize(form, "Käse") for form in ("NFC", "NFD"))
    plain = [
        f"{composed}/é 1.png",
        f"{parted}/2.png",
        "🐕/日本 (1).png",
        "🐕/a;b,'c\".png",
        "🐕/new\nline.png",
    ]
    place = write_folder(files_of(*plain), tmp_path / "pets")
    strange = os.fsencode(str(place / composed)) + b"/caf\xe9.png"
    with open(strange, "wb") as file:  # noqa: PTH123
        file.write(picture("strange"))
    bundle = load_images(place, NO_CACHE)
    assert bundle.class_names == [composed, "🐕"]
    assert bundle.train.names == sorted([*plain, f"{composed}/caf\\xe9.png"])
    assert "".join(bundle.train.names).encode("utf-8")
    by_name = dict(zip(bundle.train.names, bundle.train.x[:, 0, 0].tolist(), strict=True))
    assert by_name[f"{composed}/caf\\xe9.png"] == list(colour("strange"))
    assert by_name[f"{parted}/2.png"] == list(colour(f"{parted}/2.png"))


def test_hidden_and_system_names():
    hidden = [
        "__MACOSX",
        "._cat.jpg",
        ".DS_Store",
        "Thumbs.db",
        "THUMBS.DB",
        "desktop.ini",
        ".ipynb_checkpoints",
    ]
    assert all(map(is_hidden, hidden))
    assert not any(map(is_hidden, ["cat", "Thumbs.png", "__init__.py", "macosx"]))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot open the folder .*nothing: No such file"):
        list_folder(tmp_path / "nothing")


def test_a_folder_that_cannot_be_opened_is_listed_as_bad(tmp_path, monkeypatch):
    place = write_folder(files_of("cat/1.png", "dog/1.png", "dog/locked/2.png"), tmp_path / "pets")
    scandir = os.scandir

    def refuse(path):
        if "locked" in str(path):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    folder = list_folder(place)
    assert names(folder) == ["cat/1.png", "dog/1.png"]
    assert [(bad.name, bad.reason) for bad in folder.unreadable] == [
        ("dog/locked", "the folder cannot be opened: Permission denied")
    ]


def test_files_are_put_where_their_names_say():
    folder = Folder()
    for name in ("b/2.png", "a/x/1.JPEG", "a/notes.txt", "c.png"):
        folder.add(FilePlace(name, None))
    folder.folder_of(["empty"])
    assert names(folder) == ["a/x/1.JPEG", "b/2.png", "c.png"]
    assert [file.name for file in folder.all_others()] == ["a/notes.txt"]
    assert [inner.name for inner in folder.walk()] == ["", "a", "x", "b", "empty"]
    assert folder.folders["empty"].is_empty()
    assert not folder.folders["a"].is_empty()
