"""Files half written: how they are called, and how those that a killed process left are found and removed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
import sys
from functools import cache
from pathlib import Path

_NAME = re.compile(r"\.striate-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}\.part")


@cache
def _place() -> str:
    """Name where process numbers mean what they mean here: this machine since its start, this container."""
    said = [socket.gethostname()]
    with contextlib.suppress(OSError):
        said.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        said.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def part_name() -> str:
    """Make the name of a file that this process is about to write: hidden, and by whom it is written."""
    return f".striate-{_place()}-{os.getpid()}-{secrets.token_hex(4)}.part"


def sweep_parts(folder: str | os.PathLike[str]) -> list[str]:
    """Remove what processes left here that were killed while they wrote; answer with the names.

    Only files of this very pattern go, and only those of a process of this machine that no longer runs:
    one that writes into the folder at this moment, or from another machine, is left in peace. What
    cannot be listed or removed stays.
    """
    gone: list[str] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            if found is None or found[1] != _place() or _runs(int(found[2])):
                continue
            if not entry.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                Path(entry.path).unlink()
                gone.append(entry.name)
    return gone


def _runs(process: int) -> bool:
    if sys.platform == "win32":
        # A file that is being written cannot be removed there, so there is nothing to ask.
        return process == os.getpid()
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        # Another person's process.
        return True
    return True
