"""The watch over the children sees what it is there to see."""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import time

import numpy as np
import pytest

from striate.core.errors import FileFormatError
from tests.crash import harness
from tests.crash.harness import in_child, in_children


def refuse():
    raise FileFormatError("no")


def refuse_for_memory():
    try:
        bytearray(4 << 30)
    except MemoryError as error:
        raise FileFormatError("no sense") from error


def descend(depth=0):
    return descend(depth + 1)


def refuse_for_depth():
    try:
        descend()
    except RecursionError as error:
        raise FileFormatError("no sense") from error


def import_what_is_none():
    with contextlib.suppress(ImportError):
        importlib.import_module("this_module_is_none")


@pytest.mark.parametrize(
    ("work", "kind"),
    [
        (lambda: 1, "opened"),
        (refuse, "refused"),
        (refuse_for_memory, "asked for too much memory"),
        (refuse_for_depth, "went too deep"),
        (lambda: 1 / 0, "traceback"),
        (lambda: np.ones(700 << 20, np.uint8), "traceback"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "died"),
        (lambda: os._exit(3), "died"),
    ],
)
def test_every_end_has_its_name(work, kind):
    assert in_child(work).kind == kind


@pytest.mark.parametrize(
    "work",
    [
        lambda: os.system("true"),
        lambda: subprocess.run(["true"], check=False),
        lambda: pickle.loads(b"cos\nsystem\n."),
        import_what_is_none,
        lambda: eval("1 + 1"),
        lambda: os.open("mark", os.O_WRONLY | os.O_CREAT),
    ],
    ids=["system", "run", "pickle", "import", "eval", "write"],
)
def test_every_door_is_watched(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = in_child(work)
    assert outcome.kind == "acted", outcome


def test_one_that_never_ends_is_ended_and_the_rest_goes_on(monkeypatch):
    monkeypatch.setattr(harness, "SECONDS", 0.5)
    works = [lambda: 1, lambda: time.sleep(60), refuse, lambda: os._exit(1), lambda: 1]
    assert [one.kind for one in in_children(works, in_one=3)] == [
        "opened", "hung", "refused", "died", "opened",
    ]  # fmt: skip
