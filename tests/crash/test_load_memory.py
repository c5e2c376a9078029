"""What opening a file takes: not much more memory than the file is long, and no more for a lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from striate.layers import Dense, Input
from striate.models import Sequential

TIMES = 2.5


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say what was taken")
@pytest.mark.parametrize("trained", [False, True], ids=["weights", "weights and optimizer"])
def test_opening_a_large_file_takes_less_than_two_and_a_half_times_its_size(trained, tmp_path):
    path, small = tmp_path / "net.striate", tmp_path / "small.striate"
    model = Sequential([Input((2048,)), Dense(4096), Dense(2 if trained else 2048)])
    model.compile("adam", "mse", precision="float32")
    if trained:
        model.train_on_batch(np.ones((1, 2048)), np.ones((1, 2)))
    model.save(path)
    del model
    size = path.stat().st_size
    assert size > 60 << 20
    # What any opening takes, such as pages of libraries that were not looked at yet.
    Sequential([Input((4,)), Dense(2)]).save(small)
    # A fresh process: one that has had large models before has room that nobody can tell apart.
    script = (
        "import sys\n"
        "from striate.models.saving import load\n"
        "for path in sys.argv[1:]:\n"
        "    load(path)\n"
        "    print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])\n"
    )
    words = [sys.executable, "-c", script, str(small), str(path)]
    found = subprocess.run(words, capture_output=True, text=True, check=True)
    least, most = (1024 * int(line) for line in found.stdout.split())
    times = (most - least) / size
    assert 0.9 < times < TIMES, f"{times:.2f} times"
