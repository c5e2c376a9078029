"""The kernels' library in this process: which level the processor has, where it comes from, or why not."""

from __future__ import annotations

import ctypes
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from striate.core.cache import cache_folder
from striate.core.console import remark
from striate.core.errors import ArgumentError
from striate.core.runtime import Choice
from striate.core.threads import thread_count
from striate.ops.native.answers import Answers
from striate.ops.native.compiler import (
    LEVELS,
    CompilerError,
    compile_library,
    find_compiler,
    is_supported,
    library_name,
)
from striate.ops.native.optimizer_step import Step
from striate.ops.native.structures import INTERFACE, Block, Pass

# Libraries that came with the package lie here (hatch_build.py).
BUILT = Path(__file__).parent / "built"
# What crosses the border must be as long on both sides.
_SIZES = {"block": Block, "pass": Pass, "step": Step, "answers": Answers}
_A_DAY = 86_400
# Library or None, with the reason in words; decided once a process.
_decision: list[Choice] = []


@dataclass(frozen=True)
class Library:
    """A loaded library and its level: 'avx512_bf16', 'avx512' or 'avx2'."""

    level: str
    functions: ctypes.CDLL

    @property
    def has_bf16(self) -> bool:
        """Whether products of bf16 factors are native here."""
        return self.level == "avx512_bf16"


def native_library() -> Library | None:
    """The kernels for this machine, loaded or compiled at the first call; None where there are none."""
    found: Library | None = explain_native().value
    if found is not None:
        found.functions.striate_set_threads(thread_count())
    return found


def explain_native() -> Choice:
    """Choose the library, once a process, and say why there is (not) one."""
    if not _decision:
        _decision.append(_choose(os.environ.get("STRIATE_NATIVE", "1")))
    return _decision[0]


def _choose(wanted: str) -> Choice:
    """Choose by `STRIATE_NATIVE`: 0 for none, 1 for the best, or the name of a level.

    Raises:
        ArgumentError: another value.
    """
    if wanted not in ("0", "1", *LEVELS):
        raise ArgumentError(f"STRIATE_NATIVE is 0, 1 or one of {', '.join(LEVELS)}; got {wanted!r}.")
    if wanted == "0":
        return Choice(None, "STRIATE_NATIVE=0")
    if not is_supported():
        here = f"{platform.machine()} under {platform.system()}"
        return Choice(None, f"the kernels are for x86-64 under Linux and macOS, not for {here}")
    possible = supported_levels()
    if wanted in LEVELS and wanted not in possible:
        return Choice(None, f"STRIATE_NATIVE={wanted}, which this processor does not have")
    if not possible:
        return Choice(None, "this processor has neither AVX512 nor AVX2")
    failed: list[OSError] = []
    for level in [wanted] if wanted in LEVELS else possible:
        try:
            narrow = "avx512_bf16" in possible and level != "avx512_bf16"
            note = ", in float32 only: in bfloat16 PyTorch computes the layers" if narrow else ""
            return Choice(load_library(level), f"kernels for {level}{note}")
        except OSError as error:
            failed.append(error)
            # An older compiler may know a lower level's instructions only; else the next one fails as well.
            if not isinstance(error, CompilerError):
                break
    # Without them everything works as well, only slower: no reason to stop anybody.
    return Choice(None, f"the kernels could not be made: {failed[0]}")


def supported_levels() -> list[str]:
    """List the levels that this processor has, best first."""
    have = torch.cpu.get_capabilities()
    wide = all(have.get(name) for name in ("avx512_f", "avx512_bw", "avx512_vl", "avx512_dq"))
    present = {
        "avx512_bf16": wide and have.get("avx512_bf16"),
        "avx512": wide,
        "avx2": have.get("avx2") and have.get("fma3"),
    }
    return [level for level in LEVELS if present[level]]


def find_library(level: str) -> Path | None:
    """Find a library that came with the package, or one compiled earlier."""
    places = (BUILT, cache_folder("kernels"))
    return next((path for place in places if (path := place / library_name(level)).is_file()), None)


def compile_into_cache(level: str) -> Path:
    """Compile the kernels for this machine, which is done once, and say so.

    What the same compiler failed at is not tried again for a day.

    Raises:
        OSError: there is no compiler, or it fails.
    """
    folder, compiler = cache_folder("kernels"), find_compiler()
    if compiler is None:
        return compile_library(level, folder)
    note = folder / f"{library_name(level)}.failed"
    version = f"{compiler} {Path(compiler).stat().st_mtime_ns}"
    if note.is_file() and time.time() - note.stat().st_mtime < _A_DAY:
        before, _, reason = note.read_text("utf-8", "replace").partition("\n")
        if before == version:
            raise CompilerError(f"{reason} (it is tried again tomorrow, or without {note})")
    folder.mkdir(parents=True, exist_ok=True)
    remark("compiling Striate's kernels for this processor, once: about half a minute.")
    try:
        return compile_library(level, folder)
    except CompilerError as error:
        remark("they could not be compiled: PyTorch computes instead (`striate runtime` says why).")
        note.write_text(f"{version}\n{error}", "utf-8")
        raise


def load_library(level: str) -> Library:
    """Load a level's library; compile it where there is none yet.

    Raises:
        OSError: it cannot be compiled or loaded, or is of another version than this file.
    """
    functions = ctypes.CDLL(str(find_library(level) or compile_into_cache(level)))
    for name in _SIZES:
        getattr(functions, f"striate_{name}_bytes").restype = ctypes.c_int64
    functions.striate_step.argtypes = [ctypes.POINTER(Step)]
    functions.striate_step.restype = None
    for name in ("striate_plan", "striate_forward", "striate_backward"):
        getattr(functions, name).argtypes = [ctypes.POINTER(Pass)]
    functions.striate_answer.argtypes = [ctypes.POINTER(Answers)]
    sizes = {name: getattr(functions, f"striate_{name}_bytes")() for name in _SIZES}
    wanted = {name: ctypes.sizeof(structure) for name, structure in _SIZES.items()}
    if functions.striate_interface() != INTERFACE or sizes != wanted:
        raise OSError(f"the library is of another version: {sizes}")
    return Library(level, functions)
