"""The package's source files and its import graph, read without running it."""

from __future__ import annotations

import ast
import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "striate"


@dataclass(frozen=True)
class SourceFile:
    """One Python file: where it is, its text and its syntax tree."""

    name: str  # relative to the repository, with forward slashes
    text: str
    tree: ast.Module


def read(path: Path) -> SourceFile:
    """Read and parse one file of the repository."""
    text = path.read_text(encoding="utf-8")
    return SourceFile(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


@functools.cache
def package_files() -> tuple[SourceFile, ...]:
    """Read every file of the package, once."""
    return tuple(read(path) for path in sorted(PACKAGE.rglob("*.py")))


@functools.cache
def all_files() -> tuple[SourceFile, ...]:
    """Read every Python file of the repository: the package, tests, benchmarks and examples."""
    folders = ("tests", "benchmarks", "examples")
    beside = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return package_files() + tuple(read(path) for path in beside)


def layers() -> list[list[str]]:
    """Read the rooms from the import contract, top line first."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = config["tool"]["importlinter"]["contracts"][0]
    return [[room.strip(" ()") for room in line.split("|")] for line in contract["layers"]]


def room_of(name: str) -> str:
    """Name the room that a file of the package belongs to; empty for the package's own `__init__`."""
    below = Path(name).relative_to("src/striate")
    return "" if below.name == "__init__.py" and len(below.parts) == 1 else below.parts[0].removesuffix(".py")
