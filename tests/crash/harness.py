"""What the tests of crashes share: files to damage, children to damage them in, and what strace can do.

Each file is opened in a child forked from this warm process: whatever happens in it, the test goes on.
The child may take 512 MB more than it was born with and ten seconds, and an audit hook notes every
door that code from a file could go through. `STRIATE_LONG=1` asks for the long forms.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from striate.core.errors import StriateError

LONG = os.environ.get("STRIATE_LONG", "") not in ("", "0")
MEMORY = 512 << 20
SECONDS = 10

# What a file could use to act; reading libraries' own files and looking at the file itself is no act.
_ACTS = re.compile(
    r"exec|compile|import|marshal\..*|pickle\..*|os\.(system|exec|posix_spawn|spawn|fork|forkpty|remove|rename"
    r"|rmdir|mkdir|chmod|chown|link|symlink|truncate|putenv|unsetenv|kill|startfile)|subprocess\..*|socket\..*"
    r"|ctypes\.(dlopen|dlsym|call_function)|shutil\..*|urllib\..*|http\..*|ftplib\..*|smtplib\..*|webbrowser\..*"
    r"|code\..*|cpython\.run_.*|sys\.(settrace|setprofile)"
)
_OWN_MODULES = ("striate.", "torch.", "numpy.", "safetensors.", "encodings.")


def count(short: int, long: int) -> int:
    """How many cases to try: the short form, or the long one under STRIATE_LONG=1."""
    return long if LONG else short


@dataclass
class Outcome:
    """What became of one file: opened, refused in words, or something that must not be."""

    kind: str
    words: str = ""
    error: str = ""
    grown: int = 0

    @property
    def good(self) -> bool:
        """Whether the file was opened or refused in words."""
        return self.kind in ("opened", "refused")


def in_child(work: Callable[[], Any]) -> Outcome:
    """Do something in a forked child with limits and a watch on it."""
    return in_children([work])[0]


def in_children(works: Sequence[Callable[[], Any]], in_one: int = 1) -> list[Outcome]:
    """Do many things, `in_one` of them in each child, one after the other; ten seconds are for each."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(works):
        outcomes += _some_in_child(works[len(outcomes) : len(outcomes) + in_one])
    return outcomes


def _some_in_child(works: Sequence[Callable[[], Any]]) -> list[Outcome]:
    """Do things until all are done or the child is lost, which is the outcome of the last then."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run_and_report(works, writing)
    os.close(writing)
    try:
        told, hung = _listen(reading, child, len(works))
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    outcomes = [Outcome(**json.loads(line)) for line in told]
    if hung:
        outcomes.append(Outcome("hung", f"no answer after {SECONDS} seconds"))
    elif len(outcomes) < len(works):
        outcomes.append(Outcome("died", f"wait status {status}"))
    return outcomes


def _listen(reading: int, child: int, lines: int) -> tuple[list[str], bool]:
    """Collect the lines that a child writes until it ends, which it is made to when one takes too long."""
    told, seen = b"", 0
    until = time.monotonic() + SECONDS
    while seen < lines:
        ready, _, _ = select.select([reading], [], [], max(until - time.monotonic(), 0))
        if not ready:
            os.kill(child, signal.SIGKILL)
            return told.decode().splitlines()[:seen], True
        piece = os.read(reading, 1 << 16)
        if not piece:
            break
        told += piece
        if told.count(b"\n") > seen:
            seen, until = told.count(b"\n"), time.monotonic() + SECONDS
    return told.decode().splitlines()[:seen], False


def _run_and_report(works: Sequence[Callable[[], Any]], writing: int) -> None:
    """The whole life of a child; it never comes back to pytest."""
    try:
        # What the parent freed but kept would count as its size, and hide what the child takes.
        getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
        acts = _watch()
        before = _memory("VmRSS")
        limit = _memory("VmSize") + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for work in works:
            acts.clear()
            Path("/proc/self/clear_refs").write_text("5")
            outcome = _outcome(work)
            outcome.grown = _memory("VmHWM") - before
            if acts and outcome.kind != "traceback":
                outcome = Outcome("acted", "; ".join(acts[:5]), outcome.error)
            elif outcome.grown > MEMORY:
                outcome.kind = "grew"
            os.write(writing, json.dumps(vars(outcome)).encode() + b"\n")
    finally:
        os._exit(0)


def _outcome(work: Callable[[], Any]) -> Outcome:
    try:
        work()
    except StriateError as error:
        link: BaseException | None = error
        while link is not None:
            if isinstance(link, MemoryError) or "not enough memory" in str(link):
                return Outcome("asked for too much memory", str(error)[:2000], type(error).__name__)
            if isinstance(link, RecursionError):
                return Outcome("went too deep", str(error)[:2000], type(error).__name__)
            link = link.__cause__
        return Outcome("refused", str(error)[:4000], type(error).__name__)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must not be
        return Outcome("traceback", traceback.format_exc()[-2000:], type(error).__name__)
    return Outcome("opened")


def _memory(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def _watch() -> list[str]:
    acts: list[str] = []

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and _writes(arguments):
            acts.append(f"open {arguments[0]!r} to write")
        elif _ACTS.fullmatch(event) and not _is_own(event, arguments):
            acts.append(f"{event} {str(arguments)[:200]}")

    class Finder:
        """Sees imports by name, which raise no event of their own."""

        def find_spec(self, name: str, *_: Any) -> None:
            if not f"{name}.".startswith(_OWN_MODULES):
                acts.append(f"import {name}")

    sys.addaudithook(note)
    sys.meta_path.insert(0, Finder())
    return acts


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    own = str(arguments[0]).startswith("/proc/self/")
    return not own and bool((mode and set("wax+") & set(mode)) or (flags or 0) & (os.O_WRONLY | os.O_RDWR))


def _is_own(event: str, arguments: tuple[Any, ...]) -> bool:
    """A late part of the libraries themselves, which no file chose."""
    if event == "import":
        return f"{arguments[0]}.".startswith(_OWN_MODULES)
    if event == "exec":
        return any(f"/{name[:-1]}/" in arguments[0].co_filename for name in _OWN_MODULES)
    return event == "marshal.loads" or (event == "compile" and arguments[0] is None)


@cache
def strace() -> str:
    """The path of strace where it may watch and disturb another process; a test is skipped where not."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    tried = subprocess.run([found, "-e", "trace=write", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"strace is not permitted here: {tried.stderr.decode(errors='replace')[-200:]}")
    return found


def under_strace(work: Callable[[], Any], *options: str) -> tuple[int, str]:
    """Do something in a forked child that strace watches from where the work begins.

    Gives the child's wait status and what it said: nothing where it was killed, "done", or the
    words of its error.
    """
    program = strace()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _wait_and_work(work, writing)
    os.close(writing)
    os.waitpid(child, os.WUNTRACED)
    tracer = subprocess.Popen([program, "-qq", *options, "-p", str(child)], stderr=subprocess.PIPE)
    if not _is_traced(child, tracer):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        _, words = tracer.communicate()
        pytest.skip(f"strace may not attach here: {words.decode(errors='replace')[-200:]}")
    os.kill(child, signal.SIGCONT)
    told, _ = _listen(reading, child, 1)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    tracer.communicate()
    return status, json.loads(told[0]) if told else ""


def disturbed(work: Callable[[], Any], call: str, what: str, when: int) -> tuple[int, str]:
    """Let system call number `when` of a kind go wrong in some work: "error=EIO", "signal=SIGKILL"."""
    rule = f"inject={call}:{what}:when={when}"
    return under_strace(work, "-o", os.devnull, "-e", f"trace={call}", "-e", rule)


def counted(work: Callable[[], Any], calls: tuple[str, ...], log: Path) -> dict[str, int]:
    """Count the system calls of each kind that some work makes, by doing it once."""
    under_strace(work, "-o", str(log), "-e", f"trace={','.join(calls)}")
    text = log.read_text()
    log.unlink()
    return {call: len(re.findall(rf"^{call}\(", text, re.MULTILINE)) for call in calls}


def _wait_and_work(work: Callable[[], Any], writing: int) -> None:
    try:
        # A kernel that lets only parents trace is told that anybody may.
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        told = "done"
        try:
            work()
        except StriateError as error:
            told = f"{type(error).__name__}: {error}"
        # By another system call than write, which may be under a rule.
        os.writev(writing, [json.dumps(told).encode(), b"\n"])
    except BaseException:  # noqa: BLE001 - a child never comes back to pytest
        os.writev(writing, [json.dumps("traceback " + traceback.format_exc()).encode(), b"\n"])
    finally:
        os._exit(0)


def _is_traced(child: int, tracer: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and tracer.poll() is None:
        found = re.search(r"TracerPid:\s+(\d+)", Path(f"/proc/{child}/status").read_text())
        if found and int(found[1]):
            return True
        time.sleep(0.002)
    return False
