"""Compiling the native kernels, for each level of the processor.

The build of the package loads this file by itself, so it imports nothing but Python's own library.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).parent / "source"

# The levels, best first, with what the compiler is told.
AVX512 = (
    *("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq"),
    *("-mavx2", "-mfma", "-mprefer-vector-width=512"),
)
LEVELS: dict[str, tuple[str, ...]] = {
    "avx512_bf16": (*AVX512, "-mavx512bf16"),
    "avx512": AVX512,
    "avx2": ("-mavx2", "-mfma"),
}
# Sums keep the order that the source gives them: no -ffast-math. errno is nobody's interest here.
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-fno-math-errno", "-fvisibility=hidden", "-pthread")
PATIENCE = 600  # seconds for one file


class CompilerError(OSError):
    """A compiler that was found, and could not compile the kernels."""


def is_supported() -> bool:
    """Whether the kernels are for this kind of machine: x86-64, and not under Windows."""
    return sys.platform != "win32" and platform.machine().lower() in ("x86_64", "amd64")


def find_compiler() -> str | None:
    """Find a C++ compiler: `CXX`, else g++, c++ or clang++; None where there is none."""
    wanted = os.environ.get("CXX")
    names = [wanted] if wanted else ["g++", "c++", "clang++"]
    return next((found for name in names if (found := shutil.which(name))), None)


def _why_none() -> str:
    wanted = os.environ.get("CXX")
    return f"CXX={wanted} is no program" if wanted else "there is no g++, c++ or clang++; CXX names another"


def fingerprint() -> str:
    """Name this version of the kernels by what is compiled and how."""
    digest = hashlib.sha256(repr((FLAGS, sorted(LEVELS.items()))).encode())
    for path in sorted([*SOURCE.glob("*.cpp"), *SOURCE.glob("*.h")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def library_name(level: str) -> str:
    """The file's name of a level's library."""
    return f"libstriate-{level}-{fingerprint()}.so"


def compile_library(level: str, folder: Path, extra: tuple[str, ...] = ()) -> Path:
    """Compile the kernels for a level into a folder; what is there under the same name is replaced at once.

    Raises:
        CompilerError: a compiler that fails or takes too long.
        OSError: no compiler, or a folder that cannot be written.
    """
    compiler = find_compiler()
    if compiler is None:
        raise OSError(f"no C++ compiler was found: {_why_none()}")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".compiling-") as scratch:
        files = sorted(SOURCE.glob("*.cpp"))
        flags = [*FLAGS, *LEVELS[level], *extra]
        objects = [str(Path(scratch, f"{path.stem}.o")) for path in files]
        commands = [
            [compiler, *flags, "-c", str(path), "-o", target]
            for path, target in zip(files, objects, strict=True)
        ]
        with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
            list(workers.map(_run, commands))
        made = Path(scratch, "made.so")
        _run([compiler, *flags, "-shared", *objects, "-o", str(made)])
        target = folder / library_name(level)
        made.replace(target)
    return target


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CompilerError(f"{command[0]} took more than {PATIENCE} seconds") from error
    if done.returncode:
        raise CompilerError(f"{' '.join(command[:1])} failed: {done.stderr.strip()[-500:]}")


def main() -> None:
    """Compile all levels into the package's own folder, for who works on a checkout."""
    built = Path(__file__).parent / "built"
    for level in LEVELS:
        try:
            sys.stdout.write(f"{compile_library(level, built)}\n")
        except OSError as error:
            sys.stderr.write(f"without kernels for {level}: {error}\n")
    current = {library_name(level) for level in LEVELS}
    for path in built.glob("*.so"):
        if path.name not in current:
            path.unlink()


if __name__ == "__main__":
    main()
