"""A training that is killed at random moments goes on, and nothing that comes out is different.

Twenty-five kills in short; two hundred with `STRIATE_LONG=1`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.harness import count

SETUPS = (
    "arrays",
    "folder, augmentation and workers",
    "table of signals",
    "schedule and moving average",
    "within an epoch",
)
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks")
@pytest.mark.parametrize("setup", SETUPS)
def test_a_killed_training_comes_out_as_if_it_had_not_been(setup, tmp_path):
    script = Path(__file__).with_name("resume_harness.py")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "STRIATE_CACHE": str(tmp_path / "cache"),
        # In the children two threads change the examples of a batch, and multiply; a fork finds none running.
        "OMP_NUM_THREADS": "1",
        "STRIATE_THREADS": "2" if "workers" in setup else "1",
    }
    seed = "7"
    words = [sys.executable, str(script), setup, str(count(5, 40)), seed, str(tmp_path / "place")]
    answer = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["kills"] == count(5, 40)
    assert found["compared"] > 0
    assert found["differences"] == []


def test_the_harness_knows_every_setup():
    harness = Path(__file__).with_name("resume_harness.py").read_text(encoding="utf-8")
    assert all(f'"{setup}": ' in harness for setup in SETUPS)
