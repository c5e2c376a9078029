"""A training in two processes of which one is killed, or told to end, at some step."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.crash.harness import LONG
from tests.training.launching import command, environment, results

PROGRAM = str(Path(__file__).parents[1] / "training" / "joint_fit.py")
SECONDS = 240


def start(folder, restarts=0, words=None):
    """Start two processes."""
    given = words or [PROGRAM, str(folder / "out"), str(folder)]
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            command(2, *given, restarts=restarts), env=environment(), cwd=folder, stdout=log, stderr=log
        )


def wait_for(found, process):
    """Wait until there is something, and hand it back."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        there = found()
        if there:
            return there
        assert process.poll() is None, "the training ended before its step was seen"
        time.sleep(0.01)
    raise AssertionError("the step was not seen")


def at_step(folder, rank, step, process):
    """Wait for a step; the number of the process that took it."""
    path = folder / f"0-{rank}-{step}"
    return int(wait_for(lambda: path.is_file() and path.read_text(), process))


def outcome(folder, process):
    """Wait for the end; what both processes wrote."""
    code = process.wait(SECONDS)
    assert code == 0, (folder / "log").read_text()[-6000:]
    return [json.loads((folder / f"out.{rank}").read_text()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    found = outcome(folder, start(folder))
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("rank", "step"), [(rank, step) for rank in (0, 1) for step in (26, 3, 7, 14)] if LONG else [(1, 13)]
)
def test_a_killed_worker_is_survived_and_the_result_is_the_same(rank, step, undisturbed, tmp_path):
    process = start(tmp_path, restarts=1)
    os.kill(at_step(tmp_path, rank, step, process), signal.SIGKILL)
    assert outcome(tmp_path, process) == [undisturbed, undisturbed]
    # It went on from the last checkpoint, and did not begin anew.
    again = sorted(int(path.name.split("-")[2]) for path in tmp_path.glob("1-0-*"))
    assert again[0] == step // 5 * 5 + 1


def test_a_signal_to_one_process_ends_both_after_the_same_step_and_training_goes_on(undisturbed, tmp_path):
    process = start(tmp_path)
    os.kill(at_step(tmp_path, 1, 8, process), signal.SIGINT)
    stopped = outcome(tmp_path, process)
    assert [found["interrupted"] for found in stopped] == [True, True]
    assert stopped[0]["weights"] == stopped[1]["weights"]
    taken = [len(list(tmp_path.glob(f"0-{rank}-*"))) for rank in (0, 1)]
    assert taken[0] == taken[1] < 28
    for path in tmp_path.glob("0-*"):
        path.unlink()
    _goes_on_in_one_process(tmp_path, undisturbed)
    assert outcome(tmp_path, start(tmp_path)) == [undisturbed, undisturbed]
    assert sorted(int(path.name.split("-")[2]) for path in tmp_path.glob("0-0-*"))[0] == taken[0] + 1


def _goes_on_in_one_process(folder, undisturbed):
    other = folder / "other"
    other.mkdir()
    shutil.copytree(folder / "checkpoints", other / "checkpoints")
    found = results(1, "joint_fit.py", other / "out", str(other))[0]
    for name, values in undisturbed["history"].items():
        assert found["history"][name] == pytest.approx(values, abs=1e-9)


def test_striate_train_goes_on_with_its_run_after_a_worker_was_killed(tmp_path):
    words = ["-m", "striate", "train", "digits", "epochs=3", "--precision", "float32", "--no-report"]
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = start(tmp_path / "whole", words=words)
    assert whole.wait(SECONDS) == 0, (tmp_path / "whole" / "log").read_text()
    folder = tmp_path / "killed"
    process = start(folder, restarts=1, words=words)
    table = folder / "runs" / "digits" / "results.csv"
    wait_for(lambda: list(folder.glob("runs/digits/checkpoints/*.checkpoint")), process)
    os.kill(worker(process.pid, rank=1), signal.SIGKILL)
    assert process.wait(SECONDS) == 0, (folder / "log").read_text()
    assert [path.name for path in (folder / "runs").iterdir()] == ["digits"]
    assert table.read_text() == (tmp_path / "whole" / "runs" / "digits" / "results.csv").read_text()
    told = (folder / "log").read_text()
    assert told.count("going on after epoch") == 1
    assert told.count("Epoch 3/3") == 1
    assert json.loads((folder / "runs" / "digits" / "run.json").read_text())["status"] == "finished"


def worker(launcher, rank):
    """The number of the process of this rank that a launcher has started."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            variables = (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(parent) == launcher and f"RANK={rank}".encode() in variables:
            return int(place.name)
    raise AssertionError("there is no such process")
