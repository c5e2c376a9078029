"""What Striate makes of this machine: each choice, the reason for it, and how to choose otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass

from striate.core.allocator import keep_memory_warm
from striate.core.runtime import available_memory, choose_device, choose_precision
from striate.core.shapes import format_bytes
from striate.core.threads import settle_threads
from striate.ops.native.library import explain_native


@dataclass(frozen=True)
class Setting:
    """One choice: its name, what was chosen, why, and the switch that changes it."""

    name: str
    value: str
    reason: str
    switch: str


def describe_runtime(device: str | None = None, precision: str | None = None) -> list[Setting]:
    """Make the choices that a training would make here, and say them.

    Raises:
        ArgumentError: a device that is not here, or a precision that is not known.
    """
    threads, memory = settle_threads(), keep_memory_warm()
    where = choose_device(device)
    how = choose_precision(precision, where.value)
    free = available_memory(where.value)
    waiting = os.environ.get("GOMP_SPINCOUNT") or os.environ.get("OMP_WAIT_POLICY")
    return [
        Setting("device", str(where.value), where.reason, "--device"),
        Setting("precision", how.value, how.reason, "--precision"),
        Setting("threads", str(threads.value), threads.reason, "STRIATE_THREADS"),
        Setting(
            "waiting",
            waiting or "PyTorch's own",
            "how long a thread that waits for another keeps its processor busy",
            "GOMP_SPINCOUNT, OMP_WAIT_POLICY",
        ),
        Setting("kernels", _kernels(), explain_native().reason, "STRIATE_NATIVE"),
        Setting("allocator", "warm" if memory.value else "system", memory.reason, "STRIATE_ALLOCATOR"),
        Setting(
            "memory",
            "unknown" if free is None else format_bytes(free),
            "free now; a batch that does not fit is cut into parts",
            "--batch-size",
        ),
    ]


def _kernels() -> str:
    library = explain_native().value
    return "PyTorch's" if library is None else f"native, {library.level}"


def format_runtime(settings: list[Setting]) -> str:
    """Lay the choices out as lines."""
    widths = [max(len(setting.name) for setting in settings), max(len(setting.value) for setting in settings)]
    return "\n".join(
        f"{setting.name:<{widths[0]}}  {setting.value:<{widths[1]}}  {setting.reason} ({setting.switch})"
        for setting in settings
    )
