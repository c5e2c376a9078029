"""Imports point down only, every room has its place, and faces hand names on and do nothing else."""

from __future__ import annotations

import ast

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.architecture.sources import PACKAGE, ROOT, layers, package_files, room_of

# Rooms that people import from although the things live elsewhere.
FACES = ("backend", "preprocessing", "utils")
ROOMS = {room for line in layers() for room in line}

# The package's own `__init__` is one, too.
FACE_FILES = [file for file in package_files() if room_of(file.name) in ("", *FACES)]


def test_the_import_contract_is_kept(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", cache_dir=None)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_faces_are_the_top_line_so_that_nothing_can_import_them():
    assert sorted(layers()[0]) == sorted(FACES)


def test_every_room_that_stands_has_lost_its_brackets():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    built = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    built |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert [room for room in sorted(built) if f"({room})" in text] == []


def is_handing_on(node: ast.stmt) -> bool:
    """Say whether a statement is a docstring, an import, or names made by `attach`."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func) == "attach"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def takes_from_the_package(node: ast.AST) -> bool:
    """Say whether an import asks the package's own `__init__` for something other than a room."""
    if isinstance(node, ast.Import):
        return any(alias.name == "striate" for alias in node.names)
    from_package = isinstance(node, ast.ImportFrom) and node.module == "striate"
    return from_package and any(alias.name not in ROOMS for alias in node.names)


@pytest.mark.parametrize("file", FACE_FILES, ids=lambda file: file.name)
def test_a_face_hands_names_on_and_holds_no_logic(file):
    assert [ast.unparse(node) for node in file.tree.body if not is_handing_on(node)] == []


@pytest.mark.parametrize("file", package_files(), ids=lambda file: file.name)
def test_no_room_takes_names_from_the_front_door(file):
    assert [ast.unparse(node) for node in ast.walk(file.tree) if takes_from_the_package(node)] == []
