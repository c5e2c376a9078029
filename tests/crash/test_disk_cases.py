"""A disk that fills up while a run is trained: words, nothing lost, and it goes on once there is room."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from striate.cli.main import main
from striate.models.saving import load
from striate.workbench import fitting
from tests.crash.clear_messages import check_nothing_lost, lying_in, told
from tests.workbench.toy import write_toy

WORDS = [
    "train",
    "toy.npz",
    "--model",
    "networks.py:stack",
    "--epochs",
    "5",
    "--batch-size",
    "8",
    "--no-report",
]


@pytest.fixture
def small_disk(monkeypatch):
    """A disk of 4 MB of its own as the current folder; the test is skipped where none can be mounted."""
    folder = Path(tempfile.mkdtemp())
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "striate-test", str(folder)]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode != 0:
        folder.rmdir()
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode(errors='replace').strip()[-200:]}")
    try:
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("STRIATE_CACHE", str(folder / "cache"))
            yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)
        folder.rmdir()


def fill() -> None:
    descriptor = os.open("filling", os.O_CREAT | os.O_WRONLY)
    with contextlib.suppress(OSError):
        while os.write(descriptor, bytes(4096)):
            pass
    os.close(descriptor)


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_disk_that_fills_up_ends_the_run_with_words_and_it_goes_on_with_room(
    epoch, small_disk, monkeypatch, capsys
):
    write_toy(small_disk)
    note, before = fitting._note, {}

    def note_and_fill(record, history):
        note(record, history)
        if len(history.epoch) == epoch:
            before.update(lying_in(small_disk / "runs" / "toy" / "checkpoints"))
            fill()

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "_note", note_and_fill)
        code, said = told(WORDS, capsys)
    assert code == 1
    assert "No space left on device (needs " in said
    assert "Nothing was changed. Make room, or choose another place." in said
    Path("filling").unlink()
    check_nothing_lost(small_disk / "runs" / "toy" / "checkpoints", before)
    assert not list(small_disk.rglob("*.part"))
    load("runs/toy/model.striate")
    assert main(["train", "--resume", "toy", "--no-report"]) == 0
    record = json.loads(Path("runs/toy/run.json").read_text(encoding="utf-8"))
    assert (record["status"], record["epochs"]["done"]) == ("finished", 5)
