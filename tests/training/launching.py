"""Start a program in one process, or in several by torchrun's own module, and read what each wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_LAUNCHER = ["-m", "torch.distributed.run", "--standalone"]
_OF_A_LAUNCH = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


def environment() -> dict[str, str]:
    """The variables for a child process: one thread, this tree's code, no launch around this one."""
    kept = {key: value for key, value in os.environ.items() if key not in _OF_A_LAUNCH}
    return {**kept, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}


def command(processes: int, *words: str, restarts: int = 0) -> list[str]:
    """The words that start a program in so many processes; 1 starts it without the launcher."""
    if processes == 1:
        return [sys.executable, "-W", "error", *words]
    several = ["--nproc-per-node", str(processes), "--max-restarts", str(restarts)]
    return [sys.executable, *_LAUNCHER, *several, *words]


def results(processes: int, program: str, out: Path, *words: str) -> list[Any]:
    """Run a program of this folder to its end; what each process wrote as JSON."""
    place = str(Path(__file__).with_name(program))
    done = subprocess.run(
        command(processes, place, str(out), *words),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return [json.loads(Path(f"{out}.{rank}").read_text()) for rank in range(processes)]
