"""What the machine offers and what was chosen of it: device, precision, memory, seed.

Every choice comes as a `Choice`: the value and the reason in words, which the command line
prints. Nothing here is decided at import.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from striate.core.errors import ArgumentError
from striate.core.shapes import check_choice

if sys.platform != "win32":
    import resource

PRECISIONS = ("auto", "float32", "bfloat16")
# How PyTorch, oneDNN and CUDA's libraries say it where they have no class for it.
_MEMORY_WORDS = (
    "can't allocate memory",
    "could not create a memory object",
    "out of memory",
    "ALLOC_FAILED",
)


@dataclass(frozen=True)
class Choice:
    """A decision that Striate took, with the reason in words."""

    value: Any
    reason: str


def choose_device(request: str | torch.device | None = None) -> Choice:
    """Choose where to compute: what was asked for, else a GPU where there is one, else the CPU.

    Raises:
        ArgumentError: a device that this machine does not have.
    """
    if request is not None and str(request) != "auto":
        return Choice(_existing_device(str(request)), "asked for")
    if torch.cuda.is_available():
        return Choice(torch.device("cuda"), f"found {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Choice(torch.device("mps"), "found an Apple GPU")
    threads = torch.get_num_threads()
    return Choice(torch.device("cpu"), f"no GPU found; {threads} thread{'s' if threads > 1 else ''}")


def _existing_device(name: str) -> torch.device:
    wanted = {"gpu": "cuda"}.get(name, name)
    kind = wanted.partition(":")[0]
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "meta": True,
    }
    if not present.get(kind, False):
        have = ", ".join(repr(key) for key, there in present.items() if there and key != "meta")
        raise ArgumentError(f"device {name!r} is not on this machine; there is {have} (or 'auto').")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ArgumentError(f"device {name!r} is not a device's name; write 'cpu' or 'cuda:0'.") from error
    if kind == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ArgumentError(
            f"device {name!r} is not here: this machine has {torch.cuda.device_count()} GPUs."
        )
    return device


def has_bfloat16_hardware(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices faster than fp32 ones."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16") or abilities.get("bf16"))


def choose_precision(request: str | None, device: torch.device) -> Choice:
    """Choose the precision of `fit`, `evaluate` and `predict` of a compiled model.

    'float32' and 'bfloat16' are taken as asked. 'auto' takes bf16 where the hardware is made
    for it: products in bf16, while weights, optimiser, statistics and the loss stay in fp32.

    Raises:
        ArgumentError: a precision that is not known.
    """
    wanted = check_choice(request or "auto", PRECISIONS, "precision")
    if wanted != "auto":
        return Choice(wanted, "asked for")
    if has_bfloat16_hardware(device):
        return Choice(
            "bfloat16", f"this {device.type.upper()} has bf16 instructions; weights stay in float32"
        )
    return Choice("float32", f"this {device.type.upper()} has no bf16 instructions")


def available_memory(device: torch.device) -> int | None:
    """How many bytes can still be taken on the device; None where the system does not say."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + held)
    if device.type != "cpu":
        return None
    found = (_system_memory(), _container_memory(), _process_memory())
    bounds = [bound for bound in found if bound is not None]
    return min(bounds) if bounds else None


def _system_memory() -> int | None:
    info = Path("/proc/meminfo")
    if not info.exists():
        return None
    for line in info.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _container_memory() -> int | None:
    # Inside a container the system's figure is the host's; the control group's limit is ours.
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if not (limit.exists() and used.exists()):
        return None
    bound = limit.read_text().strip()
    return None if bound == "max" else max(int(bound) - int(used.read_text()), 0)


def _process_memory() -> int | None:
    # What `ulimit -v` leaves to this process, as it is set on shared machines.
    sizes = Path("/proc/self/statm")
    if sys.platform == "win32" or not sizes.exists():
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    taken = int(sizes.read_text().split()[0]) * resource.getpagesize()
    return max(limit - taken + _free_in_heap(), 0)


class _HeapUse(ctypes.Structure):
    # struct mallinfo2 of glibc's malloc.h: ten counts, of which fordblks is the free bytes.
    _fields_: ClassVar[list[tuple[str, Any]]] = [(f"count{number}", ctypes.c_size_t) for number in range(10)]


def _free_in_heap() -> int:
    """How many bytes were freed, but stay with the process for its next step."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return 0
    ask = library.mallinfo2
    ask.restype = _HeapUse
    return int(ask().count8)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _MEMORY_WORDS)


def set_random_seed(seed: int) -> None:
    """Fix every source of chance: Python's, NumPy's and PyTorch's generators.

    One seed fixes a run on one machine and thread count.

    Raises:
        ArgumentError: a seed that is not a whole number from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**32:
        raise ArgumentError(f"seed must be a whole number from 0 to {2**32 - 1}; got {seed!r}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    torch.manual_seed(int(seed))


def fresh_numpy_generator() -> np.random.Generator:
    """Make a NumPy generator that is itself drawn from torch's seeded stream."""
    return np.random.default_rng(int(torch.randint(2**62, ()).item()))


def cpu_count() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
