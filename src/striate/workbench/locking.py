"""One process at a time trains a run: the file `lock` in its folder says which.

The lock is a file that is there or not, which works on every system and file system; it names the
process, the machine and when the process began, so that one left by a process that died is known as such.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from striate.artifacts.json_file import json_bytes, parse_json
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError

LOCK = "lock"
# A lock is written in one go; one that stays empty this long is that of a process that died over it.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Holder:
    """A process: its number, its machine, when it began, as that machine counts it, and what it holds."""

    pid: int
    host: str
    began: str
    folder: str = field(default="", compare=False)

    def is_alive(self) -> bool | None:
        """Whether it still runs; None where that cannot be seen from here."""
        if self.host != socket.gethostname():
            return None
        began = process_began(self.pid)
        # Another process may have got its number since.
        return began is not None and began == self.began


def process_began(pid: int) -> str | None:
    """Say when a process of this machine began, in a text that no later process has; None if it is gone."""
    if sys.platform == "win32":
        return _began_on_windows(pid)
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").is_file():
        try:
            content = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # Behind the name in brackets, which may hold anything: the state, and the start in clock ticks.
        fields = content.rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id")
        return None if fields[0] in "ZX" else f"{fields[19]} of {boot.read_text().strip()}"
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def _began_on_windows(pid: int) -> str | None:
    if sys.platform != "win32":
        return None
    times = [ctypes.c_ulonglong() for _ in range(4)]
    handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
    if not handle:
        return None
    ctypes.windll.kernel32.GetProcessTimes(handle, *map(ctypes.byref, times))
    ctypes.windll.kernel32.CloseHandle(handle)
    # The second is when it ended.
    return None if times[1].value else str(times[0].value)


def this_process() -> Holder:
    """The process that asks."""
    return Holder(os.getpid(), socket.gethostname(), process_began(os.getpid()) or "unknown")


def holder_of(folder: Path) -> Holder | None:
    """Read who holds a run's lock; None where there is no lock, or one that was never finished."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            content = (folder / LOCK).read_bytes()
        except OSError:
            return None
        try:
            return _holder(content)
        except (FileFormatError, KeyError, TypeError, ValueError):
            if time.monotonic() >= until:
                return None
            time.sleep(0.02)


def _holder(content: bytes) -> Holder:
    found: Any = parse_json(content, LOCK)
    return Holder(int(found["pid"]), str(found["host"]), str(found["began"]), str(found.get("folder", "")))


def _place(folder: Path) -> str:
    """Where a folder is, as a text that every file can hold."""
    return os.fsencode(folder.resolve()).decode("utf-8", "backslashreplace")


def is_trained_now(folder: Path) -> bool:
    """Whether a process trains the run at this moment, as far as can be seen from here."""
    holder = holder_of(folder)
    return holder is not None and holder.is_alive() is not False


@contextlib.contextmanager
def locked(folder: Path, say: Callable[[str], Any]) -> Iterator[None]:
    """Hold a run's lock for a while; one left by a process that died is taken over, and that is said.

    Raises:
        ArgumentError: another process holds it.
        FileAccessError: the folder cannot be written.
    """
    mine = json_bytes(asdict(replace(this_process(), folder=_place(folder))))
    while not _take(folder / LOCK, mine):
        holder = holder_of(folder)
        if holder is not None and holder.is_alive() is not False:
            raise _busy(folder, holder)
        if _put_aside(folder, holder):
            who = "a process" if holder is None else f"process {holder.pid}"
            say(f"the lock of {who} that no longer runs is taken over")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if (folder / LOCK).read_bytes() == mine:
                (folder / LOCK).unlink()


def _take(path: Path, content: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error
    return True


def _cannot_write(path: Path, error: OSError) -> FileAccessError:
    return FileAccessError(
        f"cannot write {path}: {error.strerror or error}. A run is trained in its own folder, which must be "
        "writable and have room; or copy it to a place that is and has."
    )


def _put_aside(folder: Path, dead: Holder | None) -> bool:
    """Remove the lock of a dead process, unless another has taken it over at the same moment."""
    aside = folder / f".{LOCK}-{secrets.token_hex(4)}"
    try:
        # Of several processes only one can rename it.
        (folder / LOCK).rename(aside)
    except OSError:
        return False
    try:
        found = _holder(aside.read_bytes())
    except (FileFormatError, KeyError, TypeError, ValueError):
        found = None
    theirs = found is not None and found != dead
    if theirs:
        aside.replace(folder / LOCK)
    else:
        aside.unlink(missing_ok=True)
    return not theirs


def _busy(folder: Path, holder: Holder) -> ArgumentError:
    there = holder.host == socket.gethostname()
    where = "" if there else f" on the machine {holder.host!r}"
    advice = (
        "Wait until it has ended, or stop it first."
        if there
        else f"Whether it still runs cannot be seen from here; if it does not, remove {folder / LOCK}."
    )
    if holder.folder and holder.folder != _place(folder):
        advice += f" If this is a copy of {holder.folder}, it holds that run's lock: remove {folder / LOCK}."
    name = folder.resolve().name
    return ArgumentError(
        f"the run {name!r} is being trained already, by process {holder.pid}{where}. {advice}"
    )
