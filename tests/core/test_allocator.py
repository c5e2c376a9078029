import os
import subprocess
import sys

import pytest

from striate.core import allocator

PROGRAM = """
import resource
import torch
from striate.core.allocator import keep_memory_warm
print(keep_memory_warm().value)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.zeros(12_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def _run(environment):
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    done, faults = answer.stdout.split()
    return done == "True", int(faults)


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are glibc's")
def test_freed_memory_is_used_again_without_page_faults():
    cold, many = _run({**os.environ, "STRIATE_ALLOCATOR": "system"})
    warm, few = _run({**os.environ, "STRIATE_ALLOCATOR": "warm"})
    assert (cold, warm) == (False, True)
    assert few < many / 10


def test_the_allocator_is_left_alone_when_asked(monkeypatch):
    monkeypatch.setattr(allocator, "_decision", [])
    monkeypatch.setenv("STRIATE_ALLOCATOR", "system")
    choice = allocator.keep_memory_warm()
    assert not choice.value
    assert "STRIATE_ALLOCATOR=system" in choice.reason


def test_without_glibc_nothing_is_set(monkeypatch):
    monkeypatch.setattr(allocator, "_decision", [])
    monkeypatch.setattr(allocator, "_mallopt", lambda: None)
    assert "has no glibc" in allocator.keep_memory_warm().reason


def test_refused_settings_are_said(monkeypatch):
    monkeypatch.setattr(allocator, "_decision", [])
    monkeypatch.setattr(allocator, "_mallopt", lambda: lambda name, value: 0)
    assert "refused" in allocator.keep_memory_warm().reason


def test_the_choice_is_made_once(monkeypatch):
    monkeypatch.setattr(allocator, "_decision", [])
    monkeypatch.setenv("STRIATE_ALLOCATOR", "system")
    first = allocator.keep_memory_warm()
    monkeypatch.setenv("STRIATE_ALLOCATOR", "warm")
    assert allocator.keep_memory_warm() is first
