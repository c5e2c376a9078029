"""What the tables of mistakes share: the program's words, what is on the disk, a child that owns nothing."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import torch

from striate.artifacts.checkpoint import read_checkpoint
from striate.cli.main import main
from striate.models.saving import load

NOBODY = 65534


def lying_in(folder: Path) -> dict[str, str]:
    """Every file below a folder with the SHA-256 of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_nothing_lost(folder: Path, before: dict[str, str], but: tuple[str, ...] = ()) -> None:
    """All that was there is there with the same bytes, what was written is whole, and nothing is left over.

    `but` names files that may have changed, such as a run's own record.
    """
    now = lying_in(folder)
    for name, digest in before.items():
        assert Path(name).name in but or now.get(name) == digest, f"{name} was lost or changed"
    for name in now:
        assert not name.endswith(".part"), f"{name} is left over"
        if name.endswith(".striate") and (name not in before or before[name] != now[name]):
            load(folder / name)
        if name.endswith(".checkpoint"):
            read_checkpoint(folder / name)


def told(words: list[str], capsys: Any) -> tuple[int, str]:
    """Run the program in this process; its exit code and what it said to the person as a mistake."""
    capsys.readouterr()
    code = main(words)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.err


def in_child(
    work: Callable[[], Any], *, nobody: bool = False, address_space: int | None = None
) -> tuple[int, str]:
    """Do something in a fork of this warm process; its answer as a number, and what it said or raised.

    `nobody` makes it an ordinary user who owns nothing; `address_space` is how many bytes more than now it
    may take.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(60)
        # OpenMP's threads do not come along into a fork, and its next parallel loop would wait for them.
        torch.set_num_threads(1)
        code, said = 99, StringIO()
        sys.stdout = sys.stderr = said
        try:
            if nobody:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            if address_space is not None:
                taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
                resource.setrlimit(resource.RLIMIT_AS, (taken + address_space,) * 2)
            code = int(work() or 0)
        except BaseException as error:  # noqa: BLE001, the child must not go on into the test
            said.write(f"{type(error).__name__}: {error}")
        finally:
            os.write(writing, said.getvalue().encode("utf-8", "backslashreplace")[:60_000])
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status), f"the child died of signal {os.WTERMSIG(status)}: {text}"
    return os.WEXITSTATUS(status), text
