"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.speed.environments import ROOT


def free_memory() -> int | None:
    """How many bytes can still be taken; None where the system does not say."""
    return _meminfo("MemAvailable")


def _meminfo(name: str) -> int | None:
    info = Path("/proc/meminfo")
    lines = info.read_text().splitlines() if info.exists() else []
    found = next((line.split()[1] for line in lines if line.startswith(f"{name}:")), None)
    return None if found is None else int(found) * 1024


def _processor() -> tuple[str, list[str]]:
    info = Path("/proc/cpuinfo")
    fields = {}
    for line in info.read_text().splitlines() if info.exists() else []:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    abilities = fields.get("flags", "").split()
    shown = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in abilities]
    return fields.get("model name", platform.machine()), shown


def describe() -> dict[str, Any]:
    """Name processor, cores, memory and system, and how busy it is now."""
    name, abilities = _processor()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = _meminfo("MemTotal")
    settings = ("OMP_NUM_THREADS", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME", "LD_PRELOAD")
    settings += ("STRIATE_THREADS", "STRIATE_NATIVE", "STRIATE_ALLOCATOR")
    return {
        "processor": name,
        "abilities": abilities,
        "cores": usable,
        "memory_gigabytes": None if memory is None else round(memory / 2**30),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load": list(os.getloadavg()),
        "variables": {key: os.environ[key] for key in settings if key in os.environ},
    }


def commit() -> str:
    """The checkout's commit, with a plus where files were changed; empty outside a checkout."""
    head = _git("rev-parse", "--short", "HEAD")
    return head + ("+" if head and _git("status", "--porcelain", "src") else "")


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
