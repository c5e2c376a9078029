"""Odd names and places, case by case: each is read, printed so that it is found again, and written whole."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate
from striate.cli.main import main
from striate.core.names import harmless
from striate.models.saving import load
from striate.workbench.recipe import read_recipe
from striate.workbench.split_file import read_split
from tests.crash.clear_messages import check_nothing_lost, lying_in
from tests.workbench.toy import write_toy

# What a name may be made of, in the bytes that the disk holds.
NAMES = {
    "composed": "é.png".encode(),
    "decomposed": "e\u0301.png".encode(),
    "emoji": "😀.png".encode(),
    "a family of emoji": "👩\u200d👩\u200d👧.png".encode(),
    "from right to left": "صورة.png".encode(),
    "Chinese": "猫的照片.png".encode(),
    "a byte that is no text": b"\xff.png",
    "Latin-1": b"caf\xe9.png",
    "half a character": b"\xf0\x9f.png",
    "a surrogate": b"\xed\xa0\x80.png",
    "text and bytes": "é😀".encode() + b"\xfe.png",
    "a space": b"my cat.png",
    "spaces at its ends": b" cat .png",
    "a dash in front": b"-cat.png",
    "a dot in front": b".cat.png",
    "quotes": b"'c\"at'.png",
    "percent": b"%s%d%%.png",
    "braces": b"{0}{epoch}.png",
    "brackets": b"cat[1].png",
    "a backslash": b"c\\at.png",
    "a comma": b"c,a;t.png",
    "a star": b"c*a?t.png",
    "a dollar": b"$HOME~.png",
    "a line break": b"c\nat.png",
    "a tab": b"c\tat.png",
    "a terminal's command": b"c\x1b[2Jat.png",
    "a mark of order": "\ufeffcat.png".encode(),
    "as long as can be": b"c" * 251 + b".png",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with images of two classes and the run `pets`; copied for each test."""
    folder = tmp_path_factory.mktemp("paths")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("STRIATE_CACHE", str(folder / "cache"))
        write_toy(folder)
        draw(Path("pets"))
        assert main(words_for("pets")) == 0
    return folder


def words_for(data: str) -> list[str]:
    return ["train", data, "--model", "networks.py:stack", "--epochs", "1", "--no-report", "--device", "cpu"]


def draw(folder: Path, classes: tuple[bytes, ...] = (b"cat", b"dog"), name: bytes = b"%d.png") -> None:
    for number in range(24):
        place = folder / os.fsdecode(classes[number % 2])
        place.mkdir(parents=True, exist_ok=True)
        shade = np.random.default_rng(number).integers(0, 255, (8, 8), np.uint8)
        Image.fromarray(shade).save(place / os.fsdecode(name.replace(b"%d", str(number).encode())))


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    shutil.copytree(trained, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "here" / "cache"))
    return tmp_path / "here"


def run(words: list[str], encoding: str = "utf-8") -> tuple[int, bytes, bytes]:
    """Run the program on streams that refuse what they have no sign for, as a terminal's are."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", streams[0])
        patch.setattr("sys.stderr", streams[1])
        code = main(words)
    for stream in streams:
        stream.flush()
    return code, streams[0].buffer.getvalue(), streams[1].buffer.getvalue()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_an_image_of_any_name_is_answered_under_its_own_name(name, here):
    path = "./" + os.fsdecode(name)
    shutil.copyfile("pets/cat/0.png", path)
    before = lying_in(here)
    code, out, err = run(["predict", "pets", path, "./missing" + os.fsdecode(name)[-200:]])
    assert code == 1
    assert out.split(b"  ")[0] == harmless(path).encode("utf-8", "surrogateescape")
    assert out.count(b"\n") == 1
    assert b"there is no image" in err
    assert b"\x1b" not in out + err
    check_nothing_lost(here, before)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("name", ["emoji", "decomposed", "a byte that is no text", "text and bytes"])
def test_a_terminal_of_few_signs_gets_codes_for_the_others(encoding, name, here):
    path = os.fsdecode(NAMES[name])
    shutil.copyfile("pets/cat/0.png", path)
    code, out, _ = run(["predict", "pets", path], encoding)
    assert code == 0
    assert out.count(b"\n") == 1
    assert b"\xff.png" in out or b"\\u0301" in out or b"\\U0001f600" in out


FOLDERS = {
    "composed and decomposed": ("p\u00e9ts", ("é".encode(), "u\u0308".encode()), "e\u0301%d.png".encode()),
    "emoji": ("😀", ("🐱".encode(), "🐶".encode()), "📷%d.png".encode()),
    "bytes that are no text": (os.fsdecode(b"p\xff"), (b"c\xe9", b"d\xfe"), b"\xfd%d.png"),
    "spaces and signs": ("my pets, 100%", (b"the cat's", b"a \"dog\""), b"{0},%d.png"),
    "line breaks": ("pets", (b"c\nat", b"d\nog"), b"x\n%d.png"),
}  # fmt: skip


# The drawing library has no pictures of animals, and says so.
@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize(("folder", "classes", "name"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_of_any_names_is_trained_scored_and_done_again(folder, classes, name, here):
    shutil.rmtree("pets")
    shutil.rmtree("runs")
    draw(Path(folder), classes, name)
    code, _, err = run([*words_for(folder), "--name", "odd"])
    assert (code, err) == (0, b"")
    record = json.loads(Path("runs/odd/run.json").read_text(encoding="utf-8"))
    assert read_recipe("runs/odd/recipe.toml").data == folder
    parts = read_split(Path("runs/odd/splits.csv"), record["data"]["sha256"])
    assert sum(len(places) for places in parts.places.values()) == 24
    Path("runs/odd/splits.csv").read_text(encoding="utf-8")
    names = load("runs/odd/model.striate").class_names
    assert len(set(names)) == 2
    code, out, _ = run(["evaluate", "odd"])
    assert code == 0
    assert b"test accuracy" in out
    images = [str(path) for path in Path(folder).rglob("*.png")][:3]
    code, out, _ = run(["predict", "odd", *images])
    assert (code, out.count(b"\n")) == (0, 3)
    code, _, _ = run(["train", "runs/odd/recipe.toml", "--no-report", "--name", "again"])
    assert code == 0
    assert Path("runs/again/splits.csv").read_bytes() == Path("runs/odd/splits.csv").read_bytes()


@pytest.mark.parametrize(
    "name", ["composed", "decomposed", "emoji", "a byte that is no text", "braces", "a space"]
)
def test_a_model_of_any_name_is_saved_and_used(name, here):
    place = os.fsdecode(NAMES[name]).replace(".png", ".striate")
    model = load("runs/pets/model.striate")
    model.save(place)
    assert sorted(path.name for path in here.glob("*.striate")) == [place]
    code, out, _ = run(["predict", place, "pets/cat/0.png"])
    assert (code, out.count(b"\n")) == (0, 1)
    code, out, _ = run(["summary", place])
    assert code == 0
    assert os.fsencode(place) in out


def test_a_system_without_a_language_answers_under_the_same_names(here):
    """`LC_ALL=C` without Python's help: its names are ASCII, and all else bytes that are no text."""
    names = [NAMES[key] for key in ("composed", "emoji", "Latin-1")]
    for name in names:
        shutil.copyfile("pets/cat/0.png", os.fsdecode(name))
    language = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    language["PYTHONPATH"] = str(Path(striate.__file__).parents[1])
    found = subprocess.run(
        [sys.executable, "-m", "striate", "predict", "pets", *names, b"m\xc3\xb6\xff.png"],
        env={**os.environ, **language},
        capture_output=True,
        check=False,
    )
    assert found.returncode == 1
    assert [line.split(b"  ")[0] for line in found.stdout.splitlines()] == names
    assert b"striate: there is no image m\xc3\xb6\xff.png" in found.stderr
    assert b"Traceback" not in found.stderr


@pytest.mark.parametrize("path", ["a" * 300, "a\0b", "x/" * 3000, "runs", "pets/cat", ".", "/dev/null", ""])
def test_a_place_that_is_no_run_is_said_in_words(path, here):
    before = lying_in(here)
    code, _, err = run(["evaluate", path])
    assert code == 1
    assert err.startswith(b"striate: ")
    assert b"Traceback" not in err
    check_nothing_lost(here, before)
