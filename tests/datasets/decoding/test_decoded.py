"""Images are decoded once; the second time no decoder is touched, and nothing half is ever used."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import FileAccessError
from striate.datasets.decoding import decoded
from striate.datasets.decoding.decoded import decode_all
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.images import read_as
from striate.datasets.folders.places import FilePlace
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import BadFile

INPUT = ImageInput(12, 10, 3)
UNCACHED = SourceOptions(cache=False)
BAD = (3, 4, 19)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def places(tmp_path):
    """Twenty images, three of them bad."""
    random, found = np.random.default_rng(0), []
    (tmp_path / "files").mkdir()
    for number in range(20):
        path = tmp_path / "files" / f"{number:02}.png"
        Image.fromarray(random.integers(0, 256, (30, 20, 3), np.uint8)).save(path)
        if number in BAD:
            path.write_bytes(path.read_bytes()[:200])
        found.append(FilePlace(path.name, path))
    return found


def forbid_decoding(monkeypatch):
    def forbidden(*arguments):
        raise AssertionError("decoded again")

    monkeypatch.setattr(decoded, "decode_image", forbidden)


def check(found, places):
    assert found.good.tolist() == [number for number in range(20) if number not in BAD]
    expected = np.stack([read_as(places[number].path, INPUT) for number in found.good])
    np.testing.assert_array_equal(found.x, expected)
    assert found.x.dtype == np.uint8
    assert [(file.name, file.path) for file in found.bad] == [
        (places[number].name, places[number].path) for number in BAD
    ]
    assert all(isinstance(file, BadFile) and "is cut off" in file.reason for file in found.bad)


@pytest.mark.parametrize("options", [None, UNCACHED])
def test_good_images_come_in_order_and_bad_ones_with_their_reasons(places, options):
    found = decode_all(places, INPUT, options)
    check(found, places)
    assert found.note == ""
    assert isinstance(found.x, np.memmap) == (options is None)


def test_the_second_time_nothing_is_decoded(places, monkeypatch):
    first = decode_all(places, INPUT)
    forbid_decoding(monkeypatch)
    again = decode_all(places, INPUT)
    check(again, places)
    assert again.content == first.content
    assert not again.x.flags.writeable


def test_the_content_stands_for_the_pixels_however_they_are_kept(places):
    first = decode_all(places, INPUT)
    assert decode_all(places, INPUT, UNCACHED).content == first.content
    assert decode_all(places[:10], INPUT).content != first.content
    os.utime(places[0].path)
    assert decode_all(places, INPUT).content == first.content


def test_other_files_settings_or_limits_are_decoded_anew(places, monkeypatch):
    decode_all(places, INPUT)
    forbid_decoding(monkeypatch)
    changed = [
        lambda: decode_all(places, ImageInput(12, 10, 3, "pad")),
        lambda: decode_all(places[1:], INPUT),
        lambda: decode_all(places[::-1], INPUT),
        lambda: decode_all(places, INPUT, SourceOptions(most_pixels=600)),
        lambda: os.utime(places[0].path, (1, 1)) or decode_all(places, INPUT),
    ]
    for change in changed:
        with pytest.raises(AssertionError, match="decoded again"):
            change()
    monkeypatch.setattr(decoded, "DECODER_VERSION", 0)
    with pytest.raises(AssertionError, match="decoded again"):
        decode_all(places, INPUT)


def test_places_are_read_in_their_own_order_and_stand_in_the_lists(places):
    seen = []

    class Noted:
        def __init__(self, place, number):
            self.place, self.name, self.path, self.order = place, place.name, place.path, ("", -number)

        def read(self):
            seen.append(self.name)
            return self.place.read()

        def stamp(self):
            return self.place.stamp()

    check(decode_all([Noted(place, number) for number, place in enumerate(places)], INPUT), places)
    assert sorted(seen[:8]) > sorted(seen[-8:])


def test_files_that_are_gone_are_bad_files(places):
    places[0].path.unlink()
    found = decode_all(places, INPUT)
    assert found.bad[0] == BadFile("00.png", "cannot be read: No such file or directory", places[0].path)


@pytest.mark.parametrize("trouble", [PermissionError(13, "Permission denied"), MemoryError()])
def test_what_may_pass_is_tried_again_the_next_time(places, monkeypatch, trouble):
    def refused(*arguments, **named):
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.read_bytes" if trouble.args else "PIL.Image.open", refused)
        assert len(decode_all(places, INPUT).bad) == 20
    check(decode_all(places, INPUT), places)


def test_nothing_at_all_and_nothing_good_give_empty_arrays(places):
    for options in (None, UNCACHED):
        assert decode_all([], INPUT, options).x.shape == (0, 12, 10, 3)
        found = decode_all([places[number] for number in BAD], INPUT, options)
        assert (found.x.shape, len(found.bad)) == ((0, 12, 10, 3), 3)


def test_progress_is_said_from_none_to_all(places):
    said = []
    decode_all(places, INPUT, progress=lambda *line: said.append(line))
    assert said == [("decoding images", 0, 20), ("decoding images", 20, 20)]


def test_what_a_caller_raises_while_it_watches_ends_all(places, cache):
    def stop(what, done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_all(places, INPUT, progress=stop)
    assert not list(cache.rglob("*.*"))


@pytest.mark.parametrize("moment", ["at the first row", "in the middle", "at the end"])
def test_a_full_disk_leaves_the_images_in_memory_and_says_so(places, cache, monkeypatch, moment):
    count = {"at the first row": 1, "in the middle": 9, "at the end": 99}[moment]
    written = []

    def full(*arguments):
        written.append(1)
        if len(written) >= count or moment == "at the end":
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*arguments)

    where = "os.fsync" if moment == "at the end" else "PixelWriter._write"
    target = f"striate.datasets.decoding.decoded_cache.{where}"
    original = decoded.PixelWriter._write
    monkeypatch.setattr(target, full)
    found = decode_all(places, INPUT)
    check(found, places)
    assert "not kept for the next time: they cannot be written: No space left on device" in found.note
    assert not list(cache.rglob("*.*"))


def test_a_disk_that_is_too_small_is_not_begun_upon(places, cache, monkeypatch):
    monkeypatch.setattr(decoded.shutil, "disk_usage", lambda place: decoded.shutil._ntuple_diskusage(9, 9, 0))
    found = decode_all(places, INPUT)
    check(found, places)
    assert "they take 7.03 KB, and 0.00 B are free" in found.note
    assert not cache.exists()


def test_a_cache_that_is_no_folder_is_done_without(places, cache):
    cache.write_bytes(b"")
    found = decode_all(places, INPUT)
    check(found, places)
    assert "not kept for the next time: they cannot be written: Not a directory" in found.note


def test_without_a_cache_large_sets_lie_in_a_file_without_a_name(places, cache, monkeypatch, tmp_path):
    monkeypatch.setattr(decoded, "available_memory", lambda device: 9)
    monkeypatch.setattr(decoded.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    found = decode_all(places, INPUT, UNCACHED)
    check(found, places)
    assert isinstance(found.x, np.memmap)
    assert not cache.exists()
    assert not list((tmp_path / "temporary").iterdir())


def test_no_room_anywhere_says_what_to_do(places, monkeypatch):
    monkeypatch.setattr(decoded, "available_memory", lambda device: 9)
    monkeypatch.setattr(decoded.shutil, "disk_usage", lambda place: decoded.shutil._ntuple_diskusage(9, 9, 0))
    with pytest.raises(FileAccessError, match=r"there is no room for 20 decoded images: they take 7\.03 KB"):
        decode_all(places, INPUT)


SLOW_RUN = """
import sys, time
from pathlib import Path
from striate.datasets.decoding import decoded
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.folders.places import FilePlace

original = decoded.PixelWriter.put
def put(self, row, pixels):
    print("row", flush=True)
    time.sleep({pause})
    original(self, row, pixels)
decoded.PixelWriter.put = put
places = [FilePlace(path.name, path) for path in sorted(Path({folder!r}).iterdir())]
print(decoded.decode_all(places, ImageInput(12, 10, 3)).content)
"""


def start(folder, pause):
    script = SLOW_RUN.format(pause=pause, folder=str(folder))
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def test_a_run_that_is_killed_leaves_nothing_that_counts(places, cache):
    run = start(places[0].path.parent, 60)
    assert run.stdout.readline() == "row\n"
    run.send_signal(signal.SIGKILL)
    run.communicate()
    (part,) = cache.rglob("*.part")
    check(decode_all(places, INPUT), places)
    assert part.exists()
    os.utime(part, (time.time() - 7200,) * 2)
    next(cache.rglob("about.json")).unlink()
    check(decode_all(places, INPUT), places)
    assert not part.exists()


def test_two_runs_at_once_give_the_same_and_leave_one(places, cache):
    runs = [start(places[0].path.parent, 0.01) for _ in range(2)]
    contents = {run.communicate()[0].splitlines()[-1] for run in runs}
    found = decode_all(places, INPUT)
    check(found, places)
    assert contents == {found.content}
    assert len(list(cache.rglob("*.pixels"))) == 1
    assert not list(cache.rglob("*.part"))
