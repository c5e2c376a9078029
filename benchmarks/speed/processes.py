"""A side's process as the one who calls the turns sees it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.speed.environments import FOLDER, ROOT
from benchmarks.speed.jobs import Job
from benchmarks.speed.sides import Side


class SideFailedError(Exception):
    """A side's process ended before it answered."""


class Worker:
    """A process that waits, blocked, until it is told to take its turn."""

    def __init__(self, side: Side, job: Job, python: str):
        self.side = side
        FOLDER.mkdir(exist_ok=True)
        self.log = FOLDER / f"{job.load.name}-{job.task}-{side.name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [python, "-m", "benchmarks.speed.worker", job.to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=environment(side),
            )
        try:
            self.about: dict[str, str] = self._read()
        except SideFailedError:
            self.close()
            raise

    def turn(self) -> dict[str, Any]:
        """Let it take its turn; returns `seconds`, `shown` and `peak`.

        Raises:
            SideFailedError: the process ended.
        """
        if self.process.stdin is None:
            raise SideFailedError("it has no ear")
        try:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise SideFailedError(self._last_words()) from error
        return self._read()

    def _read(self) -> Any:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            self.process.wait()
            raise SideFailedError(self._last_words())
        return json.loads(line)

    def _last_words(self) -> str:
        said = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return f"{said[-1].strip() if said else 'it ended'} (status {self.process.poll()}, {self.log})"

    def resident(self) -> int:
        """How many bytes of memory it holds; 0 where the system does not say."""
        file = Path(f"/proc/{self.process.pid}/statm")
        return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if file.exists() else 0

    def processor_seconds(self) -> float:
        """How long its threads have computed so far; 0 where the system does not say."""
        file = Path(f"/proc/{self.process.pid}/stat")
        if not file.exists():
            return 0.0
        # The name in brackets may hold spaces; user and system time stand 12th and 13th behind it.
        fields = file.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Let the process end."""
        for end in (self.process.stdin, self.process.stdout):
            if end is not None and not end.closed:
                end.close()
        self.process.wait()


def environment(side: Side) -> dict[str, str]:
    """The variables that a side's process gets: ours, its own, and no GPU."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    return {**os.environ, **quiet, **side.environment}
